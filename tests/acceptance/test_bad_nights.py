"""The database goes away: at the start, in the middle, more than once. Nothing is lost."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from meshhook_alerts.adapters.embedded_postgres import EmbeddedPostgres
from meshhook_alerts.adapters.postgres.migrations import migrate
from meshhook_alerts.demo.meshhook import install_meshhook
from tests.line import Receiver, World, a_service, at_work, build_line, eventually, open_world


@pytest.fixture
def server(open_folder: Path) -> Iterator[EmbeddedPostgres]:
    """A Postgres of one's own, to be stopped and started; durable, as it will be killed."""
    with EmbeddedPostgres(open_folder, durable=True) as started:
        yield started


async def _delivered(world: World, number: int) -> None:
    async def check() -> bool:
        count = "select count(*) from public.alert_notifications where state = 'delivered'"
        return bool(await world.value(count) >= number)

    await eventually(check, within=40)


async def test_the_worker_outlives_restarts_of_the_database(
    server: EmbeddedPostgres, receiver: Receiver
) -> None:
    await build_line(server.url)
    world = await open_world(server.url)
    async with a_service(server.url) as service:
        await world.hook(service, receiver)
        async with at_work(service):
            await world.fail(node="before")
            await _delivered(world, 1)
            for night in range(2):
                await asyncio.to_thread(server.stop_server, "immediate")
                await asyncio.sleep(0.5)
                await asyncio.to_thread(server.start_server)
                await world.fail(node=f"after-{night}")
                await _delivered(world, 2 + night)
    assert len(receiver.ids) == 3
    assert await world.value("select count(*) from public.alert_failures") == 3


async def test_a_result_waits_for_the_database_to_come_back(
    server: EmbeddedPostgres, receiver: Receiver
) -> None:
    receiver.delay = 1.5
    await build_line(server.url)
    world = await open_world(server.url)
    async with a_service(server.url) as service:
        await world.hook(service, receiver)
        async with at_work(service):
            await world.fail()
            await asyncio.wait_for(receiver.arrived.wait(), 20)
            # The answer comes while there is nobody to write it down.
            await asyncio.to_thread(server.stop_server, "immediate")
            await asyncio.sleep(2.5)
            await asyncio.to_thread(server.start_server)
            await _delivered(world, 1)
    assert len(receiver.requests) == 1, "the result was kept and recorded, not sent again"


async def test_a_service_started_without_its_database_works_once_it_is_there(
    server: EmbeddedPostgres, receiver: Receiver
) -> None:
    await build_line(server.url)
    world = await open_world(server.url)
    async with a_service(server.url) as service:
        await world.hook(service, receiver)
    await asyncio.to_thread(server.stop_server, "fast")
    async with a_service(server.url) as service, at_work(service):
        await asyncio.sleep(1)
        await asyncio.to_thread(server.start_server)
        await world.fail()
        await _delivered(world, 1)
    assert len(receiver.ids) == 1


async def test_the_inbox_keeps_what_comes_while_no_worker_runs(
    server: EmbeddedPostgres, receiver: Receiver
) -> None:
    await build_line(server.url)
    world = await open_world(server.url)
    async with a_service(server.url) as service:
        await world.hook(service, receiver)
        for number in range(20):
            await world.fail(node=f"node-{number % 4}")
        await asyncio.to_thread(server.stop_server, "immediate")
        await asyncio.to_thread(server.start_server)
        async with at_work(service):
            await _delivered(world, 4)
    assert await world.value("select sum(count) from public.alerts") == 20


async def test_an_outage_is_two_lines_in_the_log(
    server: EmbeddedPostgres, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    await build_line(server.url)
    world = await open_world(server.url)
    async with a_service(world.url) as service:
        await world.hook(service, receiver)
        async with at_work(service):
            await world.fail()
            await _delivered(world, 1)
            caplog.clear()
            await asyncio.to_thread(server.stop_server, "immediate")
            await asyncio.sleep(4)
            await asyncio.to_thread(server.start_server)
            await world.fail(node="after")
            await _delivered(world, 2)
            await asyncio.sleep(6)  # the most patient loop tries again by then
    said = [
        r for r in caplog.records if r.levelno >= logging.INFO and not r.name.startswith("psycopg")
    ]
    words = [r.getMessage() for r in said]
    assert len(words) == 2, words
    assert words[0].startswith("the database cannot be used, and is waited for: ")
    assert words[1].startswith("the database is back after ")


async def test_a_database_that_is_not_set_up_yet_is_said_once(
    database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        await install_meshhook(connection)
        async with a_service(database_url) as service, at_work(service):
            await asyncio.sleep(3)
            before = list(caplog.records)
            await migrate(connection)
            await asyncio.sleep(6)
    said = [r.getMessage() for r in caplog.records if not r.name.startswith("psycopg")]
    assert len([line for line in said if "run `meshhook-alerts migrate`" in line]) == 1
    assert [line for line in said if line.startswith("the database is back")]
    assert not [r for r in before if r.levelno >= logging.ERROR], said
