"""A webhook receiver on loopback."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from meshhook_alerts.adapters.http_client import GuardedHttpClient
from meshhook_alerts.adapters.outbound_guard import AddressGuard
from meshhook_alerts.channels.webhook.config import new_secret
from tests.contract.harness import Answer, Tools

_STATUS = {Answer.ACCEPTED: 200, Answer.BUSY: 503, Answer.WRONG_CREDENTIALS: 401}


class WebhookHarness:
    """See ``harness.Harness``."""

    def __init__(self, tools: Tools) -> None:
        self.tools = tools
        self.config: dict[str, Any] = {}
        self.secrets: Sequence[str] = ()
        self._answer = Answer.ACCEPTED
        self._received: list[bytes] = []

    def answer(self, answer: Answer) -> None:
        self._answer = answer

    def received(self) -> Sequence[bytes]:
        return self._received

    def configure(self, base: str) -> None:
        """Settings that lead to ``base``, every secret one set."""
        path, token = f"hooks/{secrets.token_urlsafe(12)}", secrets.token_urlsafe(6)
        key, old_key, header = new_secret(), new_secret(), secrets.token_hex(5)
        self.config = {
            "url": f"{base}{path}?key={token}",
            "secret": key,
            "previous_secret": old_key,
            "headers": {"X-Gateway-Key": header},
        }
        self.secrets = (path, token, key, old_key, header)

    async def take(self, request: web.Request) -> web.Response:
        """Answers as told, and blurts out everything it knows."""
        body = await request.read()
        if self._answer is Answer.ACCEPTED:
            self._received.append(body)
        blurted = f"Cannot POST {request.path_qs} with {dict(request.headers)} {self.secrets}"
        return web.Response(status=_STATUS[self._answer], text=blurted)


@asynccontextmanager
async def open_harness() -> AsyncIterator[WebhookHarness]:
    """A running receiver."""
    guard = AddressGuard(["127.0.0.1"])
    tools = Tools(guard, GuardedHttpClient(guard))
    harness = WebhookHarness(tools)
    app = web.Application()
    app.router.add_post("/{path:.*}", harness.take)
    async with TestServer(app, host="127.0.0.1") as server:
        harness.configure(str(server.make_url("/")))
        yield harness
    await tools.http.close()
