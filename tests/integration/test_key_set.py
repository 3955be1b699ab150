"""Tokens signed with an issuer's own keys: fetched, kept, rotated, served while the issuer is away; and attacks on that."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx
import jwt
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from meshhook_alerts.entrypoints.api import create_app, key_set
from tests.line import JWT_SECRET, World, a_service

pytestmark = pytest.mark.postgres


def a_key(algorithm: str) -> Any:
    return (
        ec.generate_private_key(ec.SECP256R1())
        if algorithm == "ES256"
        else rsa.generate_private_key(65_537, 2_048)
    )


@dataclass
class Issuer:
    """Supabase's way of publishing keys, on loopback."""

    url: str = ""
    keys: dict[str, tuple[str, Any]] = field(default_factory=dict)
    """Name → (algorithm, private key)."""
    asked: int = 0
    away: bool = False

    async def answer(self, request: web.Request) -> web.Response:
        self.asked += 1
        if self.away:
            return web.Response(status=503)
        published = []
        for name, (algorithm, key) in self.keys.items():
            kind = jwt.algorithms.get_default_algorithms()[algorithm]
            document = json.loads(kind.to_jwk(key.public_key()))
            published.append({**document, "kid": name, "alg": algorithm, "use": "sig"})
        return web.json_response({"keys": published})

    def token(self, name: str, world: World, **claims: Any) -> str:
        algorithm, key = self.keys[name]
        said = {"sub": str(world.owner), "role": "authenticated", "aud": "authenticated",
                "iss": f"{self.url}/auth/v1", "exp": time.time() + 600, **claims}  # fmt: skip
        return jwt.encode(said, key, algorithm=algorithm, headers={"kid": name})


@asynccontextmanager
async def an_issuer() -> AsyncIterator[Issuer]:
    issuer = Issuer()
    app = web.Application()
    app.router.add_get("/auth/v1/.well-known/jwks.json", issuer.answer)
    async with TestServer(app, host="127.0.0.1") as server:
        issuer.url = str(server.make_url("")).rstrip("/")
        yield issuer


@pytest.fixture
async def issuer(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Issuer]:
    monkeypatch.setattr(key_set, "RETRY_SECONDS", 0.2)
    async with an_issuer() as made:
        made.keys = {"first": ("ES256", a_key("ES256")), "second": ("RS256", a_key("RS256"))}
        yield made


@pytest.fixture
async def client(world: World, issuer: Issuer) -> AsyncIterator[httpx.AsyncClient]:
    async with a_service(world.url, supabase_url=issuer.url) as service:
        transport = httpx.ASGITransport(create_app(service, JWT_SECRET))
        async with httpx.AsyncClient(transport=transport, base_url="http://alerts") as made:
            yield made


async def status(client: httpx.AsyncClient, token: str) -> int:
    return (
        await client.get("/api/alerts/projects", headers={"authorization": f"Bearer {token}"})
    ).status_code


async def test_both_kinds_of_key_and_the_shared_secret_let_in(
    client: httpx.AsyncClient, issuer: Issuer, world: World
) -> None:
    shared = jwt.encode({"sub": str(world.owner), "role": "authenticated", "aud": "authenticated",
                         "exp": time.time() + 600}, JWT_SECRET, "HS256")  # fmt: skip
    tokens = [issuer.token("first", world), issuer.token("second", world), shared]
    assert [await status(client, each) for each in tokens * 3] == [200] * 9
    assert issuer.asked <= 2  # a token without a key's name has one look at most


async def test_many_at_once_fetch_the_keys_once(
    client: httpx.AsyncClient, issuer: Issuer, world: World
) -> None:
    token = issuer.token("first", world)
    assert set(await asyncio.gather(*(status(client, token) for _ in range(30)))) == {200}
    assert issuer.asked == 1


async def test_a_new_key_is_fetched_and_one_that_is_gone_lets_nobody_in(
    client: httpx.AsyncClient, issuer: Issuer, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = issuer.token("first", world)
    assert await status(client, old) == 200
    issuer.keys = {"third": ("ES256", a_key("ES256"))}
    await asyncio.sleep(0.3)
    assert await status(client, issuer.token("third", world)) == 200
    assert await status(client, old) == 401


async def test_while_the_issuer_is_away_its_keys_are_used_as_they_were(
    client: httpx.AsyncClient, issuer: Issuer, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = issuer.token("first", world)
    assert await status(client, token) == 200
    issuer.away = True
    monkeypatch.setattr(key_set, "FRESH_SECONDS", 0.0)
    await asyncio.sleep(0.3)
    assert [await status(client, token) for _ in range(5)] == [200] * 5


async def test_what_only_looks_like_a_token_lets_nobody_in(
    client: httpx.AsyncClient, issuer: Issuer, world: World
) -> None:
    public = (
        issuer.keys["second"][1]
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    claims = {"sub": str(world.owner), "role": "authenticated", "aud": "authenticated",
              "iss": f"{issuer.url}/auth/v1", "exp": time.time() + 600}  # fmt: skip
    others = a_key("ES256")
    good = issuer.token("first", world)
    head, body, _ = good.split(".")
    bad = {
        "another's key": jwt.encode(claims, others, "ES256", headers={"kid": "first"}),
        "another's algorithm": jwt.encode(
            claims, a_key("RS256"), "RS256", headers={"kid": "first"}
        ),
        "the public key as a secret": _signed_with(public, claims),
        "none": jwt.encode(claims, "", "none", headers={"kid": "first"}),
        "no signature": f"{head}.{body}.",
        "no such key": jwt.encode(claims, others, "ES256", headers={"kid": str(uuid4())}),
        "another issuer": issuer.token("first", world, iss="https://evil.example/auth/v1"),
        "no issuer": jwt.encode(
            {**claims, "iss": ""}, issuer.keys["first"][1], "ES256", headers={"kid": "first"}
        ),
        "another audience": issuer.token("first", world, aud="anon"),
        "expired": issuer.token("first", world, exp=time.time() - 1),
        "a role of its own": issuer.token("first", world, role="postgres"),
    }
    answers = {name: await status(client, token) for name, token in bad.items()}
    assert answers == dict.fromkeys(bad, 401)


def _signed_with(public: bytes, claims: dict[str, Any]) -> str:
    """The old attack: HS256 with the public key for its secret. (The library refuses to make one.)"""
    import base64
    import hmac

    def part(document: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(document).encode()).rstrip(b"=").decode()

    signed = f"{part({'alg': 'HS256', 'typ': 'JWT', 'kid': 'second'})}.{part(claims)}"
    digest = hmac.digest(public, signed.encode(), "sha256")
    return f"{signed}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"


async def test_unknown_keys_do_not_make_us_ask_again_and_again(
    client: httpx.AsyncClient, issuer: Issuer, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_set, "RETRY_SECONDS", 60)
    key = a_key("ES256")
    for _ in range(20):
        forged = jwt.encode({"sub": str(world.owner), "role": "authenticated", "exp": time.time() + 60},
                            key, "ES256", headers={"kid": str(uuid4())})  # fmt: skip
        assert await status(client, forged) == 401
    assert issuer.asked == 1


async def test_without_a_shared_secret_only_the_issuers_keys_let_in(
    world: World, issuer: Issuer
) -> None:
    async with a_service(world.url, supabase_url=issuer.url) as service:
        transport = httpx.ASGITransport(create_app(service, ""))
        async with httpx.AsyncClient(transport=transport, base_url="http://alerts") as client:
            assert await status(client, issuer.token("first", world)) == 200
            forged = jwt.encode({"sub": str(world.owner), "role": "authenticated", "aud": "authenticated",
                                 "exp": time.time() + 600}, "x" * 40, "HS256")  # fmt: skip
            assert await status(client, forged) == 401
