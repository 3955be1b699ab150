"""Following what changes: server-sent events, resumed without loss or repeat, for members only."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import uvicorn

from meshhook_alerts.application import stream as streaming
from meshhook_alerts.application.settings_ports import Caller
from meshhook_alerts.bootstrap import Service
from meshhook_alerts.entrypoints.api import create_app
from tests.api_client import bearing, token
from tests.commands import complete
from tests.line import JWT_SECRET, Receiver, World, a_service, at_work, eventually
from tests.serving import serving

pytestmark = pytest.mark.postgres


@dataclass
class Heard:
    """What a client of the stream was told."""

    status: int = 0
    events: list[tuple[str, str, Any]] = field(default_factory=list)
    """(event, id, data)"""

    @property
    def logs(self) -> list[int]:
        return [log["id"] for _, _, data in self.events for log in data.get("logs", ())]

    @property
    def last(self) -> str:
        return self.events[-1][1]


@asynccontextmanager
async def listening(base: str, sub: UUID | None, last: str | None = None) -> AsyncIterator[Heard]:
    """A client that reads along while the block runs."""
    heard, headers = Heard(), bearing(token(sub)) if sub else {}
    headers |= {"last-event-id": last} if last else {}

    async def read() -> None:
        async with (
            httpx.AsyncClient(base_url=base, headers=headers, timeout=None) as client,
            client.stream("GET", "/api/alerts/stream") as answer,
        ):
            heard.status = answer.status_code
            event: dict[str, str] = {}
            async for line in answer.aiter_lines():
                name, _, value = line.partition(": ")
                if not line and event.get("event"):
                    heard.events.append((event["event"], event["id"], json.loads(event["data"])))
                event = event | {name: value} if line else {}

    task = asyncio.create_task(read())
    try:
        await eventually(lambda: asyncio.sleep(0, heard.events or heard.status >= 400))
        yield heard
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def base(world: World, receiver: Receiver, tmp_path: Path) -> AsyncIterator[str]:
    """The address of a `serve` at work, with a channel."""
    async with a_service(world.url) as service:
        await world.hook(service, receiver)
    env = complete(
        world.url,
        MESHHOOK_ALERTS_OUTBOUND_ALLOW="127.0.0.0/8",
        MESHHOOK_ALERTS_SMTP_URL="smtp+plain://127.0.0.1:9",
    )
    async with serving(tmp_path / "serve.log", env) as made:
        yield made


async def test_what_changes_is_told_at_once_and_after_a_break_exactly_once(
    world: World, base: str
) -> None:
    async with listening(base, world.owner) as first:
        assert first.events[0][2] == {"alerts": [], "logs": []}
        await world.fail(node="charge")
        await eventually(lambda: asyncio.sleep(0, len(first.logs) == 2))
    alerts = [alert for _, _, data in first.events for alert in data["alerts"]]
    assert alerts[-1]["node_id"] == "charge"
    for node in ("ship", "print"):
        await world.fail(node=node)
    await world.until("select count(*) = 6 from public.alert_logs")
    async with listening(base, world.owner, first.last) as second:
        await eventually(lambda: asyncio.sleep(0, len(second.logs) == 4))
        await world.fail(node="pack")
        await eventually(lambda: asyncio.sleep(0, len(second.logs) == 6))
        await asyncio.sleep(0.3)
    heard = first.logs + second.logs
    assert len(heard) == len(set(heard)) == 8
    async with listening(base, world.owner, first.events[0][1]) as again:
        await eventually(lambda: asyncio.sleep(0, len(again.logs) >= 8))
        assert sorted(again.logs) == sorted(heard)


async def test_a_transaction_that_commits_late_is_neither_lost_nor_told_twice(
    world: World, service: Service
) -> None:
    feed = service.stream._feed
    row = (
        "insert into public.alert_logs (project_id, at, alert_id, effect, reason, count, severity)"
        f" values ('{world.project_id}', now(), gen_random_uuid(), 'told', 'digest', 1, 'error')"
    )
    async with service.database.pool.connection() as late:
        await late.execute(row.encode())
        begin = await feed.here()
        await world.execute(row)
        seen = await feed.between(begin, None, None)
        await late.commit()
    later = await feed.between(seen.place, None, None)
    whole = await feed.between(begin, later.place, None)
    assert [len(each.changes or ()) for each in (seen, later, whole)] == [1, 1, 2]


async def test_a_stranger_hears_nothing_and_nobody_is_not_let_in(world: World, base: str) -> None:
    async with listening(base, uuid4()) as stranger, listening(base, None) as nobody:
        await world.fail(node="charge")
        await world.until("select count(*) = 2 from public.alert_logs")
        await asyncio.sleep(0.5)
    assert (nobody.status, stranger.logs) == (401, [])


@pytest.mark.parametrize("last", ["hello", "x" * 300])
async def test_a_place_that_was_made_up_means_reading_the_lists_again(
    world: World, base: str, last: str
) -> None:
    async with listening(base, world.owner, last) as heard:
        assert heard.events[0][0] == "reload"


async def test_too_much_at_once_means_reading_the_lists_again(
    world: World, service: Service
) -> None:
    feed = service.stream._feed
    begin = await feed.here()
    await world.execute(
        "insert into public.alert_logs (project_id, at, alert_id, effect, reason, count, severity)"
        " select %s, now(), gen_random_uuid(), 'told', 'digest', 1, 'error' from generate_series(1, 501)",
        world.project_id,
    )
    assert (await feed.between(begin, None, None)).changes is None


async def test_a_client_that_never_reads_is_let_go_and_nobody_else_notices(
    world: World, service: Service, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "WAITING_LIMIT", 3)
    await world.hook(service, receiver)
    followed: list[int] = []

    async def read() -> None:
        async for batch in service.stream.follow(world.caller, None):
            followed.append(len(batch.changes or ()) if batch else 0)  # noqa: PERF401 - while it goes on

    async def never_read() -> None:
        async for _ in service.stream.follow(world.caller, None):
            await asyncio.sleep(600)

    good, bad = asyncio.create_task(read()), asyncio.create_task(never_read())
    async with at_work(service):
        await eventually(lambda: asyncio.sleep(0, followed))
        for number in range(8):
            await world.fail(node=f"n{number}")
            await asyncio.sleep(0.15)
        await eventually(lambda: asyncio.sleep(0, bad.done()))
    assert sum(followed) >= 16
    assert not good.done()
    good.cancel()
    await asyncio.gather(good, bad, return_exceptions=True)


async def test_nobody_listens_while_nobody_follows(world: World, service: Service) -> None:
    following = service.stream.follow(Caller("service_role", {}, None), None)
    await anext(following)
    listener = service.stream._listener
    await following.aclose()  # type: ignore[attr-defined]
    await eventually(lambda: asyncio.sleep(0, listener is not None and listener.done()))


async def test_a_connection_that_never_reads_is_closed(
    world: World, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "WAITING_LIMIT", 3)
    config = uvicorn.Config(create_app(service, JWT_SECRET), port=0, log_level="error")
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve())
    try:
        await eventually(lambda: asyncio.sleep(0, server.started))
        port = server.servers[0].sockets[0].getsockname()[1]
        deaf = socket.socket()
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.connect(("127.0.0.1", port))
        deaf.sendall(
            f"GET /api/alerts/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token(world.owner)}\r\n\r\n".encode()
        )
        await eventually(lambda: asyncio.sleep(0, service.stream._clients))
        text = "x" * 4000

        async def let_go() -> bool:
            await world.execute(
                "insert into public.alert_logs (project_id, at, alert_id, effect, reason, count, severity, blocked_by)"
                " select %s, now(), gen_random_uuid(), 'told', 'digest', 1, 'error', %s from generate_series(1, 200)",
                world.project_id, text,
            )  # fmt: skip
            await asyncio.sleep(0.1)
            return not service.stream._clients

        await eventually(let_go, within=30)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            assert (await client.get("/api/alerts/health/live")).status_code == 200
        deaf.close()
    finally:
        server.should_exit = True
        await asyncio.wait_for(running, 20)


async def test_a_server_ends_while_somebody_listens(world: World, tmp_path: Path) -> None:
    server = serving(tmp_path / "serve.log", complete(world.url))
    base = await server.__aenter__()
    async with listening(base, world.owner) as heard:
        assert heard.status == 200
        await asyncio.wait_for(server.__aexit__(None, None, None), 20)
    assert "Traceback" not in (tmp_path / "serve.log").read_text()
