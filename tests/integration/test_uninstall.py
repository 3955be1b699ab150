"""Taking everything of ours away again, and nothing of anybody else's."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from meshhook_alerts.adapters.postgres.migrations import MigrationError
from tests.conftest import Builder
from tests.databases import execute, objects, rows
from tests.installing import MIGRATIONS, meshhook, migrated, uninstalled
from tests.line import a_service, open_world

pytestmark = pytest.mark.postgres

Template = Callable[[str, Builder], str]
New = Callable[[str], str]


async def installed(url: str) -> set[tuple[str, str]]:
    """Installs us; returns what was there before."""
    before = await objects(url)
    await migrated(url)
    return before


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
    with pytest.raises(MigrationError, match=r"view public.report depends on table public.alerts"):
        await uninstalled(url)
    assert await rows(url, "select count(*) from meshhook_alerts.migrations") == [MIGRATIONS]
