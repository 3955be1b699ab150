"""Every setting a role or a database may have for its sessions, direct and through a pooler, over the
whole line: found by trigger and by sweep, told, tried again, counted, acknowledged in the ledger."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.databases import execute
from tests.integration.hosts.test_sessions import SETTINGS, assignment
from tests.line import Receiver, World, a_service, at_work, eventually
from tests.pooler import PGBOUNCER, a_pooler

pytestmark = pytest.mark.postgres

HOSTS = {
    name: SETTINGS[name] for name in SETTINGS if SETTINGS[name][0] != "session_replication_role"
}


@pytest.fixture(scope="module")
def pooler(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    assert PGBOUNCER, "PgBouncer is missing (Debian: apt-get install pgbouncer)"
    import shutil
    import tempfile

    folder = Path(tempfile.mkdtemp(prefix="meshhook-alerts-test-"))
    with a_pooler(postgres_server, folder) as port:
        yield port
    shutil.rmtree(folder)


@pytest.fixture(params=["direct", "pooled"])
def way(request: pytest.FixtureRequest, world: World, pooler: int) -> str:
    """The address a service is given."""
    if request.param == "direct":
        return world.url
    parts = urlsplit(world.url)
    place = f"{parts.username}:{parts.password}@127.0.0.1:{pooler}"
    return parts._replace(netloc=place, query="pgbouncer=true&connection_limit=1").geturl()


@pytest.mark.parametrize("level", ["database", "role"])
@pytest.mark.parametrize("setting", HOSTS)
async def test_the_whole_line(
    world: World, receiver: Receiver, way: str, setting: str, level: str
) -> None:
    async with a_service(world.url) as service:
        await world.hook(service, receiver)
    silent = await world.start_run()
    await world.event(silent, "step_started", node={"id": "x"})
    await world.execute("update public.workflow_events set ts = ts - interval '2 h'")
    parts = urlsplit(world.url)
    place = f'database "{parts.path[1:]}"'
    if level == "role":  # only in this database: others run beside it
        place = f'role "{parts.username}" in database "{parts.path[1:]}"'
    await execute(world.url, f"alter {place} set {assignment(*HOSTS[setting])}")
    receiver.answers = [503]
    async with a_service(way) as service, at_work(service):
        await world.fail(error="Error: “ü” HTTP 503")

        async def both_told_and_one_again() -> bool:
            return len(receiver.ids) == 2 and len(receiver.requests) == 3

        await eventually(both_told_and_one_again, within=25)
        for _ in range(3):
            await world.fail(error="Error: “ü” HTTP 503")

        async def counted() -> bool:
            return bool(await world.value("select max(count) = 4 from public.alerts"))

        await eventually(counted)
        await world.configure(service, cooldown_seconds=60)  # the API's way, under its own role

        async def ended() -> bool:
            return bool(
                await world.value(
                    "select count(*) = 2 from public.alert_logs where reason = 'delivered'"
                )
            )

        await eventually(ended)
    assert len(receiver.ids) == 2
    assert receiver.unsigned == 0
    assert (
        await world.rows("select name, trouble from meshhook_alerts.sweeps where failures > 0")
        == []
    )


async def test_sessions_that_others_have_used_mean_the_same(
    world: World, receiver: Receiver, pooler: int
) -> None:
    """Behind a pooler another client's settings are still there when we get its session."""
    parts = urlsplit(world.url)
    place = f"{parts.username}:{parts.password}@127.0.0.1:{pooler}"
    pooled = parts._replace(netloc=place).geturl()
    for _ in range(10):
        await execute(
            pooled,
            "set search_path = nowhere", "set intervalstyle = 'sql_standard'",
            "set bytea_output = 'escape'", "set row_security = off",
        )  # fmt: skip
    async with a_service(pooled + "?pgbouncer=true") as service:
        await world.hook(service, receiver)
        receiver.answers = [503]
        async with at_work(service):
            await world.fail()
            await eventually(lambda: asyncio.sleep(0, len(receiver.requests) >= 2), within=25)
    assert receiver.unsigned == 0
