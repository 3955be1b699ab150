"""How often one caller may ask: so many requests a minute, said in each answer.

The headers are ``RateLimit-Policy`` and ``RateLimit`` (draft-ietf-httpapi-ratelimit-headers-10); a refusal names in
``Retry-After`` when to come again. Each process counts for itself.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from datetime import UTC, datetime

from fastapi import Request
from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from meshhook_alerts.entrypoints.api.identity import caller, precheck_signature
from meshhook_alerts.entrypoints.api.problems import Problem, answer

SERVICE_TIMES = 50
"""How many times as often the service's own role may ask: it reports failures, and a storm is no abuse."""
SIGN_INS = 10
"""Passwords, tokens and links that one address, and one account, may try in a minute."""
_API = "/api/alerts"
_TRIGGER = "/api/alerts/trigger"


@dataclass(frozen=True, slots=True)
class Standing:
    """How a caller stands after one more request."""

    policy: str
    allowed: bool
    limit: int
    left: int
    seconds: int
    """Until the window has passed."""

    @property
    def headers(self) -> dict[str, str]:
        """As clients read it."""
        return {
            "RateLimit-Policy": f'"{self.policy}";q={self.limit};w=60',
            "RateLimit": f'"{self.policy}";r={self.left};t={self.seconds}',
        }

    def refusal(self) -> Problem:
        """What whoever asks too often is told."""
        detail = f"{self.limit} requests a minute are taken from you; wait {self.seconds} s."
        headers = {**self.headers, "Retry-After": str(self.seconds)}
        return Problem(429, "too_many_requests", detail, headers=headers)


class Rates:
    """Counts requests by whoever makes them."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    async def asked(self, request: Request) -> Standing:
        """Counts a request of the API. Who bears no good token is known by address."""
        address = request.client.host if request.client else "unknown"
        try:
            if request.url.path == _TRIGGER and precheck_signature(request, datetime.now(UTC)):
                return await self._hit("service", f"signed {address}", SERVICE_TIMES)
            who = await caller(request)
        except Problem:
            return await self._hit("address", address, 1)
        request.state.caller = who
        times = SERVICE_TIMES if who.role == "service_role" else 1
        name = "service" if times > 1 else "caller"
        return await self._hit(name, str(who.subject or address), times)

    async def sign_in(self, *who: str) -> None:
        """Counts an attempt to sign in, for each of ``who``.

        Raises:
            Problem: 429.
        """
        for each in who:
            standing = await self._count("sign-in", each, SIGN_INS)
            if not standing.allowed:
                raise standing.refusal()

    async def _hit(self, policy: str, who: str, times: int) -> Standing:
        return await self._count(policy, who, self._per_minute * times)

    async def _count(self, policy: str, who: str, limit: int) -> Standing:
        item = RateLimitItemPerMinute(limit)
        allowed = await self._limiter.hit(item, policy, who)
        window = await self._limiter.get_window_stats(item, policy, who)
        seconds = max(1, math.ceil(window.reset_time - time.time()))
        return Standing(policy, allowed, limit, window.remaining, seconds)


class RateLimits:
    """ASGI middleware: refuses who asks too often, and tells the others how they stand."""

    def __init__(self, app: ASGIApp, rates: Rates) -> None:
        self._app = app
        self._rates = rates

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Counts what goes to the API; pages and files are not counted."""
        if scope["type"] != "http" or not scope["path"].startswith(_API):
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        standing = await self._rates.asked(request)
        if not standing.allowed:
            response = answer(standing.refusal(), request)
            response.headers["Connection"] = "close"  # a body may be on its way
            await response(scope, receive, send)
            return

        async def send_with_standing(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in standing.headers.items():
                    headers.setdefault(name, value)  # a narrower limit speaks for itself
            await send(message)

        await self._app(scope, receive, send_with_standing)
