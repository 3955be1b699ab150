"""What a role or a database sets for its sessions changes nothing about the line."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from urllib.parse import urlsplit

import pytest

from tests.databases import execute
from tests.line import Receiver, World, a_service, at_work, eventually

pytestmark = pytest.mark.postgres

SETTINGS = {
    "datestyle german": ("datestyle", "German, DMY"),
    "datestyle sql": ("datestyle", "SQL, DMY"),
    "half an hour off": ("timezone", "Asia/Kathmandu"),
    "posix zone": ("timezone", "<+03>-03"),
    "client encoding": ("client_encoding", "LATIN1"),
    "strings as before": ("standard_conforming_strings", "off"),
    "no search path": ("search_path", "nowhere"),
    "short statements": ("statement_timeout", "300ms"),
    "short idle transactions": ("idle_in_transaction_session_timeout", "200ms"),
    "short idle sessions": ("idle_session_timeout", "1500ms"),
    "short transactions": ("transaction_timeout", "2s"),
    "no waiting for locks": ("lock_timeout", "1ms"),
    "serializable": ("default_transaction_isolation", "serializable"),
    "repeatable read": ("default_transaction_isolation", "repeatable read"),
    "deferrable": ("default_transaction_deferrable", "on"),
    "row security off": ("row_security", "off"),
    "bytea as escapes": ("bytea_output", "escape"),
    "few digits": ("extra_float_digits", "-3"),
    "interval style": ("intervalstyle", "iso_8601"),
    "array nulls": ("array_nulls", "off"),
    "no equals null": ("transform_null_equals", "on"),
    "xml documents": ("xmloption", "document"),
    "plan cache": ("plan_cache_mode", "force_generic_plan"),
    "replica": ("session_replication_role", "replica"),
}


def assignment(name: str, value: str) -> str:
    """As `alter database … set` wants it."""
    return f"{name} = " + (value if name in ("search_path", "datestyle") else f"'{value}'")


async def set_for_all(world: World, name: str, value: str) -> None:
    database = urlsplit(world.url).path[1:]
    await execute(world.url, f'alter database "{database}" set {assignment(name, value)}')


USUAL = (
    "datestyle german", "half an hour off", "client encoding", "strings as before", "no search path",
    "short idle sessions", "serializable", "replica",
)  # fmt: skip
"""The others have their turn in `script/prove hosts`, in many more ways."""


@pytest.mark.parametrize("setting", USUAL)
async def test_the_line_runs_and_retries_whatever_sessions_inherit(
    world: World, receiver: Receiver, setting: str
) -> None:
    name, value = SETTINGS[setting]
    async with a_service(world.url) as service:
        await world.hook(service, receiver)
    run_id = await world.start_run()
    await world.event(run_id, "step_started", node={"id": "x"})
    await world.execute("update public.workflow_events set ts = ts - interval '2 h'")
    await set_for_all(world, name, value)
    receiver.answers = [503]
    async with a_service(world.url) as service, at_work(service):
        await asyncio.sleep(0.5)
        if name == "session_replication_role":  # the host's own triggers are off: polling finds it
            await eventually(lambda: asyncio.sleep(0, len(receiver.ids) >= 1))
            return
        await world.fail(error="Error: “ü” HTTP 503")

        async def retried() -> bool:
            return len(receiver.ids) >= 2 and len(receiver.requests) >= 3

        await eventually(retried, within=15)
    assert await world.value("select count(*) = 0 from meshhook_alerts.sweeps where failures > 0")


async def test_a_cooldown_is_a_length_of_time_not_of_the_clock_on_the_wall(
    world: World, receiver: Receiver
) -> None:
    """2026-11-01 05:50 to 06:30 UTC is 01:50 to 01:30 in New York: 40 minutes, whatever it says."""
    async with a_service(world.url) as service:
        await world.hook(service, receiver, cooldown_seconds=1800)
    await set_for_all(world, "timezone", "America/New_York")
    for moment in ("2026-11-01 05:50+00", "2026-11-01 06:30+00"):
        await world.fail()
        await world.execute("update meshhook_alerts.signals set noticed_at = %s", moment)
        async with a_service(world.url) as service, at_work(service):

            async def decided() -> bool:
                return bool(await world.value("select count(*) = 0 from meshhook_alerts.signals"))

            await eventually(decided)
            await asyncio.sleep(0.3)
    assert len(receiver.ids) == 2


async def test_a_database_that_was_read_only_at_the_start_is_used_once_it_is_not(
    world: World, receiver: Receiver
) -> None:
    async with a_service(world.url) as service:
        await world.hook(service, receiver)
    await world.fail()
    await set_for_all(world, "default_transaction_read_only", "on")
    async with a_service(world.url) as service, at_work(service):
        await asyncio.sleep(3)
        assert receiver.requests == []
        # As a failover does it: sessions there stay read-only, new ones are not.
        database = urlsplit(world.url).path[1:]
        await execute(
            world.url,
            "set default_transaction_read_only = off",
            f'alter database "{database}" reset default_transaction_read_only',
        )
        await eventually(lambda: asyncio.sleep(0, len(receiver.requests) >= 1), within=25)
        await world.fail(node="later")
        await eventually(lambda: asyncio.sleep(0, len(receiver.ids) >= 2), within=10)


EVIL = """
create table public.proof (who text);
grant all on public.proof to public;
create function public.evil({types}) returns {result} language plpgsql as $$ begin
  insert into public.proof values (current_user); return null; end $$;
create operator public.{operator} (leftarg = {left}, rightarg = {right}, function = public.evil);
"""


@pytest.mark.parametrize(
    ("operator", "left", "right", "result"),
    [("||", "text", "bigint", "text"), ("||", "text", "uuid", "text"), ("=", "uuid", "text", "boolean"),
     ("->>", "jsonb", "bigint", "text")],
)  # fmt: skip
async def test_an_operator_somebody_put_into_public_is_not_ours(
    world: World, receiver: Receiver, operator: str, left: str, right: str, result: str
) -> None:
    text = EVIL.format(
        types=f"{left}, {right}", operator=operator, left=left, right=right, result=result
    )
    await execute(world.url, text)
    async with a_service(world.url) as service:
        await world.hook(service, receiver)
        async with at_work(service):
            await world.fail()
            run_id = await world.start_run()
            await world.execute(
                "update public.workflow_runs set status = 'failed' where id = %s", run_id
            )
            await eventually(lambda: asyncio.sleep(0, len(receiver.ids) >= 2))
    assert await world.rows("select * from public.proof") == []


async def test_sessions_that_were_all_ended_at_once_are_replaced_at_once(world: World) -> None:
    async with a_service(world.url) as service:
        pool = service.database.pool
        async with AsyncExitStack() as held:
            each = [await held.enter_async_context(pool.connection()) for _ in range(pool.max_size)]
            ours = [connection.info.backend_pid for connection in each]
        await execute(world.url, f"select pg_terminate_backend(pid) from unnest(array{ours}) pid")
        async with pool.connection(timeout=1) as connection:
            assert connection.info.backend_pid not in ours


async def test_every_session_of_ours_is_pinned(world: World) -> None:
    await set_for_all(world, "timezone", "Asia/Kathmandu")
    async with a_service(world.url) as service:
        database = service.database
        for open_ in (database.connect, database.connect_autocommit):
            async with await open_() as connection:
                await _is_pinned(connection)
        for pool in (database.pool, database.sweep_pool):
            async with pool.connection() as connection:
                await _is_pinned(connection)


async def _is_pinned(connection: object) -> None:
    cursor = await connection.execute(  # type: ignore[attr-defined]
        "select current_setting('timezone'), current_setting('datestyle'),"
        " current_setting('client_encoding'), current_setting('search_path')"
    )
    assert await cursor.fetchone() == ("UTC", "ISO, MDY", "UTF8", "pg_catalog, pg_temp")
