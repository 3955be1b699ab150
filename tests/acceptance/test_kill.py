"""Promise 9: killing a worker at any point loses nothing, and repeats at most the message in
flight, with the same id and body."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from tests.acceptance.killable import POINTS
from tests.line import (
    KEY,
    Receiver,
    World,
    a_receiver,
    a_service,
    at_work,
    build_line,
    eventually,
    open_world,
)
from tests.worker_processes import Process, end, start_worker

FAILURES = 5
Builder = Callable[[str], Awaitable[None]]


async def test_a_worker_killed_at_any_point_loses_nothing(
    template_factory: Callable[[str, Builder], str], new_database: Callable[[str], str]
) -> None:
    # All points at once: most of the time is spent waiting for the dead workers' leases.
    template = template_factory("line", build_line)
    worlds = {point: await open_world(new_database(template)) for point in POINTS}
    async with asyncio.TaskGroup() as group:
        for point, world in worlds.items():
            group.create_task(_kill_and_recover(point, world))


async def _kill_and_recover(point: str, world: World) -> None:
    async with a_receiver() as receiver:
        await _prepare(point, world, receiver)
        status = await run_until_dead(point, world.url)
        assert status == -signal.SIGKILL, (
            f"{point}: the worker ended with {status}, not by its own hand"
        )
        receiver.delay = 0
        async with a_service(world.url) as service, at_work(service):
            await eventually(lambda: _all_ended(world), within=60)
        await _check(point, world, receiver)


async def _prepare(point: str, world: World, receiver: Receiver) -> None:
    receiver.delay = 1.0 if point == "while_sending" else 0.0
    receiver.answers = [503] if "rescheduling" in point else []
    async with a_service(world.url) as service:
        await world.hook(service, receiver)
    for number in range(FAILURES):
        await world.fail(node=f"node-{number}")


async def run_until_dead(point: str, url: str) -> int:
    """A worker that kills itself at ``point``; how it ended."""
    environment = {**os.environ, "TEST_KEY": KEY, "PYTHONPATH": os.pathsep.join(sys.path)}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.acceptance.killable", point, url,
        env=environment, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    async with asyncio.timeout(60):
        return await process.wait()


async def _all_ended(world: World) -> bool:
    # A retry that is due later would only make the test longer.
    await world.execute("update pgmq.q_meshhook_alerts set vt = least(vt, now() + interval '10 s')")
    ended = await world.value(
        "select count(*) = %s from public.alert_notifications where state = 'delivered'", FAILURES
    )
    return bool(ended)


async def _check(point: str, world: World, receiver: Receiver) -> None:
    assert await world.value("select count(*) from public.alert_failures") == FAILURES, point
    assert await world.value("select sum(count) from public.alerts") == FAILURES, point
    told = "select count(*) from public.alert_logs where effect = 'told'"
    assert await world.value(told) == FAILURES, point
    assert await world.value("select count(*) from meshhook_alerts.signals") == 0, point
    assert await world.value("select count(*) from pgmq.q_meshhook_alerts") == 0, point
    assert len(receiver.ids) == FAILURES, point
    # The same id always bears the same body, however often it was sent.
    assert len(set(receiver.requests)) == FAILURES, point
    stored = {
        f"msg_{row['id'].hex}"
        for row in await world.rows("select id from public.alert_notifications")
    }
    assert receiver.ids == stored, point


@pytest.fixture
async def worker_process(world: World) -> AsyncIterator[Callable[[], Awaitable[Process]]]:
    """Starts workers as processes of their own; none survives the test."""
    started: list[Process] = []

    async def start() -> Process:
        started.append(await start_worker(world.url))
        return started[-1]

    yield start
    for process in started:
        await end(process)


async def test_a_stopped_worker_that_wakes_up_does_not_send_what_another_took_over(
    world: World,
    receiver: Receiver,
    worker_process: Callable[[], Awaitable[Process]],
) -> None:
    receiver.delay = 0.5
    async with a_service(world.url) as service:
        await world.hook(service, receiver)
    process = await worker_process()
    await world.fail()
    await asyncio.wait_for(receiver.arrived.wait(), 20)
    process.send_signal(signal.SIGSTOP)
    async with a_service(world.url) as service, at_work(service):

        async def delivered() -> bool:
            return bool(
                await world.value(
                    "select count(*) = 1 from public.alert_notifications where state = 'delivered'"
                )
            )

        await eventually(delivered, within=40)
        process.send_signal(signal.SIGCONT)
        await asyncio.sleep(2)
    assert len(receiver.ids) == 1
    assert len(receiver.requests) <= 2
    assert await world.value("select count(*) from public.alert_logs where effect = 'outcome'") == 1
