"""Attacks on who one is: with tokens, from other sites, across origins, with cookies, on the stream. Against `serve` over
sockets, each over every operation it concerns; in the end nothing has changed, and the log holds none of what was sent."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import jwt
import pytest

from meshhook_alerts.application.stream import PER_CALLER_LIMIT
from meshhook_alerts.entrypoints.api.sessions import COOKIE, REFRESH_COOKIE
from tests.api_client import bearing, token
from tests.commands import complete
from tests.line import JWT_SECRET, World, open_world
from tests.serving import serving

pytestmark = pytest.mark.postgres

SENTINEL = "sentinel-c0ffee"
PLENTY = {"MESHHOOK_ALERTS_REQUESTS_PER_MINUTE": "1000000"}
OPEN = {"/api/alerts/health/live", "/api/alerts/health/ready", "/api/alerts/session"}
"""What answers everybody."""
OTHERWISE = ("/api/alerts/receipts/", "/api/alerts/session")
"""What is let in by a provider's signature, or is itself the way in."""
FOREIGN: dict[str, dict[str, str]] = {
    "none": {},
    "another": {"origin": "https://evil.example"},
    "opaque": {"origin": "null"},
    "same host, other port": {"origin": "http://127.0.0.1:1"},
    "ours as a prefix": {"origin": "http://127.0.0.1.evil.example"},
    "ours as a name": {"origin": "http://evil.example/127.0.0.1"},
    "with a user": {"origin": "http://127.0.0.1@evil.example"},
}


@dataclass
class Target:
    """A server under attack."""

    world: World
    address: str
    log: Path
    operations: list[tuple[str, str]] = field(default_factory=list)

    @property
    def changing(self) -> list[tuple[str, str]]:
        """Operations that change something, but for those that have another way in."""
        return [
            (verb, path)
            for verb, path in self.operations
            if verb != "GET" and not path.startswith(OTHERWISE)
        ]

    def __post_init__(self) -> None:
        assert len(self.changing) > 15, "there is nothing to attack"

    async def state(self) -> list[dict[str, Any]]:
        """All that a session could change."""
        tables = ("alert_settings", "alert_channels", "alert_silences", "alert_acts", "alerts")
        each = [f"(select md5(string_agg(t::text, '' order by t::text)) from public.{name} t) as {name}"
                for name in tables]  # fmt: skip
        return await self.world.rows(f"select {', '.join(each)}")


def path_of(path: str, target: Target) -> str:
    """A path with places filled in."""
    project = str(target.world.project_id)
    return path.replace("{project_id}", project).replace("{workflow}", "orders").replace(
        "{version}", "1").replace("{alert_id}", str(uuid4())).replace("{silence_id}", str(uuid4())).replace(
        "{channel_id}", str(uuid4())).replace("{notification_id}", str(uuid4()))  # fmt: skip


@pytest.fixture
async def target(world: World, tmp_path: Path) -> AsyncIterator[Target]:
    log = tmp_path / "serve.log"
    async with serving(log, complete(world.url, **PLENTY)) as address:
        async with httpx.AsyncClient(base_url=address) as client:
            paths = (await client.get("/api/alerts/openapi.json")).json()["paths"]
        yield Target(
            world, address, log, [(verb.upper(), path) for path in paths for verb in paths[path]]
        )
    said = log.read_text()
    assert SENTINEL not in said
    assert "Traceback" not in said


@asynccontextmanager
async def somebody(target: Target, **given: Any) -> AsyncIterator[httpx.AsyncClient]:
    """Whoever asks; follows no redirect."""
    async with httpx.AsyncClient(base_url=target.address, timeout=30, **given) as client:
        yield client


def _part(value: object) -> str:
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


def forged(world: World) -> dict[str, str]:
    """Tokens that look like good ones."""
    now = time.time()
    good = {
        "sub": str(world.owner),
        "role": "authenticated",
        "aud": "authenticated",
        "exp": now + 600,
    }
    head = {"alg": "HS256", "typ": "JWT"}

    def signed(claims: object, header: dict[str, Any] = head, key: str = JWT_SECRET) -> str:
        body = f"{_part(header)}.{_part(claims)}"
        return f"{body}.{_part(hmac.digest(key.encode(), body.encode(), hashlib.sha256))}"

    unsigned = f"{_part({'alg': 'none'})}.{_part(good)}."
    return {
        "another secret": signed(good, key=SENTINEL),
        "no algorithm": unsigned,
        "no algorithm, in capitals": unsigned.replace(_part({"alg": "none"}), _part({"alg": "NONE"})),
        "signature cut off": signed(good).rpartition(".")[0] + ".",
        "signature of another": signed(good).rpartition(".")[0] + "." + signed({}).rpartition(".")[2],
        "another algorithm": jwt.encode(good, JWT_SECRET, algorithm="HS512"),
        "expired": signed({**good, "exp": now - 1}),
        "no end": signed({name: each for name, each in good.items() if name != "exp"}),
        "an end that is no number": signed({**good, "exp": "never"}),
        "not yet": signed({**good, "nbf": now + 3_600}),
        "issued in the future": signed({**good, "iat": now + 3_600}),
        "of a superuser": signed({**good, "role": "postgres"}),
        "of an admin": signed({**good, "role": "supabase_admin"}),
        "of nobody": signed({**good, "role": "anon"}),
        "role with a statement": signed({**good, "role": "authenticated; reset role"}),
        "role as a list": signed({**good, "role": ["service_role"]}),
        "for somebody else": signed({**good, "aud": "elsewhere"}),
        "of no user": signed({**good, "sub": ""}),
        "of a user that is no id": signed({**good, "sub": "' or true --"}),
        "claims as a list": signed([good]),
        "claims as a number": signed(7),
        "a key of its own": signed(good, {**head, "jwk": {"kty": "oct", "k": _part(b"x")}}, "x"),
        "a key from elsewhere": signed(good, {**head, "jku": "http://127.0.0.1:1/keys"}, "x"),
        "a key by a path": signed(good, {**head, "kid": "../../../../dev/null"}, ""),
        "critical and unknown": signed(good, {**head, "crit": ["x"], "x": 1}),
        "a claim that cannot be kept": signed({**good, "note": "a\x00b"}),
        "a number beyond all": signed({**good, "n": 10**400}),
        "many parts": signed(good) + "." + signed(good),
        "very long": SENTINEL * 500,
        "no token": SENTINEL,
        "bytes": "\xff\xfe",
    }  # fmt: skip


async def test_no_forged_token_lets_anybody_in_anywhere(target: Target) -> None:
    before = await target.state()
    tokens = forged(target.world)
    async with somebody(target) as client:
        for name, value in tokens.items():
            answer = await client.get(
                "/api/alerts", headers=[(b"authorization", b"Bearer " + value.encode("latin-1"))]
            )
            assert answer.status_code == 401, (name, answer.status_code, answer.text)
            assert value not in answer.text or len(value) < 5, name
            # The same in a cookie.
            cookie = b"%s=%s" % (COOKIE.encode(), value.encode("latin-1"))
            answer = await client.get("/api/alerts", headers=[(b"cookie", cookie)])
            assert answer.status_code == 401, (name, answer.text)
        for verb, path in target.operations:
            if path in OPEN or path.startswith(OTHERWISE):
                continue
            for name in ("another secret", "no algorithm", "expired", "of a superuser"):
                answer = await client.request(
                    verb, path_of(path, target), headers=bearing(tokens[name]), json={}
                )
                assert answer.status_code == 401, (verb, path, name, answer.text)
                assert answer.headers["www-authenticate"] == "Bearer"
    assert await target.state() == before


@pytest.mark.parametrize(
    "headers",
    [
        [("authorization", "Basic dTpw")], [("authorization", "")], [("authorization", "Bearer")],
        [("authorization", "Bearer " + "a" * 60_000)], [("authorization", "Bearer a"), ("authorization", "Bearer b")],
        [("cookie", f"{COOKIE}=a; {COOKIE}=b")], [("cookie", "=" * 5_000)], [("cookie", f'{COOKIE}="')],
    ],
)  # fmt: skip
async def test_odd_headers_are_refused_and_break_nothing(
    target: Target, headers: list[tuple[str, str]]
) -> None:
    async with somebody(target) as client:
        answer = await client.get("/api/alerts", headers=headers)
        assert answer.status_code in (400, 401, 431), answer.text
        assert (await client.get("/api/alerts/health/live")).status_code == 200


@pytest.mark.parametrize("origin", FOREIGN)
async def test_no_other_site_changes_anything_with_a_readers_session(
    target: Target, origin: str
) -> None:
    before = await target.state()
    async with somebody(target, cookies={COOKIE: token(target.world.owner)}) as client:
        for verb, path in target.changing:
            # As a form of another site can send it, and as a script can.
            for type_ in ("text/plain", "application/json"):
                headers = {"content-type": type_, **FOREIGN[origin]}
                answer = await client.request(
                    verb, path_of(path, target), content=b"{}", headers=headers
                )
                assert answer.status_code == 403, (verb, path, answer.text)
                assert answer.json()["code"] == "foreign_origin"
        ended = await client.delete("/api/alerts/session", headers=FOREIGN[origin])
        assert ended.status_code == 403  # nor signs the reader out
        begun = await client.post(
            "/api/alerts/session", json={"access_token": token(uuid4())}, headers=FOREIGN[origin]
        )
        assert begun.status_code == 403  # nor in, as somebody else
        assert "set-cookie" not in begun.headers
    assert await target.state() == before


async def test_our_own_page_may_and_only_with_json(target: Target) -> None:
    change = {"project_id": str(target.world.project_id), "cooldown_seconds": 60}
    ours = {"origin": target.address}
    async with somebody(target, cookies={COOKIE: token(target.world.owner)}) as client:
        as_form = {**ours, "content-type": "text/plain"}
        answer = await client.post(
            "/api/alerts/settings", content=json.dumps(change), headers=as_form
        )
        assert answer.status_code == 415
        for site in ("cross-site", "same-site"):
            answer = await client.post(
                "/api/alerts/settings", json=change, headers={**ours, "sec-fetch-site": site}
            )
            assert answer.status_code == 403
        answer = await client.post("/api/alerts/settings", json=change, headers=ours)
        assert answer.status_code == 201


async def test_nothing_is_shared_across_origins(target: Target) -> None:
    evil = {"origin": "https://evil.example"}
    async with somebody(target, headers=bearing(token(target.world.owner))) as client:
        for verb, path in target.operations:
            asked = {
                **evil,
                "access-control-request-method": verb,
                "access-control-request-headers": "authorization",
            }
            answer = await client.options(path_of(path, target), headers=asked)
            assert answer.status_code in (404, 405), (path, answer.status_code)
            assert not [name for name in answer.headers if name.startswith("access-control")]
        for path in ("/api/alerts", "/api/alerts/session", "/api/alerts/openapi.json", "/alerts/"):
            answer = await client.get(path, headers=evil)
            assert answer.status_code == 200
            assert not [name for name in answer.headers if name.startswith("access-control")]
            assert answer.headers["x-content-type-options"] == "nosniff"


async def test_pages_cannot_be_framed_and_run_nothing_of_others(target: Target) -> None:
    async with somebody(target) as client:
        for path in (
            "/alerts/",
            f"/alerts/a/{uuid4()}",
            f"/alerts/a/{uuid4()}?t=x",
            "/alerts/rules",
        ):
            answer = await client.get(path)
            policy = answer.headers["content-security-policy"]
            assert answer.headers["x-frame-options"] == "DENY"
            assert "frame-ancestors 'none'" in policy
            assert "default-src 'none'" in policy
            assert "unsafe-eval" not in policy
            assert "script-src 'unsafe-inline'" not in policy
        for path in (
            "/alerts/..%2f..%2fetc/passwd",
            "/alerts/%2e%2e/%2e%2e/etc/passwd",
            "/alerts/_app/..%5c..%5cx.js",
            "/alerts//etc/passwd",
        ):
            answer = await client.get(path)
            assert "root:" not in answer.text
        for host in ("evil.example", "evil.example:80"):
            answer = await client.get("/alerts", headers={"host": host})
            assert answer.headers["location"] == "/alerts/"


async def test_a_cookie_is_a_token_and_no_more(target: Target) -> None:
    owner, stranger = target.world.owner, uuid4()
    ours = {"origin": target.address}
    async with somebody(target) as client:
        begun = await client.post(
            "/api/alerts/session", json={"access_token": token(owner)}, headers=ours
        )
        cookie = begun.headers["set-cookie"]
        for part in ("HttpOnly", "SameSite=strict", "Path=/"):
            assert part in cookie
        assert "Domain" not in cookie
        # The header says who one is, whatever cookie a neighbour has tossed in.
        who = await client.get("/api/alerts/session", headers=bearing(token(stranger)))
        assert who.json()["user_id"] == str(stranger)
        # A bad header is not made good by a cookie.
        assert (await client.get("/api/alerts", headers=bearing("x"))).status_code == 401
        short = await client.post(
            "/api/alerts/session",
            json={"access_token": token(owner, exp=time.time() + 1.5)},
            headers=ours,
        )
        assert short.status_code == 200
        await asyncio.sleep(1.6)
        assert (await client.get("/api/alerts")).status_code == 401
    for path, value in (
        ("/api/alerts/session/refresh", SENTINEL),
        ("/api/alerts/session", SENTINEL),
    ):
        async with somebody(target, cookies={REFRESH_COOKIE: value}) as client:
            answer = await client.post(path, headers=ours, json={"access_token": value})
            assert answer.status_code in (401, 404)
            assert "set-cookie" not in answer.headers


async def test_the_stream_tells_nobody_what_is_somebody_elses(target: Target) -> None:
    mine, theirs = target.world, await open_world(target.world.url)
    async with somebody(target) as client:
        assert (await client.get("/api/alerts/stream")).status_code == 401
    place, _ = await _hear(target, token(mine.owner), 0.5)
    await theirs.fail(node=SENTINEL)
    await mine.fail(node="mine")
    await mine.until(f"select count(*) = 1 from public.alerts where node_id = '{SENTINEL}'")
    for last in (
        "",
        place,
        place[:-1] + ("A" if place[-1] != "A" else "B"),
        "1:1:|2000-01-01",
        "../..",
        "x" * 5_000,
    ):
        _, heard = await _hear(target, token(mine.owner), 1.0, last)
        assert SENTINEL not in heard, last
    _, heard = await _hear(target, token(uuid4()), 1.0, place)
    assert SENTINEL not in heard
    assert "mine" not in heard


async def test_a_stream_ends_with_its_token_and_one_caller_cannot_take_them_all(
    target: Target,
) -> None:
    async with AsyncExitStack() as open_:
        statuses = []
        for _ in range(PER_CALLER_LIMIT + 3):
            client = await open_.enter_async_context(
                somebody(target, headers=bearing(token(target.world.owner)))
            )
            answer = await open_.enter_async_context(client.stream("GET", "/api/alerts/stream"))
            statuses.append(answer.status_code)
        assert statuses == [200] * PER_CALLER_LIMIT + [429] * 3
        async with (
            somebody(target, headers=bearing(token(uuid4()))) as other,
            other.stream("GET", "/api/alerts/stream") as answer,
        ):
            assert answer.status_code == 200
    began = time.monotonic()
    await target.world.fail(node="before")
    short = bearing(token(target.world.owner, exp=time.time() + 2))
    async with (
        somebody(target, headers=short) as client,
        client.stream("GET", "/api/alerts/stream") as answer,
    ):
        assert answer.status_code == 200
        reading = asyncio.create_task(_all_of(answer))
        await asyncio.sleep(2.5)
        await target.world.fail(node=SENTINEL)
        heard = await asyncio.wait_for(reading, 45)
    assert SENTINEL not in heard
    assert time.monotonic() - began < 45


async def _all_of(answer: httpx.Response) -> str:
    return "".join([each async for each in answer.aiter_text()])


async def _hear(target: Target, bearer: str, seconds: float, last: str = "") -> tuple[str, str]:
    """What is heard in so many seconds, and the last event's id."""
    headers = {**bearing(bearer), **({"last-event-id": last} if last else {})}
    heard: list[str] = []
    async with (
        somebody(target, headers=headers) as client,
        client.stream("GET", "/api/alerts/stream") as answer,
    ):
        if answer.status_code != 200:
            assert answer.status_code in (400, 422), answer.status_code
            return "", ""
        try:
            async with asyncio.timeout(seconds):
                async for text in answer.aiter_text():
                    heard.append(text)  # noqa: PERF401 - what came before the time is up counts
        except TimeoutError:
            pass
    lines = "".join(heard).splitlines()
    ids = [line.removeprefix("id: ") for line in lines if line.startswith("id: ")]
    return (ids or [""])[-1], "".join(heard)
