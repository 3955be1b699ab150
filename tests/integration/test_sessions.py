"""Signing in to the dashboard: a cookie that no script reads, links that work once, and nothing for other sites."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import jwt
import pytest

from meshhook_alerts.bootstrap import Service
from meshhook_alerts.entrypoints.api import create_app
from meshhook_alerts.entrypoints.api.sessions import COOKIE, LocalSignIn, SignInLinks
from meshhook_alerts.entrypoints.local import sign_in_links
from tests.api_client import bearing, token
from tests.commands import command, environment
from tests.line import JWT_SECRET, World

pytestmark = pytest.mark.postgres

ORIGIN = {"origin": "http://alerts"}


@pytest.fixture
async def links(tmp_path: Path) -> SignInLinks:
    return SignInLinks(JWT_SECRET, tmp_path / "sign-ins")


@pytest.fixture
async def browser(
    service: Service, world: World, links: SignInLinks
) -> AsyncIterator[httpx.AsyncClient]:
    """A reader without a session, who keeps cookies."""
    app = create_app(service, JWT_SECRET, LocalSignIn(links, lambda: token(world.owner)))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://alerts") as client:
        yield client


async def test_a_token_begins_a_session_and_signing_out_ends_it(
    browser: httpx.AsyncClient, world: World
) -> None:
    assert (await browser.get("/api/alerts/session")).json()["signed_in"] is False
    assert (await browser.get("/api/alerts")).status_code == 401
    begun = await browser.post(
        "/api/alerts/session", json={"access_token": token(world.owner)}, headers=ORIGIN
    )
    assert begun.json()["user_id"] == str(world.owner)
    cookie = begun.headers["set-cookie"]
    assert all(part in cookie for part in ("HttpOnly", "SameSite=strict", "Path=/", "Max-Age="))
    assert "Secure" not in cookie  # plain HTTP on this machine
    assert (await browser.get("/api/alerts")).status_code == 200
    assert (await browser.delete("/api/alerts/session", headers=ORIGIN)).status_code == 204
    assert (await browser.get("/api/alerts")).status_code == 401


async def test_behind_https_the_cookie_stays_there(service: Service, world: World) -> None:
    transport = httpx.ASGITransport(create_app(service, JWT_SECRET))
    async with httpx.AsyncClient(transport=transport, base_url="https://alerts") as client:
        begun = await client.post(
            "/api/alerts/session",
            json={"access_token": token(world.owner)},
            headers={"origin": "https://alerts"},
        )
    assert "Secure" in begun.headers["set-cookie"]


@pytest.mark.parametrize(
    "headers",
    [{}, {"origin": "https://evil.example"}, {"origin": "null"}, {**ORIGIN, "sec-fetch-site": "cross-site"}],
    ids=["none", "another", "opaque", "cross-site"],
)  # fmt: skip
async def test_another_site_changes_nothing(
    browser: httpx.AsyncClient, world: World, headers: dict[str, str]
) -> None:
    browser.cookies.set(COOKIE, token(world.owner))
    change = {"project_id": str(world.project_id), "cooldown_seconds": 60}
    for answer in (
        await browser.post("/api/alerts/settings", json=change, headers=headers),
        await browser.post(
            "/api/alerts/acknowledge", json={"ids": [str(world.owner)]}, headers=headers
        ),
        await browser.delete("/api/alerts/session", headers=headers),
        await browser.post(
            "/api/alerts/session", json={"access_token": token(world.owner)}, headers=headers
        ),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "foreign_origin")
        assert "access-control-allow-origin" not in answer.headers
    assert (await browser.post("/api/alerts/settings", json=change, headers=ORIGIN)).is_success


async def test_a_program_with_a_token_needs_no_origin(
    browser: httpx.AsyncClient, world: World
) -> None:
    change = {"project_id": str(world.project_id), "cooldown_seconds": 60}
    answer = await browser.post(
        "/api/alerts/settings", json=change, headers=bearing(token(world.owner))
    )
    assert answer.is_success


@pytest.mark.parametrize("bad", ["x", "a.b.c", jwt.encode({"sub": "x"}, "z" * 40)])
async def test_a_bad_token_begins_nothing(browser: httpx.AsyncClient, bad: str) -> None:
    answer = await browser.post("/api/alerts/session", json={"access_token": bad}, headers=ORIGIN)
    assert (answer.status_code, "set-cookie" in answer.headers) == (401, False)
    assert bad not in answer.text or len(bad) < 6
    browser.cookies.set(COOKIE, bad)
    assert (await browser.get("/api/alerts")).status_code == 401


async def test_a_sign_in_link_works_once(
    browser: httpx.AsyncClient, links: SignInLinks, world: World
) -> None:
    once = links.make()
    answers = await asyncio.gather(
        *(browser.get("/alerts/sign-in", params={"once": once}) for _ in range(5))
    )
    assert sorted(answer.status_code for answer in answers) == [303, 410, 410, 410, 410]
    good = next(answer for answer in answers if answer.status_code == 303)
    assert good.headers["location"] == "/alerts/"
    session = (await browser.get("/api/alerts/session")).json()
    assert (session["user_id"], session["local"]) == (str(world.owner), True)


async def test_links_that_are_old_forged_or_of_another_kind_lead_nowhere(
    browser: httpx.AsyncClient, links: SignInLinks, world: World, tmp_path: Path
) -> None:
    others = SignInLinks("x" * 40, tmp_path / "others")
    session = token(world.owner)  # signed with the same secret, and no link
    forged = jwt.encode(
        {"aud": "meshhook-alerts:sign-in", "jti": "../../x", "exp": time.time() + 60}, "y" * 40
    )
    for once in (links.make(time.time() - 1_000), others.make(), session, forged, "", "x"):
        answer = await browser.get("/alerts/sign-in", params={"once": once})
        assert answer.status_code == 410
        assert "set-cookie" not in answer.headers


async def test_where_nobody_is_local_there_are_no_links(
    service: Service, links: SignInLinks
) -> None:
    transport = httpx.ASGITransport(create_app(service, JWT_SECRET))
    async with httpx.AsyncClient(transport=transport, base_url="http://alerts") as client:
        answer = await client.get("/alerts/sign-in", params={"once": links.make()})
    assert answer.status_code == 404


async def test_the_command_line_makes_another_link(tmp_path: Path, world: World) -> None:
    data = {
        "MESHHOOK_ALERTS_DATA": str(tmp_path),
        "MESHHOOK_ALERTS_BASE_URL": "https://alerts.example",
    }
    shown = await command("sign-in", env=environment(**data))
    assert shown.code == 0, shown
    address, _, once = shown.out.strip().partition("?once=")
    assert address == "https://alerts.example/alerts/sign-in"
    assert sign_in_links(tmp_path).use(once)
    assert not sign_in_links(tmp_path).use(once)  # another process, the same folder
    refused = await command("sign-in", env=environment(DATABASE_URL=world.url, **data))
    assert (refused.code, "people sign in at MeshHook" in refused.err) == (2, True)
