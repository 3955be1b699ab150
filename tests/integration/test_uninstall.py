"""Taking everything of ours away again, and nothing of anybody else's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest

from meshhook_alerts.adapters.postgres.migrations import MigrationError, migrate, uninstall
from meshhook_alerts.demo.meshhook import install_meshhook
from tests.conftest import Builder
from tests.databases import Role, connect, create_role, drop_role, execute, objects, rows
from tests.line import a_service, open_world

pytestmark = pytest.mark.postgres

Template = Callable[[str, Builder], str]
New = Callable[[str], str]


async def meshhook(url: str) -> None:
    async with await connect(url) as connection:
        await install_meshhook(connection)


async def installed(url: str) -> set[tuple[str, str]]:
    """Installs us; returns what was there before."""
    before = await objects(url)
    async with await connect(url) as connection:
        await migrate(connection)
    return before


async def uninstalled(url: str) -> list[str]:
    said: list[str] = []
    async with await connect(url) as connection:
        await uninstall(connection, said.append)
    return said


@pytest.fixture
def url(template_factory: Template, new_database: New) -> str:
    """Today's MeshHook."""
    return new_database(template_factory("meshhook", meshhook))


async def test_nothing_of_ours_is_left_and_meshhook_goes_on(url: str) -> None:
    await execute(url, "create publication supabase_realtime")
    before = await installed(url)
    assert len(await objects(url)) > len(before)
    world = await open_world(url)
    async with a_service(url) as service:
        await world.configure(service, cooldown_seconds=60)
    await world.fail()
    assert await uninstalled(url) == []
    assert await objects(url) == before
    await world.fail()


async def test_it_may_be_done_twice_and_undone(url: str) -> None:
    before = await installed(url)
    await uninstalled(url)
    assert await uninstalled(url) == []
    assert await installed(url) == before
    await uninstalled(url)
    assert await objects(url) == before


async def test_pgmq_goes_if_we_brought_it_and_nobody_else_has_a_queue(database_url: str) -> None:
    before = await installed(database_url)
    assert await uninstalled(database_url) == ["removed pgmq"]
    assert await objects(database_url) == before


async def test_pgmq_stays_where_another_queue_exists(database_url: str) -> None:
    await installed(database_url)
    await execute(database_url, "select pgmq.create('theirs')")
    (said,) = await uninstalled(database_url)
    assert said == "kept pgmq: 1 other queue(s) use it"
    assert {each for each in await objects(database_url) if each[0] == "queue"} == {
        ("queue", "theirs")
    }
    await execute(database_url, """select pgmq.send('theirs', '{}')""")


async def test_pgmq_that_somebody_removed_meanwhile_does_not_matter(database_url: str) -> None:
    await installed(database_url)
    await execute(database_url, "drop schema pgmq cascade")
    await uninstalled(database_url)
    assert await rows(database_url, "select to_regnamespace('meshhook_alerts')") == [None]


async def test_what_others_built_on_our_tables_stops_it_and_is_named(url: str) -> None:
    await installed(url)
    await execute(url, "create view public.report as select count(*) from public.alerts")
    with pytest.raises(MigrationError, match="view report depends on table alerts"):
        await uninstalled(url)
    assert await rows(url, "select count(*) from meshhook_alerts.migrations") == [3]


@pytest.fixture
def watcher(postgres_server: str) -> Iterator[Role]:
    """Somebody who owns nothing of MeshHook's."""
    role = Role(f"watcher_{uuid4().hex[:8]}", "secret")
    create_role(postgres_server, role, "noinherit")
    yield role
    drop_role(postgres_server, role)


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
    before = await installed(watcher.url(owner))
    assert ("trigger", "meshhook_alerts_run_failed on workflow_runs") in await objects(owner)
    await uninstalled(watcher.url(owner))
    assert await objects(owner) == before
