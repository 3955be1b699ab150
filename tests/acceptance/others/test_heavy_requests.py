"""Whoever calls the API badly is refused early, and holds up nobody."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from meshhook_alerts.entrypoints import connections
from meshhook_alerts.entrypoints.api import create_app, limits
from meshhook_alerts.entrypoints.api.limits import BODIES_AT_ONCE
from meshhook_alerts.entrypoints.running import bind, serving
from tests.api_client import SERVICE, a_client, bearing, owner_of, problem, token
from tests.line import JWT_SECRET, World, a_service

pytestmark = pytest.mark.postgres

HEAVY = b"[" + b"{}," * 690_000 + b"{}]"
DEEP = b'{"project_id": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
PATHS = ["/api/alerts/settings", "/api/alerts/trigger"]
JSON = {"content-type": "application/json"}


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits as long as tests like to."""
    monkeypatch.setattr(limits, "BODY_SECONDS", 2.0)
    monkeypatch.setattr(connections, "HEADER_SECONDS", 2.0)


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


def an_upload(world: World) -> bytes:
    """The beginning of a request whose body never comes."""
    return (
        b"POST /api/alerts/settings HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b"Authorization: " + bearing(token(world.owner))["authorization"].encode() + b"\r\n"
        b"Content-Length: 1000\r\n\r\n{"
    )


async def test_stalled_uploads_are_let_go_and_others_are_served(world: World) -> None:
    async with an_api(world) as (host, port):
        plugs = []
        for _ in range(300):
            reader, writer = await asyncio.open_connection(host, port)
            writer.write(an_upload(world))
            plugs.append((reader, writer))
        async with httpx.AsyncClient(base_url=f"http://{host}:{port}") as client:
            answer = await client.get("/api/alerts/health/live", timeout=5)
        assert answer.status_code == 200
        answers = await asyncio.wait_for(
            asyncio.gather(*(reader.read() for reader, _ in plugs)), 10
        )  # each until its connection is closed
        for _, writer in plugs:
            writer.close()
    statuses = Counter(each.split()[1] for each in answers)
    assert statuses == {b"408": BODIES_AT_ONCE, b"429": 300 - BODIES_AT_ONCE}


async def test_connections_that_say_nothing_are_let_go(world: World) -> None:
    async with an_api(world) as (host, port):
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(b"GET /api/alerts/health/live HTTP/1.1\r\nHost:")
        assert await asyncio.wait_for(reader.read(), 8) is not None
        writer.close()


async def test_a_caller_who_has_had_an_answer_may_not_hold_the_connection(world: World) -> None:
    async with an_api(world) as (host, port):
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(b"GET /api/alerts/health/live HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"200" in await reader.readline()
        writer.write(b"GET /api/alerts/health/live HTTP/1.1\r\nHo")
        await asyncio.wait_for(reader.read(), 8)
        writer.close()


async def test_one_address_takes_no_more_than_its_share_of_connections(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "PER_ADDRESS_LIMIT", 20)
    async with an_api(world) as (host, port):
        plugs = [await asyncio.open_connection(host, port) for _ in range(25)]
        refused = await asyncio.wait_for(plugs[-1][0].read(), 5)
        assert refused.startswith(b"HTTP/1.1 503")
        for _, writer in plugs:
            writer.close()
        await asyncio.sleep(0.2)
        async with httpx.AsyncClient(base_url=f"http://{host}:{port}") as client:
            assert (await client.get("/api/alerts/health/live")).status_code == 200
