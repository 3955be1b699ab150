"""The public keys that an issuer signs its users' tokens with (RFC 7517): fetched through the outbound guard, kept,
replaced when the issuer changes them, and served as they were while the issuer is away."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import jwt
import orjson

from meshhook_alerts.application.ports import (
    ForbiddenDestination,
    HttpAnswer,
    HttpSilent,
    HttpUnreachable,
)

ALGORITHMS = ("ES256", "RS256")
"""What Supabase signs with where it signs with keys of its own."""
FRESH_SECONDS = 600.0
"""After so long the keys are fetched again, beside the request that asks."""
RETRY_SECONDS = 10.0
"""Between two tries: an unknown key, or an issuer that is away, must not make every request wait."""
_MOST_KEYS = 50
_log = logging.getLogger(__name__)

Get = Callable[[str], Awaitable[HttpAnswer]]


@dataclass(slots=True)
class KeySet:
    """One issuer's keys, by their ids."""

    issuer: str
    """Without a slash at its end; tokens name it as ``iss``."""
    get: Get
    clock: Callable[[], float] = time.monotonic
    _keys: dict[str, jwt.PyJWK] = field(default_factory=dict)
    _fetched_at: float | None = None
    _tried_at: float | None = None
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _refreshing: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """Where the keys are."""
        return f"{self.issuer}/.well-known/jwks.json"

    async def key(self, token: str) -> jwt.PyJWK | None:
        """The key that a token says it is signed with; None if the issuer has none of that name and kind."""
        try:
            head = jwt.get_unverified_header(token)
        except jwt.PyJWTError:
            return None
        name, algorithm = str(head.get("kid")), head.get("alg")
        if name not in self._keys:
            await self._fetch()
        elif self._fetched_at is None or self.clock() - self._fetched_at > FRESH_SECONDS:
            self._refreshing = asyncio.create_task(self._fetch())
        found = self._keys.get(name)
        # The token's own word for the algorithm counts for nothing: it must be the key's.
        return found if found is not None and found.algorithm_name == algorithm else None

    async def _fetch(self) -> None:
        """Once at a time, and not again at once."""
        async with self._turn:
            if self._tried_at is not None and self.clock() - self._tried_at < RETRY_SECONDS:
                return
            self._tried_at = self.clock()
            try:
                found = _keys_in(await self.get(self.url))
            except (ForbiddenDestination, HttpUnreachable, HttpSilent, ValueError) as problem:
                _log.warning(
                    "the keys of %s cannot be fetched: %s; those known are used",
                    self.issuer,
                    problem,
                )
                return
            self._keys, self._fetched_at = found, self.clock()


def _keys_in(answer: HttpAnswer) -> dict[str, jwt.PyJWK]:
    if answer.status != 200:
        raise ValueError(f"HTTP {answer.status}")
    try:
        document = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        raise ValueError("the answer is no JSON") from None
    each_of = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(each_of, list):
        raise ValueError("the answer holds no keys")
    found: dict[str, jwt.PyJWK] = {}
    for each in each_of[:_MOST_KEYS]:
        try:
            key = jwt.PyJWK(each)
        except (jwt.PyJWTError, AttributeError, TypeError, ValueError):
            continue  # of a kind we do not know
        if key.key_id and key.algorithm_name in ALGORITHMS and each.get("use", "sig") == "sig":
            found[key.key_id] = key
    return found
