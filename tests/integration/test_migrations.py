"""Our migrations: whoever runs them, however often, on whatever MeshHook."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import psycopg
import pytest

from meshhook_alerts.adapters.postgres.migrations import migration_files
from tests.conftest import Builder
from tests.databases import connect, execute, objects, rows, statements
from tests.installing import (
    ATTACHED,
    advice,
    meshhook,
    migrated,
    old_meshhook,
    states,
    unqueued_meshhook,
)
from tests.line import open_world

pytestmark = pytest.mark.postgres

Template = Callable[[str, Builder], str]
New = Callable[[str], str]


@pytest.fixture
def url(template_factory: Template, new_database: New) -> str:
    """Today's MeshHook, without anything of ours."""
    return new_database(template_factory("meshhook", meshhook))


async def test_a_fresh_database_gets_tables_queue_and_triggers(url: str) -> None:
    assert await states(url) == ATTACHED
    versions = [version for version, _ in migration_files()]
    assert await rows(url, "select version from meshhook_alerts.migrations order by 1") == versions
    assert ("queue", "meshhook_alerts") in await objects(url)
    world = await open_world(url)
    await world.fail()
    assert await rows(url, "select observed from meshhook_alerts.signals") == ["step_failed"]


async def test_migrating_twice_changes_nothing_and_says_so(url: str) -> None:
    await migrated(url)
    before, said = await objects(url), list[str]()
    assert {each.state for each in await migrated(url, said)} == {"attached"}
    assert await objects(url) == before
    assert said == []


async def in_one_batch(url: str, text: str) -> None:
    """As the Supabase CLI runs a file: every statement sent by itself, all in one transaction."""
    async with (
        await connect(url) as connection,
        connection.transaction(),
        connection.pipeline(),
    ):
        for statement in statements(text):
            await connection.execute(statement.encode())


async def one_by_one(url: str, text: str) -> None:
    """As psql runs a file: each statement committed by itself."""
    await execute(url, *statements(text))


@pytest.mark.parametrize("run", [in_one_batch, one_by_one])
async def test_files_that_others_have_run_are_not_run_again(
    url: str, template_factory: Template, new_database: New, run: Callable[..., object]
) -> None:
    for _, text in migration_files():
        await run(url, text)  # type: ignore[misc]
    said = list[str]()
    assert {each.state for each in await migrated(url, said)} == {"attached"}
    assert said == []
    ours = new_database(template_factory("meshhook", meshhook))
    await migrated(ours)
    assert await objects(url) == await objects(ours)


async def test_every_file_can_be_run_again(url: str) -> None:
    await migrated(url)
    before = await objects(url)
    for _, text in migration_files():
        await in_one_batch(url, text)
    assert await objects(url) == before


async def test_the_queue_file_alone_stops_with_instructions_where_pgmq_is_missing(
    template_factory: Template, new_database: New
) -> None:
    url = new_database(template_factory("meshhook without pgmq", unqueued_meshhook))
    if await rows(url, "select 1 from pg_available_extensions where name = 'pgmq'"):
        pytest.skip("this server offers the extension")
    tables, queue, *_ = (text for _, text in migration_files())
    await in_one_batch(url, tables)
    with pytest.raises(psycopg.errors.UndefinedObject, match="needs pgmq") as stopped:
        await in_one_batch(url, queue)
    assert "meshhook-alerts migrate" in (stopped.value.diag.message_hint or "")
    assert await states(url) == ATTACHED


async def test_several_processes_may_migrate_at_once(url: str) -> None:
    outcomes = await asyncio.gather(*(states(url) for _ in range(5)))
    assert outcomes == [ATTACHED] * 5


async def test_the_old_meshhook_is_watched_as_far_as_it_goes(
    template_factory: Template, new_database: New
) -> None:
    url = new_database(template_factory("old meshhook", old_meshhook))
    assert await states(url) == ATTACHED | {"job_tracking": "absent"}
    run = (
        "with p as (insert into projects (owner, name) values (gen_random_uuid(), 'Shop') returning id),"
        " w as (insert into workflow_definitions (project_id, slug, version, definition)"
        " select id, 'orders', 1, '{}' from p returning id, project_id)"
        " insert into workflow_runs (project_id, workflow_id, status)"
        " select project_id, id, 'running' from w returning id, project_id"
    )
    [(run_id, project_id)] = await rows(url, run)
    event = "insert into workflow_events (run_id, ts, type, payload) values (%s, %s, 'step_failed', '{}')"
    for ts in ("now", None):
        await rows(url, event, run_id, ts)
    await rows(url, "update workflow_runs set status = 'failed'")
    seen = await rows(url, "select project_id, observed from meshhook_alerts.signals order by id")
    assert seen == [(project_id, each) for each in ("step_failed", "step_failed", "run_failed")]
    assert "job_tracking" in await advice(url, "MeshHook")


async def test_a_database_without_job_tracking_is_watched_all_the_same(url: str) -> None:
    await execute(url, "drop table job_tracking cascade")
    assert await states(url) == ATTACHED | {"job_tracking": "absent"}


async def test_tables_that_come_later_get_their_triggers_at_the_next_migrate(
    database_url: str,
) -> None:
    assert set((await states(database_url)).values()) == {"absent"}
    assert "tables are missing" in await advice(database_url, "MeshHook")
    await meshhook(database_url)
    assert await states(database_url) == ATTACHED


async def test_a_busy_table_gets_its_trigger_later(url: str) -> None:
    async with await connect(url) as other, other.transaction():
        await other.execute("lock table workflow_runs in row exclusive mode")
        assert await states(url) == ATTACHED | {"workflow_runs": "busy"}
        assert "meshhook-alerts migrate" in await advice(url, "detection")
    assert await states(url) == ATTACHED


async def test_a_table_of_another_shape_is_left_alone(url: str) -> None:
    await execute(
        url,
        "alter table job_tracking rename to jobs",
        "create view job_tracking as select * from jobs",
        "alter table workflow_runs drop column status cascade",
    )
    found = {each.table: each for each in await migrated(url)}
    assert {table: each.state for table, each in found.items()} == ATTACHED | {
        "job_tracking": "unfit",
        "workflow_runs": "unfit",
    }
    assert "status does not exist" in (found["workflow_runs"].detail or "")
    assert "grant trigger" not in await advice(url, "detection")
