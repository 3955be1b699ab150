"""Projects and published workflows for the engine to run, found again at a second start."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import tuple_row
from psycopg.types.json import Jsonb

from meshhook_alerts.demo.meshhook.connections import Connections
from meshhook_alerts.demo.meshhook.workflows import SampleWorkflow

_PROJECT = """
with found as (
  select id from projects where owner = %(owner)s and name = %(name)s order by created_at limit 1
), made as (
  insert into projects (owner, name)
  select %(owner)s, %(name)s where not exists (select from found) returning id
)
select id from found union all select id from made
"""
_WORKFLOWS = """
insert into workflow_definitions
  (project_id, slug, version, definition, name, description, status, user_id)
select %(project)s, w.slug, 1, w.definition, w.name, w.description, 'published', %(owner)s
from jsonb_to_recordset(%(workflows)s)
  as w (slug text, name text, description text, definition jsonb)
where not exists (
  select from workflow_definitions d where d.project_id = %(project)s and d.slug = w.slug
)
"""
# The older database knows neither names nor statuses.
_OLD_WORKFLOWS = """
insert into workflow_definitions (project_id, slug, version, definition)
select %(project)s, w.slug, 1, w.definition
from jsonb_to_recordset(%(workflows)s) as w (slug text, definition jsonb)
where not exists (
  select from workflow_definitions d where d.project_id = %(project)s and d.slug = w.slug
)
"""
_HAS_NAMES = """
select exists (
  select from pg_attribute
  where attrelid = 'workflow_definitions'::regclass and attname = 'name' and not attisdropped
)
"""
_IDS = """
select distinct on (slug) slug, id from workflow_definitions
where project_id = %s order by slug, version desc
"""


@dataclass(frozen=True, slots=True)
class SeededProject:
    """A project and its workflows: the id of each one's newest version, by slug."""

    id: UUID
    name: str
    owner: UUID
    workflow_ids: Mapping[str, UUID]


async def seed(
    connect: Connections, project_name: str, owner: UUID, workflows: Sequence[SampleWorkflow]
) -> SeededProject:
    """Find or create the owner's project of that name, and add the workflows it lacks."""
    async with (
        connect() as conn,
        conn.transaction(),
        conn.cursor(row_factory=tuple_row) as cursor,
    ):
        await cursor.execute(_PROJECT, {"owner": owner, "name": project_name})
        project: UUID = (await cursor.fetchall())[0][0]
        await _add_workflows(cursor, project, owner, workflows)
        await cursor.execute(_IDS, (project,))
        return SeededProject(project, project_name, owner, dict(await cursor.fetchall()))


async def _add_workflows(
    cursor: psycopg.AsyncCursor[tuple[Any, ...]],
    project: UUID,
    owner: UUID,
    workflows: Sequence[SampleWorkflow],
) -> None:
    await cursor.execute(_HAS_NAMES)
    (has_names,) = await cursor.fetchone() or (False,)
    rows = Jsonb([_row(workflow) for workflow in workflows])
    values = {"project": project, "owner": owner, "workflows": rows}
    await cursor.execute(_WORKFLOWS if has_names else _OLD_WORKFLOWS, values)


def _row(workflow: SampleWorkflow) -> dict[str, Any]:
    return {
        "slug": workflow.slug,
        "name": workflow.name,
        "description": workflow.description,
        "definition": workflow.definition(),
    }
