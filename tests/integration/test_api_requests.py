"""Requests that are not what they should be, callers who are not who they say, a database away."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import jwt
import pytest

from meshhook_alerts.adapters.embedded_postgres import EmbeddedPostgres
from meshhook_alerts.adapters.embedded_postgres.server import StopMode
from meshhook_alerts.bootstrap import Service
from meshhook_alerts.entrypoints.api.limits import BODY_LIMIT
from tests.api_client import a_client, bearing, owner_of, problem, token
from tests.databases import Role, create_role, drop_role
from tests.line import JWT_SECRET, World, a_service, build_line, eventually, open_world

pytestmark = pytest.mark.postgres

PATH = "/api/alerts/settings"
JSON = {"content-type": "application/json"}


def minimal(world: World) -> bytes:
    return json.dumps({"project_id": str(world.project_id)}).encode()


@pytest.mark.parametrize(
    "content", [b"", b"{", b'{"a": }', b"\xff\xfe", b"[" * 10_000, b"[" * 40_000]
)
async def test_what_is_not_json_is_said_not_to_be(
    caller: httpx.AsyncClient, content: bytes
) -> None:
    said = problem(await caller.post(PATH, content=content, headers=JSON), 400)
    assert said["code"] == "malformed_json"


@pytest.mark.parametrize("content", [b"null", b"7", b'"text"', b"[]", b"[{}]"])
async def test_json_that_is_no_object_is_a_wrong_field(
    caller: httpx.AsyncClient, content: bytes
) -> None:
    said = problem(await caller.post(PATH, content=content, headers=JSON), 422)
    assert [each["pointer"] for each in said["errors"]] == [""]


@pytest.mark.parametrize(
    "type_",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""],
)
async def test_another_content_type_is_refused_with_the_right_one(
    caller: httpx.AsyncClient, project: World, type_: str
) -> None:
    answer = await caller.post(PATH, content=minimal(project), headers={"content-type": type_})
    assert "application/json" in problem(answer, 415)["detail"]


@pytest.mark.parametrize(
    "type_", ["application/json; charset=utf-8", "APPLICATION/JSON", "application/vnd.x+json"]
)
async def test_every_form_of_json_is_welcome(
    caller: httpx.AsyncClient, project: World, type_: str
) -> None:
    answer = await caller.post(PATH, content=minimal(project), headers={"content-type": type_})
    assert answer.status_code == 201


async def test_a_body_of_3_mb_is_refused_before_it_is_read(caller: httpx.AsyncClient) -> None:
    async def never() -> AsyncIterator[bytes]:
        for _ in "x":
            raise AssertionError("it was read")
        yield b""

    headers = JSON | {"content-length": str(3 * 2**20)}
    said = problem(await caller.post(PATH, content=never(), headers=headers), 413)
    assert str(BODY_LIMIT) in said["detail"]


@pytest.mark.parametrize("length", [None, "-1", "many", "²"])
async def test_a_body_of_unknown_length_is_refused(
    caller: httpx.AsyncClient, project: World, length: str | None
) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield minimal(project)

    headers: list[tuple[bytes, bytes]] = [(b"content-type", b"application/json")]
    if length:
        headers.append((b"content-length", length.encode()))
    assert (
        problem(await caller.post(PATH, content=chunks(), headers=headers), 411)["code"]
        == "length_required"
    )


async def test_unknown_paths_methods_and_ids_are_problems_too(caller: httpx.AsyncClient) -> None:
    problem(await caller.get("/api/alerts/nope"), 404)
    assert problem(await caller.delete(PATH), 405)
    assert (await caller.delete(PATH)).headers["allow"] == "POST"
    assert (
        problem(await caller.get(f"{PATH}/not-an-id"), 422)["errors"][0]["pointer"] == "/project_id"
    )


async def test_a_mistake_of_ours_is_a_problem_with_an_id_and_no_details(
    caller: httpx.AsyncClient,
    project: World,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("the inner workings")

    monkeypatch.setattr(Service, "read_settings", property(broken))
    headers = {"x-request-id": "mine-1"}
    answer = await caller.get(f"{PATH}/{project.project_id}", headers=headers)
    assert problem(answer, 500)["request_id"] == "mine-1"
    assert "inner workings" not in answer.text
    assert "inner workings" in caplog.text


def unsigned() -> str:
    parts = [{"alg": "none", "typ": "JWT"}, {"role": "service_role", "exp": int(time.time()) + 60}]
    return (
        ".".join(
            base64.urlsafe_b64encode(json.dumps(each).encode()).decode().rstrip("=")
            for each in parts
        )
        + "."
    )


def signed(algorithm: str, secret: str, **claims: Any) -> str:
    return jwt.encode(
        {"role": "service_role", "exp": time.time() + 60, **claims}, secret, algorithm=algorithm
    )


ME = "11111111-1111-4111-8111-111111111111"
REFUSED: dict[str, Callable[[], str]] = {
    "expired": lambda: token(ME, exp=time.time() - 5),
    "not yet valid": lambda: token(ME, nbf=time.time() + 600),
    "without an end": lambda: token(ME, exp=None),
    "end is a word": lambda: jwt.encode({"sub": ME, "role": "authenticated", "aud": "authenticated", "exp": "x"}, JWT_SECRET),
    "no algorithm": unsigned,
    "another algorithm": lambda: signed("HS512", JWT_SECRET),
    "another secret": lambda: signed("HS256", JWT_SECRET + "x"),
    "another audience": lambda: token(ME, aud="somebody-else"),
    "without audience": lambda: token(ME, aud=None),
    "role postgres": lambda: token(ME, role="postgres"),
    "role supabase_admin": lambda: token(ME, role="supabase_admin"),
    "role with a trick": lambda: token(ME, role='authenticated"; set role postgres; --'),
    "role a list": lambda: token(ME, role=["service_role"]),  # type: ignore[arg-type]
    "role missing": lambda: token(ME, role=None),  # type: ignore[arg-type]
    "anonymous": lambda: token(ME, role="anon"),
    "no user": lambda: token(None),
    "user no id": lambda: token("postgres"),
    "garbage": lambda: "a.b.c",
    "empty": lambda: "",
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
async def test_a_token_that_proves_nothing_opens_nothing(
    caller: httpx.AsyncClient, project: World, case: str
) -> None:
    headers = bearing(REFUSED[case]())
    for method, path in [
        ("GET", f"{PATH}/{project.project_id}"),
        ("POST", PATH),
        ("POST", "/api/alerts/trigger"),
    ]:
        answer = await caller.request(
            method, path, content=minimal(project), headers=headers | JSON
        )
        assert problem(answer, 401)["code"] == "not_signed_in"
        assert answer.headers["www-authenticate"] == "Bearer"


async def test_without_a_token_or_with_another_scheme_there_is_no_entry(
    service: Service, world: World
) -> None:
    async with a_client(service) as nobody:
        for header in ({}, {"authorization": "Basic YTpi"}, {"authorization": token(ME)}):
            problem(await nobody.get(f"{PATH}/{world.project_id}", headers=header), 401)


async def test_an_audience_among_others_is_an_audience(service: Service, world: World) -> None:
    async with a_client(service) as client:
        headers = bearing(token(world.owner, aud=["authenticated", "other"]))
        assert (await client.get(f"{PATH}/{world.project_id}", headers=headers)).status_code == 200


async def test_a_database_user_that_may_not_act_as_its_callers_is_a_problem_with_advice(
    world: World, postgres_server: str
) -> None:
    loner = Role(f"loner_{uuid4().hex[:8]}", "secret")
    create_role(postgres_server, loner)
    async with a_service(loner.url(world.url)) as service, a_client(service, world.owner) as client:
        said = problem(await client.get(f"{PATH}/{world.project_id}"), 503)
    drop_role(postgres_server, loner)
    assert 'permission denied to set role "authenticated"' in said["detail"]
    assert "meshhook-alerts doctor" in said["detail"]


@pytest.fixture
def server(open_folder: Path) -> Iterator[EmbeddedPostgres]:
    """A Postgres of one's own, to be stopped and started."""
    with EmbeddedPostgres(open_folder, durable=False) as started:
        yield started


async def test_a_database_away_is_a_503_and_back_again_all_works_without_a_restart(
    server: EmbeddedPostgres,
) -> None:
    await build_line(server.url)
    world = await open_world(server.url)
    async with a_service(server.url) as service, a_client(service) as client:
        service.database.pool.timeout = 1
        calls = [
            ("GET", f"{PATH}/{world.project_id}"),
            ("POST", PATH),
            ("GET", "/api/alerts/health/ready"),
        ]

        async def answers() -> list[httpx.Response]:
            content, headers = minimal(world), owner_of(world) | JSON
            return await asyncio.gather(
                *(client.request(m, p, content=content, headers=headers) for m, p in calls)
            )

        assert [each.status_code for each in await answers()] == [200, 201, 200]
        modes: list[StopMode] = ["fast", "immediate"]
        for mode in modes:
            await asyncio.to_thread(server.stop_server, mode)
            for answer in await answers():
                said = problem(answer, 503)
                assert said["code"] == "database_unavailable"
                assert int(answer.headers["retry-after"]) > 0
                assert server.data.name not in answer.text
            assert (await client.get("/api/alerts/health/live")).status_code == 200
            await asyncio.to_thread(server.start_server)

            async def all_well() -> bool:
                return [each.status_code for each in await answers()] == [200, 200, 200]

            await eventually(all_well, within=10)


async def test_a_database_restarted_between_two_requests_is_not_noticed(
    server: EmbeddedPostgres,
) -> None:
    await build_line(server.url)
    world = await open_world(server.url)
    async with a_service(server.url) as service, a_client(service, world.owner) as client:
        for _ in range(2):
            assert (await client.get(f"{PATH}/{world.project_id}")).status_code == 200
            await asyncio.to_thread(server.stop_server, "fast")
            await asyncio.to_thread(server.start_server)
        assert (await client.get(f"{PATH}/{world.project_id}")).status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PATCH", "/api/alerts/settings"),
        ("POST", "/api/alerts/settings/6d6f0e1c-4bd7-41a8-9b53-3c1f5b0a2a11"),
        ("POST", "/api/alerts/health/live"),
        ("DELETE", "/api/alerts/trigger"),
    ],
)
async def test_a_wrong_method_is_405_whatever_its_body(
    world: World, method: str, path: str
) -> None:
    async with a_service(world.url) as service, a_client(service) as client:
        problem(await client.request(method, path), 405)
        problem(await client.request(method, path, content=b"x"), 405)
        problem(await client.request(method, path + "/no/such/place/here"), 404)


async def test_a_database_with_nothing_to_watch_is_not_ready(world: World) -> None:
    await world.execute("alter table public.workflow_events rename to something_else")
    async with a_service(world.url) as service, a_client(service) as client:
        said = problem(await client.get("/api/alerts/health/ready"), 503)
    assert "nothing to watch: this database has no workflow_events" in said["detail"]


async def test_a_database_without_our_tables_is_not_ready_and_says_what_to_run(
    database_url: str,
) -> None:
    async with a_service(database_url) as service, a_client(service) as client:
        said = problem(await client.get("/api/alerts/health/ready"), 503)
    assert "meshhook-alerts migrate" in said["detail"]


async def test_the_apis_pages_come_whole_from_here(world: World) -> None:
    async with a_service(world.url) as service, a_client(service) as client:
        page = await client.get("/api/alerts/docs")
        assert page.status_code == 200
        asked = re.findall(r'(?:src|href|url)[=:] ?["\']([^"\']+)', page.text)
        assert len(asked) >= 3
        for address in asked:
            assert address.startswith("/api/alerts/"), address
            found = await client.get(address)
            assert (found.status_code, len(found.content) > 500) == (200, True), address
        assert (await client.get("/api/alerts/docs/../app.py")).status_code == 404
        assert (await client.get("/api/alerts/docs/__init__.py")).status_code == 404


async def test_the_specification_says_what_each_kind_of_channel_takes(world: World) -> None:
    async with a_service(world.url) as service, a_client(service) as client:
        found = (await client.get("/api/alerts/openapi.json")).json()
    assert "$defs" not in str(found)
    body = found["paths"]["/api/alerts/settings"]["post"]["requestBody"]["content"]
    channels = body["application/json"]["schema"]["properties"]["channels"]
    (many,) = [each for each in channels["anyOf"] if each["type"] == "array"]
    by_kind = {each["properties"]["kind"]["const"]: each for each in many["items"]["anyOf"]}
    assert "smtp_host" in by_kind["email"]["properties"]["config"]["properties"]
    assert "url" in by_kind["webhook"]["properties"]["config"]["properties"]
