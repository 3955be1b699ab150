"""No statement of MeshHook's fails because of us, in whatever kind of transaction it stands."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from meshhook_alerts.adapters.embedded_postgres import EmbeddedPostgres
from tests.line import Receiver, World, a_service, at_work, build_line, eventually, open_world

pytestmark = pytest.mark.postgres

FAILS = "insert into public.workflow_events (run_id, type, payload) values (%s, 'step_failed', %s)"
PAYLOAD = '{"node": {"id": "a"}, "attempt": 5, "error": "Error: HTTP 503"}'


@pytest.fixture
def prepared_server(open_folder: Path) -> Iterator[str]:
    """A server that knows prepared transactions."""
    conf = {"max_prepared_transactions": "5"}
    with EmbeddedPostgres(open_folder, durable=False, conf=conf) as server:
        yield server.url


async def test_a_prepared_transaction(prepared_server: str, receiver: Receiver) -> None:
    await build_line(prepared_server)
    world = await open_world(prepared_server)
    async with a_service(world.url) as service:
        await world.hook(service, receiver)
        async with at_work(service):
            await asyncio.sleep(0.3)  # asleep: a commit wakes it
            run, other = await world.start_run(), await world.start_run()
            with psycopg.connect(world.url, autocommit=True) as connection:
                connection.execute("begin")
                connection.execute(FAILS, (run, PAYLOAD))
                connection.execute(
                    "update public.workflow_runs set status = 'failed' where id = %s", (other,)
                )
                connection.execute(
                    "insert into public.job_tracking (msg_id, run_id, queue_name, attempt) values (1, %s, 'q', 3)",
                    (other,),
                )
                connection.execute("update public.job_tracking set moved_to_dlq_at = now()")
                connection.execute("prepare transaction 'x'")
                connection.execute("commit prepared 'x'")
            await eventually(lambda: asyncio.sleep(0, len(receiver.requests) >= 1))


@pytest.mark.parametrize("isolation", list(psycopg.IsolationLevel))
async def test_every_isolation_level(world: World, isolation: psycopg.IsolationLevel) -> None:
    run = await world.start_run()
    with psycopg.connect(world.url) as connection:
        connection.isolation_level = isolation
        connection.execute(FAILS, (run, PAYLOAD))
        connection.commit()
    assert await world.value("select count(*) from meshhook_alerts.signals") == 1


async def test_a_serializable_failure_is_found_all_the_same(
    world: World, receiver: Receiver
) -> None:
    async with a_service(world.url) as service:
        await world.hook(service, receiver)
        run, other = await world.start_run(), await world.start_run()
        with psycopg.connect(world.url) as connection:
            connection.isolation_level = psycopg.IsolationLevel.SERIALIZABLE
            connection.execute(FAILS, (run, PAYLOAD))
            connection.execute(
                "update public.workflow_runs set status = 'failed' where id = %s", (other,)
            )
            connection.commit()
        async with at_work(service):
            await eventually(lambda: asyncio.sleep(0, len(receiver.ids) >= 2))


LOOKS = {
    "at the run's events": "select count(*) from public.workflow_events where run_id = %(run)s",
    "at all settings": "select count(*) from public.workflow_definitions",
    "at nothing": "select 1",
}
CHANGES = {
    "the run": "update public.workflow_runs set finished_at = now() where id = %(run)s",
    "another run": "update public.workflow_runs set finished_at = now() where id = %(other)s",
    "another run's events": FAILS.replace("%s", "%(other)s", 1).replace("%s", f"'{PAYLOAD}'"),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("look", LOOKS)
async def test_serializable_transactions_conflict_no_more_than_without_us(
    world: World, look: str, change: str
) -> None:
    """One looks and changes something while the other records a failed step."""
    outcomes = []
    for trigger in ("enable", "disable"):
        await world.execute(
            f"alter table public.workflow_events {trigger} trigger meshhook_alerts_step_failed"
        )
        ids = {"run": await world.start_run(), "other": await world.start_run()}
        with psycopg.connect(world.url) as a, psycopg.connect(world.url) as b:
            a.isolation_level = b.isolation_level = psycopg.IsolationLevel.SERIALIZABLE
            a.execute("select 1")
            b.execute(LOOKS[look].encode(), ids)
            a.execute(FAILS, (ids["run"], PAYLOAD))
            b.execute(CHANGES[change].encode(), ids)
            a.commit()
            try:
                b.commit()
                outcomes.append("both")
            except psycopg.errors.SerializationFailure:
                outcomes.append("one")
    assert outcomes[0] == outcomes[1]


async def test_savepoints_copy_cursors_and_batches(world: World) -> None:
    run = await world.start_run()
    with psycopg.connect(world.url) as connection:
        connection.execute("savepoint a")
        connection.execute(FAILS, (run, PAYLOAD))
        connection.execute("rollback to savepoint a")
        connection.execute(FAILS, (run, PAYLOAD))
        with connection.cursor().copy(
            "copy public.workflow_events (run_id, type, payload) from stdin"
        ) as copy:
            copy.write_row((run, "step_failed", PAYLOAD))
        connection.execute(
            "with x as (insert into public.workflow_events (run_id, type, payload)"
            " values (%s, 'step_failed', %s) returning id) select * from x", (run, PAYLOAD),
        )  # fmt: skip
        connection.commit()
    assert await world.value("select count(*) from meshhook_alerts.signals") == 3


async def test_a_role_without_any_right_of_ours_and_a_strange_session(world: World) -> None:
    run = await world.start_run()
    await world.execute("grant insert on public.workflow_events to authenticated")
    with psycopg.connect(world.url) as connection:
        for setting in (
            "role = authenticated", "search_path = ''", "datestyle = german", "lock_timeout = '1ms'",
            "statement_timeout = '2s'", "standard_conforming_strings = off", "row_security = off",
            "client_encoding = 'LATIN1'", "transaction_isolation = 'serializable'",
        ):  # fmt: skip
            connection.execute(f"set local {setting}".encode())
        connection.execute("set local row_security = on")
        connection.execute(FAILS, (run, PAYLOAD))
        connection.commit()
    assert await world.value("select count(*) from meshhook_alerts.signals") == 1


async def test_session_replication_role_replica_leaves_the_write_to_the_sweep(world: World) -> None:
    run = await world.start_run()
    with psycopg.connect(world.url) as connection:
        connection.execute("set local session_replication_role = replica")
        connection.execute(FAILS, (run, PAYLOAD))
        connection.commit()
    assert await world.value("select count(*) from meshhook_alerts.signals") == 0
