"""Calling the API in tests: a client in the same process, and tokens of every sort."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import httpx
import jwt

from meshhook_alerts.bootstrap import Service
from meshhook_alerts.entrypoints.api import create_app
from tests.line import JWT_SECRET, World


def token(sub: object = None, role: str = "authenticated", **changes: Any) -> str:
    """A token as Supabase signs it; a claim changed to None is left out."""
    claims = {
        "sub": sub and str(sub),
        "role": role,
        "aud": "authenticated",
        "exp": time.time() + 600,
    }
    claims |= changes
    return jwt.encode(
        {name: value for name, value in claims.items() if value is not None},
        JWT_SECRET,
        algorithm="HS256",
    )


def bearing(value: str) -> dict[str, str]:
    """The header that carries a token."""
    return {"authorization": f"Bearer {value}"}


SERVICE = bearing(
    token(role="service_role", exp=time.time() + 7200)
)  # longer than any session of tests


@asynccontextmanager
async def a_client(service: Service, user: UUID | None = None) -> AsyncIterator[httpx.AsyncClient]:
    """A client signed in as ``user``, or not at all."""
    app = create_app(service, JWT_SECRET)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    headers = bearing(token(user)) if user else {}
    async with httpx.AsyncClient(
        transport=transport, base_url="http://alerts", headers=headers
    ) as client:
        yield client


def owner_of(world: World) -> dict[str, str]:
    """The header of the project's owner."""
    return bearing(token(world.owner))


def problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    """The problem an answer states, once its form has been checked."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["status"] == status
    assert {"type", "title", "code", "detail"} <= body.keys()
    assert body["request_id"] == answer.headers["x-request-id"]
    return body


def pointers(answer: httpx.Response) -> dict[str, str]:
    """The fields a 422 names, and what it says of each."""
    return {each["pointer"]: each["detail"] for each in problem(answer, 422)["errors"]}
