"""Limits of requests: who calls comes first, then the body, and neither may take long.

A body is read here, whole and within bounds of size, parts and time, before anything looks at it; a
caller whose token is not good is refused without it being read at all.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from fastapi import Request
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from meshhook_alerts.entrypoints.api.identity import caller, precheck_signature
from meshhook_alerts.entrypoints.api.problems import WITH_BODY, Problem, answer
from meshhook_alerts.entrypoints.api.receipt_routes import RECEIPTS

BODY_LIMIT = 2 * 1024 * 1024
"""Bytes of a request's body; a larger one is refused before it is read."""
PARTS_LIMIT = 50_000
"""Objects and lists in a body: each costs far more than the bytes it is written with."""
BODY_SECONDS = 10.0
"""How long a body may take to come."""
BODIES_AT_ONCE = 16
"""Requests with a body that one caller may have under way; for who is not known yet, one address."""

_JSON = re.compile(r"(?i)\s*application/(?:[\w.-]+\+)?json\s*(?:;.*)?")
_OTHER_FORMS = frozenset({"/api/alerts/trigger"})
"""Paths that take more than JSON, and say themselves what they take."""


_SESSION = "/api/alerts/session"
"""Where one signs in, who is not known before."""
_BY_LINK = "/alerts/a/"
"""Where a link in a message lets its bearer in, who sends nothing."""


class RequestLimits:
    """ASGI middleware around every route that takes a body."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._under_way: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes on requests within the limits; answers the others."""
        if scope["type"] != "http" or scope["method"] not in WITH_BODY:
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        if not _takes_it(request):
            await self._app(scope, receive, send)  # which says 404, or 405 with what would be right
            return
        try:
            with self._place(await _known(request)):
                body = await _body(request)
                await self._app(scope, _Replay(body, receive), send)
        except Problem as problem:
            response = answer(problem, request)
            response.headers["Connection"] = "close"  # what is left of the body stays unread
            await response(scope, receive, send)

    @contextmanager
    def _place(self, who: str) -> Iterator[None]:
        if self._under_way[who] >= BODIES_AT_ONCE:
            detail = f"{BODIES_AT_ONCE} requests of yours are under way; wait for one to end."
            raise Problem(429, "too_many_requests", detail, headers={"Retry-After": "1"})
        self._under_way[who] += 1
        try:
            yield
        finally:
            self._under_way[who] -= 1
            if not self._under_way[who]:
                del self._under_way[who]


class _Replay:
    """A body that has been read, as if it came now."""

    def __init__(self, body: bytes, receive: Receive) -> None:
        self._body: bytes | None = body
        self._receive = receive

    async def __call__(self) -> Message:
        if self._body is None:
            return await self._receive()  # the caller hanging up
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}


def _takes_it(request: Request) -> bool:
    """Whether there is an operation of that path and method."""
    routes = request.app.router.routes
    return any(route.matches(request.scope)[0] is Match.FULL for route in routes)


async def _known(request: Request) -> str:
    """Who calls, as a text; raises ``Problem`` for a token that is not good.

    A signature can only be checked with the body; all else about it is looked at before.
    """
    address = request.client.host if request.client else "unknown"
    if request.url.path in _OTHER_FORMS and precheck_signature(request, datetime.now(UTC)):
        return f"address {address}"
    if request.url.path.startswith((_BY_LINK, RECEIPTS, _SESSION)):
        return f"address {address}"
    who = await caller(request)
    request.state.caller = who
    return f"{who.role} {who.subject or address}"


async def _body(request: Request) -> bytes:
    _check_head(request)
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                size += len(chunk)
                if size > BODY_LIMIT:
                    raise _too_large()
                chunks.append(chunk)
    except TimeoutError:
        detail = f"The body did not come within {BODY_SECONDS:.0f} s."
        raise Problem(408, "request_timeout", detail) from None
    body = b"".join(chunks)
    if body.count(b"{") + body.count(b"[") > PARTS_LIMIT:
        detail = f"The body may hold {PARTS_LIMIT:,} objects and lists; send less at once."
        raise Problem(413, "too_large", detail)
    return body


def _check_head(request: Request) -> None:
    length = request.headers.get("content-length", "")
    if length == "0" or (not length and "transfer-encoding" not in request.headers):
        return  # nothing is sent; whoever needs a body says so
    forms = request.url.path in _OTHER_FORMS or request.url.path.startswith(RECEIPTS)
    if not forms and not _JSON.fullmatch(request.headers.get("content-type", "")):
        detail = "Send JSON: Content-Type: application/json."
        raise Problem(415, "unsupported_media_type", detail)
    if not length.isdecimal():
        raise Problem(411, "length_required", "Send the body's Content-Length.")
    if int(length) > BODY_LIMIT:
        raise _too_large()


def _too_large() -> Problem:
    detail = f"The body may be {BODY_LIMIT} bytes long; send less at once."
    return Problem(413, "too_large", detail)
