"""Signing in as in MeshHook: the service exchanges address and password with Supabase Auth, here a server of its kind."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from meshhook_alerts.entrypoints.api import create_app
from meshhook_alerts.entrypoints.api.sessions import COOKIE, REFRESH_COOKIE
from tests.api_client import a_client, problem, token
from tests.line import JWT_SECRET, World, a_service

pytestmark = pytest.mark.postgres

ORIGIN = {"origin": "http://alerts"}
PASSWORD = "sentinel-of-the-password"
PATH = "/api/alerts/session/password"


@dataclass
class SupabaseOfOne:
    """The token endpoint of Supabase Auth, with one account."""

    world: World
    url: str = ""
    answers_with: int = 200
    asked: list[dict[str, Any]] = field(default_factory=list)
    refresh: str = "refresh-1"
    life: float = 3600
    """Seconds that a token is good for."""

    async def answer(self, request: web.Request) -> web.Response:
        said = await request.json()
        grant = request.query["grant_type"]
        self.asked.append({"grant": grant, "apikey": request.headers.get("apikey"), **said})
        if self.answers_with != 200:
            return web.json_response({"msg": "no"}, status=self.answers_with)
        good = (said.get("password") == PASSWORD) or said.get("refresh_token") == self.refresh
        if not good:
            wrong = {"code": 400, "error_code": "invalid_credentials", "msg": "Invalid login"}
            return web.json_response(wrong, status=400)
        self.refresh = f"refresh-{len(self.asked) + 1}"
        given = token(self.world.owner, email="ana@example.com", exp=time.time() + self.life)
        return web.json_response(
            {"access_token": given, "token_type": "bearer", "refresh_token": self.refresh}
        )


@asynccontextmanager
async def a_supabase(world: World) -> AsyncIterator[SupabaseOfOne]:
    """Listens on loopback while the block runs."""
    made = SupabaseOfOne(world)
    app = web.Application()
    app.router.add_post("/auth/v1/token", made.answer)
    async with TestServer(app, host="127.0.0.1") as server:
        made.url = str(server.make_url("")).rstrip("/")
        yield made


@pytest.fixture
async def supabase(world: World) -> AsyncIterator[SupabaseOfOne]:
    async with a_supabase(world) as made:
        yield made


@pytest.fixture
async def browser(world: World, supabase: SupabaseOfOne) -> AsyncIterator[httpx.AsyncClient]:
    """A reader who keeps cookies, at a service that knows the Supabase project."""
    named = {"supabase_url": supabase.url, "supabase_anon_key": "public-key"}
    async with a_service(world.url, **named) as service:
        transport = httpx.ASGITransport(create_app(service, JWT_SECRET))
        async with httpx.AsyncClient(
            transport=transport, base_url="http://alerts", headers=ORIGIN
        ) as client:
            yield client


async def signed_in(browser: httpx.AsyncClient) -> httpx.Response:
    return await browser.post(PATH, json={"email": " Ana@example.com ", "password": PASSWORD})


async def test_address_and_password_begin_a_session_in_cookies_no_script_can_read(
    browser: httpx.AsyncClient, supabase: SupabaseOfOne, world: World
) -> None:
    assert (await browser.get("/api/alerts/session")).json()["password"] is True
    begun = await signed_in(browser)
    assert begun.json()["name"] == "ana@example.com"
    assert begun.json()["renewable"] is True
    cookies = begun.headers.get_list("set-cookie")
    assert len(cookies) == 2
    assert all("HttpOnly" in each and "SameSite=strict" in each for each in cookies)
    assert (
        next(each for each in cookies if each.startswith(REFRESH_COOKIE)).count(
            "Path=/api/alerts/session"
        )
        == 1
    )
    assert PASSWORD not in begun.text
    assert supabase.refresh not in begun.text
    assert supabase.asked[0]["apikey"] == "public-key"
    assert supabase.asked[0]["email"] == "Ana@example.com"
    assert (await browser.get("/api/alerts")).status_code == 200


async def test_a_session_is_renewed_with_the_next_token_each_time_and_ends_with_the_account(
    browser: httpx.AsyncClient, supabase: SupabaseOfOne
) -> None:
    await signed_in(browser)
    for _ in range(2):
        renewed = await browser.post("/api/alerts/session/refresh")
        assert renewed.json().get("renewable") is True, renewed.text
    assert [each.get("refresh_token") for each in supabase.asked[1:]] == ["refresh-2", "refresh-3"]
    supabase.refresh = "revoked"
    assert problem(await browser.post("/api/alerts/session/refresh"), 401)["code"] == (
        "sign_in_refused"
    )
    await browser.delete("/api/alerts/session")
    assert problem(await browser.post("/api/alerts/session/refresh"), 401)["code"] == (
        "not_signed_in"
    )
    assert COOKIE not in browser.cookies


@pytest.mark.parametrize(
    ("theirs", "ours", "code"),
    [(400, 401, "sign_in_refused"), (422, 401, "sign_in_refused"), (429, 429, "too_many_requests"),
     (500, 503, "sign_in_unavailable"), (302, 503, "sign_in_unavailable")],
)  # fmt: skip
async def test_what_supabase_says_is_said_in_our_words(
    browser: httpx.AsyncClient, supabase: SupabaseOfOne, theirs: int, ours: int, code: str
) -> None:
    supabase.answers_with = theirs
    refused = await signed_in(browser)
    assert problem(refused, ours)["code"] == code
    assert "set-cookie" not in refused.headers
    assert PASSWORD not in refused.text


async def test_no_other_site_may_sign_a_reader_in_and_nobody_may_guess_for_long(
    browser: httpx.AsyncClient, supabase: SupabaseOfOne
) -> None:
    evil = await browser.post(
        PATH, json={"email": "a@b.c", "password": PASSWORD}, headers={"origin": "https://evil.test"}
    )
    assert problem(evil, 403)["code"] == "foreign_origin"
    assert supabase.asked == []
    for number in range(10):
        await browser.post(PATH, json={"email": "ana@example.com", "password": str(number)})
    refused = await signed_in(browser)
    assert problem(refused, 429)
    assert len(supabase.asked) == 10


async def test_without_supabase_it_is_said_what_is_missing(world: World) -> None:
    async with a_service(world.url) as service, a_client(service) as client:
        refused = await client.post(PATH, json={"email": "a@b.c", "password": "x"}, headers=ORIGIN)
        assert "SUPABASE_ANON_KEY" in problem(refused, 404)["detail"]


async def test_supabase_away_is_a_problem_that_passes(
    browser: httpx.AsyncClient, supabase: SupabaseOfOne, world: World
) -> None:
    async with (
        a_service(world.url, supabase_url="http://127.0.0.1:9", supabase_anon_key="k") as service,
        a_client(service) as client,
    ):
        away = await client.post(PATH, json={"email": "a@b.c", "password": "x"}, headers=ORIGIN)
    assert problem(away, 503)["code"] == "sign_in_unavailable"
