"""Turns at a sweep: taken by one worker, halved after trouble, grown back when it is over."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest
from psycopg_pool import AsyncConnectionPool

from meshhook_alerts.adapters.postgres.detection.rule_states import Connection
from meshhook_alerts.adapters.postgres.detection.runner import PostgresSweep, Sliced
from tests.line import World

pytestmark = pytest.mark.postgres


@dataclass
class Choosy:
    """Cannot take more than so many rows at a time."""

    at_most: int = 100
    slow: bool = False
    taken: list[int] = field(default_factory=list)
    name: str = "choosy"
    interval_seconds: float = 0.01
    rows: int = 100

    async def slice(self, connection: Connection, position: Any, rows: int) -> Sliced:
        self.taken.append(rows)
        await connection.execute(
            "insert into meshhook_alerts.installed values ('trace', gen_random_uuid())"
        )
        if rows > self.at_most:
            if self.slow:
                await connection.execute("set local statement_timeout = 50")
                await connection.execute("select pg_sleep(10)")
            raise ValueError(f"{rows} rows are too many")
        return Sliced(rows, (position or 0) + rows, read=rows)


async def turns(world: World, sweep: Choosy, number: int) -> None:
    """So many turns, each as soon as it is due."""
    async with AsyncConnectionPool(world.url, min_size=1, max_size=2) as pool:
        each = PostgresSweep(pool, sweep)
        for _ in range(number):
            await world.execute("update meshhook_alerts.sweeps set due_at = now()")
            await each.turn()


async def row(world: World) -> dict[str, Any]:
    """What is remembered of the sweep."""
    (found,) = await world.rows("select * from meshhook_alerts.sweeps where name = 'choosy'")
    return found


@pytest.mark.parametrize("slow", [False, True])
async def test_a_slice_that_fails_or_takes_too_long_is_undone_halved_and_said(
    world: World, slow: bool
) -> None:
    sweep = Choosy(at_most=30, slow=slow)
    await turns(world, sweep, 2)
    assert sweep.taken == [100, 50]
    found = await row(world)
    assert (found["failures"], found["slice"], found["position"]) == (2, 25, None)
    assert (
        await world.value("select count(*) from meshhook_alerts.installed where kind = 'trace'")
        == 0
    )
    health = await world.value("select state from public.alert_health where part = 'sweep:choosy'")
    assert health == "failing"
    await turns(world, sweep, 1)
    found = await row(world)
    assert (found["failures"], found["trouble"], found["position"]) == (0, None, 25)


async def test_it_grows_back_and_is_well_again(world: World) -> None:
    sweep = Choosy(at_most=10)
    async with AsyncConnectionPool(world.url, min_size=1, max_size=2) as pool:
        each = PostgresSweep(pool, sweep)
        for turn in range(12):
            if turn == 6:
                sweep.at_most = 1000
            await world.execute("update meshhook_alerts.sweeps set due_at = now()")
            await each.turn()
    assert sweep.taken[:5] == [100, 50, 25, 12, 6]
    assert sweep.taken[-1] == 100
    health = await world.value("select state from public.alert_health where part = 'sweep:choosy'")
    assert health == "working"


async def test_the_pause_grows_with_every_failure(world: World) -> None:
    sweep = Choosy(at_most=0, interval_seconds=10)
    waits = []
    async with AsyncConnectionPool(world.url, min_size=1, max_size=2) as pool:
        each = PostgresSweep(pool, sweep)
        for _ in range(7):
            await world.execute("update meshhook_alerts.sweeps set due_at = now()")
            waits.append((await each.turn()).wait_seconds)
    assert [round(wait, -1) for wait in waits] == [10, 20, 40, 80, 160, 300, 300]
    assert sweep.taken == [100, 50, 25, 12, 6, 3, 1]


async def test_one_worker_at_a_time_has_the_turn(world: World) -> None:
    sweep = Choosy(interval_seconds=5)
    async with AsyncConnectionPool(world.url, min_size=4, max_size=4) as pool:
        await PostgresSweep(pool, sweep).turn()
        sweep.taken.clear()
        await world.execute("update meshhook_alerts.sweeps set due_at = now()")
        await asyncio.gather(*(PostgresSweep(pool, sweep).turn() for _ in range(4)))
    assert len(sweep.taken) == 1
