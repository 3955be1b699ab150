"""Traffic goes on through broken connections, and stops at once with nothing half-written."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from psycopg_pool import AsyncConnectionPool

from meshhook_alerts.demo.meshhook import (
    SAMPLE_WORKFLOWS,
    SampleEngine,
    Traffic,
    install_meshhook,
    shared,
)

pytestmark = pytest.mark.postgres

Connection = psycopg.AsyncConnection[tuple[Any, ...]]

BREAK_ALL = """
select pg_terminate_backend(pid) from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
"""
# What no engine leaves, however it was killed: the halves of the one transaction it has.
HALF_CLOSED = """
select count(*) from workflow_runs r where r.status = 'succeeded' and not exists (
  select from workflow_events e where e.run_id = r.id and e.type = 'run_completed'
) or r.status = 'running' and exists (
  select from workflow_events e
  where e.run_id = r.id and e.type = 'run_completed' and e.payload = '{}'
)
"""


@pytest.fixture
async def meshhook_conn(database_url: str) -> AsyncIterator[Connection]:
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as conn:
        await install_meshhook(conn)
        yield conn


@pytest.fixture
async def traffic(meshhook_conn: Connection) -> AsyncIterator[Traffic]:
    address = make_conninfo(meshhook_conn.info.dsn, password=meshhook_conn.info.password)
    async with AsyncConnectionPool(address, max_size=4, kwargs={"autocommit": True}) as pool:
        engine = SampleEngine(pool.connection, time_scale=0.01, rng=random.Random(3))
        await engine.seed("Shop", uuid4(), SAMPLE_WORKFLOWS)
        yield Traffic(engine, [each.slug for each in SAMPLE_WORKFLOWS], pace=300, seed=5)


async def test_traffic_goes_on_after_the_database_threw_it_out(
    meshhook_conn: Connection, traffic: Traffic
) -> None:
    stop = asyncio.Event()
    playing = asyncio.create_task(traffic.play(stop))
    while traffic.played.total() < 20:
        await asyncio.sleep(0.01)
    await meshhook_conn.execute(BREAK_ALL)
    before = traffic.played.total()
    async with asyncio.timeout(20):
        while traffic.played.total() < before + 40:
            await asyncio.sleep(0.01)
    stop.set()
    await playing
    assert traffic.broken_off > 0


async def test_traffic_stops_at_once_and_leaves_every_commit_whole(
    meshhook_conn: Connection, traffic: Traffic
) -> None:
    stop = asyncio.Event()
    playing = asyncio.create_task(traffic.play(stop))
    while traffic.played.total() < 50:
        await asyncio.sleep(0.01)
    stop.set()
    async with asyncio.timeout(2):
        await playing
    count = "select count(*) from workflow_events"
    before = await (await meshhook_conn.execute(count)).fetchone()
    await asyncio.sleep(0.2)
    assert await (await meshhook_conn.execute(count)).fetchone() == before
    assert await (await meshhook_conn.execute(HALF_CLOSED)).fetchone() == (0,)


async def test_one_connection_is_lent_to_one_borrower_at_a_time(
    meshhook_conn: Connection,
) -> None:
    engine = SampleEngine(shared(meshhook_conn), time_scale=0.01)
    await engine.seed("Shop", uuid4(), SAMPLE_WORKFLOWS)
    traffic = Traffic(engine, ["invoice-sync"], pace=500, at_once=8)
    stop = asyncio.Event()
    playing = asyncio.create_task(traffic.play(stop))
    while traffic.played.total() < 50:
        await asyncio.sleep(0.01)
    stop.set()
    await playing
    assert traffic.broken_off == 0
