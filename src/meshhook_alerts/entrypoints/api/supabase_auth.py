"""MeshHook's own sign-in: an e-mail address and a password, or what keeps a session going, exchanged with Supabase Auth.

Both pass through; neither is kept or logged. Supabase Auth's interface: ``POST /auth/v1/token?grant_type=password`` and
``=refresh_token``, with the project's public key as ``apikey``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import orjson

from meshhook_alerts.application.ports import (
    ForbiddenDestination,
    HttpAnswer,
    HttpSilent,
    HttpUnreachable,
)
from meshhook_alerts.entrypoints.api.problems import Problem

Post = Callable[[str, bytes, Mapping[str, str]], Awaitable[HttpAnswer]]
_WRONG = frozenset({400, 401, 403, 422})


@dataclass(frozen=True, slots=True)
class Tokens:
    """What Supabase gave."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SupabaseAuth:
    """Signs in at one Supabase project."""

    address: str
    public_key: str = field(repr=False)
    """Its ``anon`` or ``publishable`` key, which every browser of MeshHook has."""
    post: Post

    async def sign_in(self, email: str, password: str) -> Tokens:
        """The tokens of whoever has that address and password.

        Raises:
            Problem: 401 for a wrong one, 503 while Supabase cannot be asked.
        """
        refused = "The address and the password do not fit, or the address is not confirmed yet."
        return await self._ask("password", {"email": email, "password": password}, refused)

    async def refresh(self, token: str) -> Tokens:
        """The next tokens of a session.

        Raises:
            Problem: as `sign_in`.
        """
        said = {"refresh_token": token}
        return await self._ask("refresh_token", said, "The session has ended; sign in again.")

    async def _ask(self, grant: str, said: Mapping[str, str], refused: str) -> Tokens:
        url = f"{self.address.rstrip('/')}/auth/v1/token?grant_type={grant}"
        headers = {"apikey": self.public_key, "Content-Type": "application/json"}
        try:
            answer = await self.post(url, orjson.dumps(said), headers)
        except (ForbiddenDestination, HttpUnreachable, HttpSilent):
            raise _away("Supabase Auth cannot be reached; try again in a moment.") from None
        if answer.status in _WRONG:
            raise Problem(401, "sign_in_refused", refused)
        if answer.status == 429:
            detail = "Supabase Auth takes no more attempts at the moment; wait a minute."
            raise Problem(429, "too_many_requests", detail, headers={"Retry-After": "60"})
        if answer.status != 200:
            raise _away(f"Supabase Auth answered {answer.status}; try again in a moment.")
        return _tokens(answer.body)


def _tokens(body: str) -> Tokens:
    try:
        said = orjson.loads(body)
        return Tokens(str(said["access_token"]), str(said["refresh_token"]))
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise _away("Supabase Auth gave no tokens; is SUPABASE_URL right?") from None


def _away(detail: str) -> Problem:
    return Problem(503, "sign_in_unavailable", detail, headers={"Retry-After": "5"})
