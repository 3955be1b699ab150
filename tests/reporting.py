"""Reporting failures to the trigger endpoint, as its callers do."""

from __future__ import annotations

import base64
import hmac
import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import jwt

from meshhook_alerts.bootstrap import Service
from meshhook_alerts.entrypoints.api import create_app
from tests.line import JWT_SECRET, World, a_service

TRIGGER = "/api/alerts/trigger"
SECRET = secrets.token_urlsafe(48)


def token(role: str = "service_role", **claims: Any) -> str:
    """A token as Supabase signs them."""
    life = {"exp": datetime.now(UTC) + timedelta(hours=1), "aud": "authenticated"}
    return jwt.encode({"role": role, **life, **claims}, JWT_SECRET, algorithm="HS256")


def a_failure(**fields: Any) -> dict[str, Any]:
    """A report's failure with its own id."""
    return {
        "id": uuid4().hex,
        "kind": "intake_rejected",
        "occurred_at": datetime.now(UTC).isoformat(),
        **fields,
    }


def sign(body: bytes, key: bytes, at: float | None = None, id_: str = "msg_1") -> dict[str, str]:
    """The headers of a signed request, worked out without the service's own code."""
    stamp = int(datetime.now(UTC).timestamp() if at is None else at)
    digest = hmac.digest(key, b"%s.%d.%s" % (id_.encode(), stamp, body), "sha256")
    return {
        "webhook-id": id_,
        "webhook-timestamp": str(stamp),
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }


@dataclass(frozen=True, slots=True)
class Door:
    """The endpoint, called by the service role unless the headers say otherwise."""

    client: httpx.AsyncClient
    service: Service
    world: World

    async def send(self, content: Any, **headers: str) -> httpx.Response:
        """Sends ``content`` as JSON, or as it is if it is bytes."""
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        given = {"content-type": "application/json", **named}
        if not any(name.startswith("webhook-") for name in given):
            given.setdefault("authorization", f"Bearer {token()}")
        raw = {name: value.encode("latin-1") for name, value in given.items()}
        return await self.client.post(TRIGGER, content=body, headers=raw)  # type: ignore[arg-type]

    async def signals(self) -> list[dict[str, Any]]:
        """What waits to be decided."""
        return await self.world.rows("select * from meshhook_alerts.signals order by id")


@asynccontextmanager
async def open_door(world: World, **settings: Any) -> AsyncIterator[Door]:
    """The API over a real database."""
    async with a_service(world.url, **settings) as service:
        app = create_app(service, JWT_SECRET)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://alerts") as client:
            yield Door(client, service, world)


def pointers(answer: httpx.Response) -> list[str]:
    """The fields that a problem names; it must be a well-formed problem."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    problem = answer.json()
    assert problem["status"] == answer.status_code
    assert problem["request_id"] == answer.headers["x-request-id"]
    return [each["pointer"] for each in problem.get("errors", [])]
