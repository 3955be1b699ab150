"""Beside a MeshHook that is somebody else's: few rights for us, all freedom for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from uuid import uuid4

import psycopg
import pytest

from meshhook_alerts.adapters.postgres.migrations import MigrationError
from tests.conftest import Builder
from tests.databases import Role, create_role, drop_role, execute, objects, rows
from tests.installing import (
    ATTACHED,
    advice,
    meshhook,
    migrated,
    states,
    uninstalled,
    unqueued_meshhook,
)
from tests.line import World, open_world

pytestmark = pytest.mark.postgres

Template = Callable[[str, Builder], str]
New = Callable[[str], str]


@pytest.fixture
def url(template_factory: Template, new_database: New) -> str:
    """Today's MeshHook, without anything of ours."""
    return new_database(template_factory("meshhook", meshhook))


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


async def test_our_triggers_go_even_from_tables_we_may_not_alter(
    watcher: Role, template_factory: Template, new_database: New
) -> None:
    owner = new_database(template_factory("meshhook", meshhook))
    await execute(
        owner,
        "drop schema pgmq cascade",
        f"grant create on database {owner.rpartition('/')[2]} to {watcher.name}",
        f"grant create on schema public to {watcher.name}",
        f"grant select, trigger on all tables in schema public to {watcher.name}",
    )
    before = await objects(owner)
    await migrated(watcher.url(owner))
    assert ("trigger", "meshhook_alerts_run_failed on workflow_runs") in await objects(owner)
    await uninstalled(watcher.url(owner))
    assert await objects(owner) == before
