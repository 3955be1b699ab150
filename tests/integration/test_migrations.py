"""Our migrations: whoever runs them, however often, on whatever MeshHook."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from uuid import uuid4

import psycopg
import pytest

from meshhook_alerts.adapters.postgres.doctor import examine
from meshhook_alerts.adapters.postgres.migrations import (
    Attachment,
    MigrationError,
    migrate,
    migration_files,
)
from meshhook_alerts.demo.meshhook import install_meshhook
from tests.conftest import Builder
from tests.databases import (
    Role,
    connect,
    create_role,
    drop_role,
    execute,
    objects,
    rows,
    statements,
)
from tests.line import World, open_world

pytestmark = pytest.mark.postgres

Template = Callable[[str, Builder], str]
New = Callable[[str], str]
ATTACHED = {"workflow_events": "attached", "workflow_runs": "attached", "job_tracking": "attached"}


async def meshhook(url: str) -> None:
    async with await connect(url) as connection:
        await install_meshhook(connection)


async def old_meshhook(url: str) -> None:
    async with await connect(url) as connection:
        await install_meshhook(connection, version="old")


async def unqueued_meshhook(url: str) -> None:
    async with await connect(url) as connection:
        await install_meshhook(connection, with_pgmq=False)


@pytest.fixture
def url(template_factory: Template, new_database: New) -> str:
    """Today's MeshHook, without anything of ours."""
    return new_database(template_factory("meshhook", meshhook))


async def migrated(url: str, said: list[str] | None = None) -> Sequence[Attachment]:
    async with await connect(url) as connection:
        return await migrate(connection, said.append if said is not None else lambda _: None)


async def states(url: str) -> dict[str, str]:
    return {each.table: each.state for each in await migrated(url)}


async def advice(url: str, subject: str) -> str:
    """What doctor says about a subject, in one text."""
    found = [each async for each in examine(url) if each.subject == subject]
    return "\n".join(f"{each.level}: {each.what} → {each.mend}" for each in found)


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
    tables, queue, _ = (text for _, text in migration_files())
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


@pytest.fixture
def watcher(postgres_server: str) -> Iterator[Role]:
    """Somebody who owns nothing of MeshHook's."""
    role = Role(f"watcher_{uuid4().hex[:8]}", "secret")
    create_role(postgres_server, role, "noinherit")
    yield role
    drop_role(postgres_server, role)


@pytest.fixture
async def watched(watcher: Role, template_factory: Template, new_database: New) -> tuple[str, str]:
    """A MeshHook database, as its owner and as a watcher who may make and read tables."""
    url = new_database(template_factory("meshhook without pgmq", unqueued_meshhook))
    await execute(
        url,
        f"grant create on database {url.rpartition('/')[2]} to {watcher.name}",
        f"grant create on schema public to {watcher.name}",
        f"grant select on all tables in schema public to {watcher.name}",
        f"grant usage on schema auth to {watcher.name}",
        f"grant anon, authenticated, service_role to {watcher.name}",
    )
    return url, watcher.url(url)


async def test_where_triggers_are_denied_the_rest_works_and_doctor_says_how_to_grant_them(
    watched: tuple[str, str],
) -> None:
    owner, watcher = watched
    assert set((await states(watcher)).values()) == {"denied"}
    said = await advice(watcher, "detection")
    assert said.count("grant trigger on public.") == 3
    for grant in [line.split("grant ")[1].split(";")[0] for line in said.splitlines()]:
        await execute(owner, f"grant {grant}")
    assert await states(watcher) == ATTACHED
    assert "wrong" not in await advice(watcher, "detection")


async def test_row_security_that_hides_projects_from_us_is_named_and_mended_as_told(
    watched: tuple[str, str],
) -> None:
    owner, watcher = watched
    await migrated(watcher)
    said = await advice(watcher, "MeshHook")
    assert "row-level security" in said
    await execute(owner, said.split("row-level security")[1].split("→ ")[1].split("; (")[0])
    assert "row-level security" not in await advice(watcher, "MeshHook")


async def test_a_queue_schema_that_is_not_ours_to_use_is_named_with_the_grants_it_takes(
    watched: tuple[str, str],
) -> None:
    owner, watcher = watched
    await meshhook(owner)  # now with pgmq, which belongs to MeshHook's owner
    with pytest.raises(MigrationError) as stopped:
        await migrated(watcher)
    await execute(owner, str(stopped.value).split("run: ")[1])
    assert set((await states(watcher)).values()) == {"denied"}


MESSING = [
    "alter table job_tracking drop column error_message",
    "alter table job_tracking alter column attempt type bigint",
    "alter table workflow_events drop column payload cascade",
    "alter table workflow_events alter column run_id drop not null",
    "alter table workflow_runs drop column workflow_id",
    "alter table workflow_runs add column error text",
    "alter table workflow_definitions drop column slug cascade",
    "alter table workflow_definitions rename to definitions",
    "alter table projects drop column name",
    "create table workflow_events_y2999m01 partition of workflow_events"
    " for values from ('2999-01-01') to ('2999-02-01')",
    "alter table workflow_events detach partition workflow_events_y2999m01",
    "alter table workflow_events rename to workflow_events_before",
    "drop table job_tracking cascade",
    "truncate workflow_runs cascade",
    "drop table projects cascade",
]


async def test_meshhooks_own_changes_to_its_tables_go_on_working_beside_us(url: str) -> None:
    await migrated(url)
    world = await open_world(url)
    for change in MESSING:
        await world.execute(change)


async def test_meshhooks_owner_can_add_partitions_though_the_triggers_are_anothers(
    watched: tuple[str, str], watcher: Role, postgres_server: str
) -> None:
    owner, _ = watched
    await migrated(owner)
    await execute(owner, f"grant create on schema public to {watcher.name}")
    tables = await rows(
        owner, "select c::regclass::text from pg_partition_tree('workflow_events') t(c)"
    )
    await execute(owner, *(f"alter table {table} owner to {watcher.name}" for table in tables))
    month = "values from ('2999-01-01') to ('2999-02-01')"
    await execute(
        watcher.url(owner),
        f"create table workflow_events_y2999m01 partition of workflow_events for {month}",
        "alter table workflow_events detach partition workflow_events_y2999m01",
        f"alter table workflow_events attach partition workflow_events_y2999m01 for {month}",
    )


async def test_a_column_a_trigger_watches_goes_with_cascade_and_names_us_without(url: str) -> None:
    await migrated(url)
    with pytest.raises(
        psycopg.errors.DependentObjectsStillExist, match="meshhook_alerts_run_failed"
    ):
        await execute(url, "alter table workflow_runs drop column status")
    await execute(url, "alter table workflow_runs drop column status cascade")
    await execute(url, "alter table workflow_runs add column status text default 'running'")
    assert await states(url) == ATTACHED


async def test_renaming_the_events_away_is_seen_and_mended(url: str) -> None:
    await migrated(url)
    await execute(
        url,
        "alter table workflow_events rename to workflow_events_before",
        "create table workflow_events (like workflow_events_before including all)",
    )
    assert "no trigger on workflow_events" in await advice(url, "detection")
    assert await states(url) == ATTACHED
    world: World = await open_world(url)
    await world.fail()
    assert await rows(url, "select count(*) from meshhook_alerts.signals") == [1]
