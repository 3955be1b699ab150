"""A stand-in for an ntfy server, on loopback: what the contract suite talks to."""

from __future__ import annotations

import json
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from meshhook_alerts.adapters.http_client import GuardedHttpClient
from meshhook_alerts.adapters.outbound_guard import AddressGuard
from tests.contract.harness import Answer, Tools

_STATUS = {Answer.ACCEPTED: 200, Answer.BUSY: 429, Answer.WRONG_CREDENTIALS: 403}


class NtfyHarness:
    """See ``tests.contract.harness.Harness``."""

    def __init__(self, tools: Tools) -> None:
        self.tools = tools
        self.config: dict[str, Any] = {}
        self.secrets: Sequence[str] = ()
        self._answer = Answer.ACCEPTED
        self._received: list[bytes] = []

    def answer(self, answer: Answer) -> None:
        """How it answers from now on."""
        self._answer = answer

    def received(self) -> Sequence[bytes]:
        """What was published."""
        return self._received

    def configure(self, server: str) -> None:
        """Settings that lead to ``server``."""
        topic, token = f"alerts-{secrets.token_hex(6)}", f"tk_{secrets.token_hex(14)}"
        self.config = {"server": server, "topic": topic, "token": token}
        self.secrets = (topic, token)

    async def take(self, request: web.Request) -> web.Response:
        """Answers as told, refuses what ntfy refuses, and blurts out what it knows."""
        body = await request.read()
        published = json.loads(body)
        if not published.get("topic") or not 1 <= published.get("priority", 3) <= 5:
            return web.json_response({"code": 40017, "error": "invalid"}, status=400)
        if self._answer is Answer.ACCEPTED:
            self._received.append(body)
        blurted = f"{request.headers.get('authorization')} {published['topic']} {self.secrets}"
        return web.json_response({"error": blurted}, status=_STATUS[self._answer])


@asynccontextmanager
async def open_harness() -> AsyncIterator[NtfyHarness]:
    """A running server."""
    guard = AddressGuard(["127.0.0.1"])
    tools = Tools(guard, GuardedHttpClient(guard))
    harness = NtfyHarness(tools)
    app = web.Application()
    app.router.add_post("/", harness.take)
    async with TestServer(app, host="127.0.0.1") as server:
        harness.configure(str(server.make_url("/")))
        yield harness
    await tools.http.close()
