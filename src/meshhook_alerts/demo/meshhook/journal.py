"""Every statement MeshHook's intake and workers write, each committed the way they commit it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, LiteralString
from uuid import UUID

from psycopg.rows import tuple_row
from psycopg.types.json import Jsonb

from meshhook_alerts.demo.meshhook.connections import Connections

# Across all projects, highest version first, whatever its status: as the intake looks it up.
_FIND = """
select id, project_id, definition from workflow_definitions
where slug = %s order by version desc limit 1
"""
_RUN = """
insert into workflow_runs (project_id, workflow_id, status) values (%s, %s, 'running') returning id
"""
_EVENT = "insert into workflow_events (run_id, type, payload) values (%s, %s, %s)"
_CLOSE = "update workflow_runs set status = 'succeeded', finished_at = now() where id = %s"
_MARK_FAILED = "update workflow_runs set status = 'failed' where id = %s"


@dataclass(frozen=True, slots=True)
class StoredWorkflow:
    """The version of a workflow that an incoming request meets."""

    id: UUID
    project_id: UUID
    definition: Mapping[str, Any]


class Journal:
    """Writes runs and events. Each method is one commit unless it says otherwise."""

    def __init__(self, connect: Connections) -> None:
        self._connect = connect

    async def find(self, slug: str) -> StoredWorkflow:
        """The workflow behind a slug, or ``LookupError`` where MeshHook answers 404."""
        return StoredWorkflow(*await self._one(_FIND, slug))

    async def create_run(self, workflow: StoredWorkflow) -> UUID:
        """Open a run. Its first event is another commit, so a run may be left without any."""
        (run_id,) = await self._one(_RUN, workflow.project_id, workflow.id)
        return UUID(str(run_id))

    async def event(self, run_id: UUID, event_type: str, payload: Mapping[str, Any]) -> None:
        """Append an event."""
        await self._execute(_EVENT, run_id, event_type, Jsonb(payload))

    async def complete(self, run_id: UUID) -> None:
        """No next node: the event and the status in one transaction."""
        async with self._connect() as conn, conn.transaction():
            await conn.execute(_EVENT, (run_id, "run_completed", Jsonb({})))
            await conn.execute(_CLOSE, (run_id,))

    async def terminate(self, run_id: UUID) -> None:
        """The terminate node: first the event, then the status, in two commits."""
        await self.event(run_id, "run_completed", {"reason": "terminated"})
        await self._execute(_CLOSE, run_id)

    async def mark_failed(self, run_id: UUID) -> None:
        """What only a person does: set the status to failed."""
        await self._execute(_MARK_FAILED, run_id)

    async def _execute(self, query: LiteralString, *values: object) -> None:
        async with self._connect() as conn:
            await conn.execute(query, values)

    async def _one(self, query: LiteralString, *values: object) -> tuple[Any, ...]:
        async with self._connect() as conn, conn.cursor(row_factory=tuple_row) as cursor:
            row = await (await cursor.execute(query, values)).fetchone()
        if row is None:
            raise LookupError(f"nothing is stored for {values}")
        return row
