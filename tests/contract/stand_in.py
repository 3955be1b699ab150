"""A provider's HTTP API on loopback: it refuses what the provider refuses, answers as it is told, and blurts out every
secret it was sent."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from aiohttp import web
from aiohttp.test_utils import TestServer

from meshhook_alerts.adapters.http_client import GuardedHttpClient
from meshhook_alerts.adapters.outbound_guard import AddressGuard
from tests.contract.harness import Answer, Tools


@dataclass(frozen=True)
class Reply:
    """What the provider answers."""

    status: int
    body: Any = ""
    """A JSON document, or a text."""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Request:
    """What was posted."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        """The body as JSON."""
        found: dict[str, Any] = json.loads(self.body)
        return found


class HttpStandIn(ABC):
    """See ``harness.Harness``; subclasses are one provider each."""

    def __init__(self, tools: Tools) -> None:
        self.tools = tools
        self.config: dict[str, Any] = {}
        self.secrets: Sequence[str] = ()
        self.requests: list[Request] = []
        """All that was posted and accepted."""
        self._answer = Answer.ACCEPTED

    @abstractmethod
    def configure(self, base: str) -> None:
        """Sets ``config`` and ``secrets`` so that they lead to ``base``, an address that ends with a slash."""

    @abstractmethod
    def refusal(self, request: Request) -> Reply | None:
        """What the provider says to a request that its documentation calls wrong."""

    @abstractmethod
    def reply(self, answer: Answer, request: Request) -> Reply:
        """Its answer, as told."""

    def answer(self, answer: Answer) -> None:
        """How the server answers from now on."""
        self._answer = answer

    def received(self) -> Sequence[bytes]:
        """The messages it accepted."""
        return [each.body for each in self.requests]

    def blurted(self, request: Request) -> str:
        """All it knows, as a careless server repeats it."""
        return f"{request.path} {request.query} {request.headers} {self.secrets}"

    async def take(self, request: web.Request) -> web.StreamResponse:
        """One request."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        got = Request(request.path, dict(request.query), headers, await request.read())
        if self._answer is Answer.SILENT:
            assert request.transport is not None
            request.transport.close()
            return web.Response()
        reply = self.refusal(got)
        if reply is None:
            reply = self.reply(self._answer, got)
            if self._answer is Answer.ACCEPTED:
                self.requests.append(got)
        if isinstance(reply.body, str):
            return web.Response(status=reply.status, text=reply.body, headers=reply.headers)
        return web.json_response(reply.body, status=reply.status, headers=reply.headers)


StandIn = TypeVar("StandIn", bound=HttpStandIn)


def opener(provider: Callable[[Tools], StandIn]) -> Any:
    """``open_harness`` for a provider."""

    @asynccontextmanager
    async def open_harness() -> AsyncIterator[StandIn]:
        guard = AddressGuard(["127.0.0.1"])
        tools = Tools(guard, GuardedHttpClient(guard))
        stand_in = provider(tools)
        app = web.Application()
        app.router.add_post("/{path:.*}", stand_in.take)
        async with TestServer(app, host="127.0.0.1") as server:
            stand_in.configure(str(server.make_url("/")))
            yield stand_in
        await tools.http.close()

    return open_harness
