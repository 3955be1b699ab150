"""Whoever calls the API badly is refused early, and holds up nobody."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from meshhook_alerts.entrypoints.api import create_app
from meshhook_alerts.entrypoints.running import bind, serving
from tests.api_client import SERVICE, a_client, bearing, owner_of, problem, token
from tests.line import JWT_SECRET, World, a_service

pytestmark = pytest.mark.postgres

HEAVY = b"[" + b"{}," * 700_000 + b"{}]"
DEEP = b'{"project_id": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
PATHS = ["/api/alerts/settings", "/api/alerts/trigger"]
JSON = {"content-type": "application/json"}


@asynccontextmanager
async def an_api(world: World) -> AsyncIterator[tuple[str, int]]:
    """The API on a socket of its own."""
    async with a_service(world.url) as service:
        listener = bind("127.0.0.1", 0)
        async with serving(create_app(service, JWT_SECRET), listener):
            yield listener.getsockname()[:2]


@pytest.mark.parametrize("path", PATHS)
async def test_a_caller_without_a_token_is_refused_before_the_body_is_looked_at(
    world: World, path: str
) -> None:
    async with a_service(world.url) as service, a_client(service) as client:
        started = time.process_time()
        answer = await client.post(path, content=HEAVY, headers=JSON)
        assert time.process_time() - started < 0.2
    assert problem(answer, 401)["code"] == "not_signed_in"


@pytest.mark.parametrize("path", PATHS)
async def test_the_refusal_comes_while_the_body_is_still_on_its_way(
    world: World, path: str
) -> None:
    async with an_api(world) as (host, port):
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(
            f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            "Content-Length: 1000\r\n\r\n".encode()
        )
        first = await asyncio.wait_for(reader.readline(), 3)
        assert b"401" in first
        writer.close()


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("body", [HEAVY, DEEP], ids=["heavy", "deep"])
async def test_a_body_of_too_many_parts_is_refused_cheaply(
    world: World, path: str, body: bytes
) -> None:
    headers = SERVICE if path.endswith("trigger") else owner_of(world)
    async with a_service(world.url) as service, a_client(service) as client:
        started = time.process_time()
        answer = await client.post(path, content=body, headers=JSON | headers)
        assert time.process_time() - started < 0.3
    assert answer.status_code in (400, 413, 422), answer.text[:200]
    assert answer.headers["content-type"] == "application/problem+json"


async def test_stalled_uploads_are_let_go_and_others_are_served(world: World) -> None:
    async with an_api(world) as (host, port):
        stalled = []
        for _ in range(300):
            plug = socket.create_connection((host, port))
            plug.sendall(
                b"POST /api/alerts/settings HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                b"Authorization: " + bearing(token(world.owner))["authorization"].encode() + b"\r\n"
                b"Content-Length: 1000\r\n\r\n{"
            )
            plug.setblocking(False)
            stalled.append(plug)
        await asyncio.sleep(0.5)
        async with httpx.AsyncClient(base_url=f"http://{host}:{port}") as client:
            answer = await client.get("/api/alerts/health/live", timeout=5)
            assert answer.status_code == 200
            await asyncio.sleep(11)
            closed = sum(1 for plug in stalled if _is_closed(plug))
        assert closed == 300
        for plug in stalled:
            plug.close()


async def test_connections_that_say_nothing_are_let_go(world: World) -> None:
    async with an_api(world) as (host, port):
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(b"GET /api/alerts/health/live HTTP/1.1\r\nHost:")
        assert await asyncio.wait_for(reader.read(), 15) is not None
        writer.close()


def _is_closed(plug: socket.socket) -> bool:
    try:
        while chunk := plug.recv(65536):
            assert chunk
        return True
    except BlockingIOError:
        return False
    except OSError:
        return True


async def test_one_caller_gets_no_more_places_than_its_share(world: World) -> None:
    async with an_api(world) as (host, port):
        waiting = []
        head = (
            b"POST /api/alerts/settings HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Authorization: " + bearing(token(world.owner))["authorization"].encode() + b"\r\n"
            b"Content-Length: 1000\r\n\r\n{"
        )
        for _ in range(40):
            reader, writer = await asyncio.open_connection(host, port)
            writer.write(head)
            waiting.append((reader, writer))
        answers = []
        for reader, _ in waiting:
            try:
                answers.append(await asyncio.wait_for(reader.readline(), 0.2))
            except TimeoutError:
                answers.append(b"")
        assert sum(b"429" in each for each in answers) >= 40 - 16
        for _, writer in waiting:
            writer.close()
