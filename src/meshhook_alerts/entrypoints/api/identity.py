"""Who is calling: a Supabase token, checked, as the database role it stands for; or a signature."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

import jwt
import orjson
from fastapi import Depends, Request

from meshhook_alerts.application.problems import unstorable
from meshhook_alerts.application.settings_ports import Caller
from meshhook_alerts.entrypoints.api.key_set import KeySet
from meshhook_alerts.entrypoints.api.problems import Problem
from meshhook_alerts.entrypoints.api.sessions import token_of
from meshhook_alerts.entrypoints.api.signatures import HEADERS, BadSignature, SignatureCheck

_ROLES = ("authenticated", "service_role")

CLOCKS_APART = timedelta(seconds=30)
"""How far ahead of ours the clock may be that signed a token; RFC 7519 4.1.5 allows a few minutes."""


@dataclass(frozen=True, slots=True)
class TokenReader:
    """Checks tokens signed with Supabase's shared secret (HS256), or with keys of its own (ES256, RS256)."""

    secret: str = field(repr=False)
    """Empty: none is shared."""
    keys: KeySet | None = None

    def __post_init__(self) -> None:
        if not self.secret and self.keys is None:
            raise ValueError("without a secret anybody could sign a token")

    async def caller(self, token: str) -> Caller:
        """The caller a token stands for.

        Raises:
            Problem: 401, with the reason.
        """
        try:
            claims = await self._claims(token)
        except jwt.ExpiredSignatureError:
            raise _refused("The token has expired; sign in again.") from None
        except jwt.PyJWTError:
            raise _refused("The token is not valid here.") from None
        return self._caller(claims)

    async def _claims(self, token: str) -> dict[str, object]:
        """What a token says, once its signature is known to be good. Each kind of key is for its own algorithm, so that
        no public key is ever taken for a shared secret (RFC 8725 3.1)."""
        options: Any = {"require": ["exp", "role"], "verify_aud": False}
        named: Any = {**options, "require": ["exp", "role", "iss"]}
        if self.keys is not None and (key := await self.keys.key(token)) is not None:
            found: dict[str, object] = jwt.decode(
                token, key, algorithms=[key.algorithm_name], options=named,
                issuer=self.keys.issuer, leeway=CLOCKS_APART,
            )  # fmt: skip
            return found
        if not self.secret:
            raise jwt.InvalidTokenError("no such key")
        return jwt.decode(
            token, self.secret, algorithms=["HS256"], options=options, leeway=CLOCKS_APART
        )

    def _caller(self, claims: dict[str, object]) -> Caller:
        if float(str(claims["exp"])) <= time.time():  # the leeway is for tokens of the future
            raise _refused("The token has expired; sign in again.")
        if next(unstorable(claims), None) is not None or not _fits(claims):
            raise _refused("The token bears claims that cannot be kept.")
        role = claims["role"]
        if role not in _ROLES:
            raise _refused(f"A token of role {role!r} cannot be used here.")
        if role == "authenticated" and not _meant_for_us(claims.get("aud")):
            raise _refused("The token was made for another audience.")
        return Caller(str(role), claims, _subject(claims, str(role)))


def _fits(claims: dict[str, object]) -> bool:
    """Whether the claims can be handed to the database as they are."""
    try:
        orjson.dumps(claims)
    except TypeError:  # numbers beyond 64 bits
        return False
    return True


def _meant_for_us(audience: object) -> bool:
    """RFC 7519 4.1.3: one audience, or a list of them."""
    return "authenticated" in (audience if isinstance(audience, list) else [audience])


def _subject(claims: dict[str, object], role: str) -> UUID | None:
    try:
        return UUID(str(claims["sub"]))
    except (KeyError, ValueError):
        if role == "service_role":
            return None
        raise _refused("The token names no user.") from None


async def caller(request: Request) -> Caller:
    """The caller of a request, from its ``Authorization: Bearer`` header, or else from its session."""
    known: Caller | None = getattr(request.state, "caller", None)
    if known is not None:
        return known
    header = request.headers.get("authorization")
    token = _bearer(header) if header is not None else token_of(request)
    if not token:
        raise _refused("Send a token: Authorization: Bearer …")
    reader: TokenReader = request.app.state.tokens
    return await reader.caller(token.strip())


def _bearer(header: str) -> str:
    scheme, _, token = header.partition(" ")
    return token if scheme.lower() == "bearer" else ""


def service(who: Annotated[Caller, Depends(caller)]) -> Caller:
    """The caller, who must be the service itself."""
    if who.role != "service_role":
        raise Problem(403, "service_only", "Only the service role may do this.")
    return who


async def reporter(request: Request) -> None:
    """Lets pass the service itself, by a token or by a signature with the shared secret."""
    if not _is_signed(request):
        service(await caller(request))
        return
    check = _signatures(request)
    try:
        check.check(request.headers, await request.body(), datetime.now(UTC))
    except BadSignature as problem:
        raise _refused(str(problem)) from None


def precheck_signature(request: Request, now: datetime) -> bool:
    """Whether a request bears a signature, and one worth reading the body for.

    Raises:
        Problem: 401, with the reason.
    """
    if not _is_signed(request):
        return False
    check = _signatures(request)
    try:
        check.precheck(request.headers, now)
    except BadSignature as problem:
        raise _refused(str(problem)) from None
    return True


def _is_signed(request: Request) -> bool:
    return any(name in request.headers for name in HEADERS)


def _signatures(request: Request) -> SignatureCheck:
    check: SignatureCheck | None = request.app.state.signatures
    if check is None:
        raise _refused(
            "Signed reports are not taken: the service's MESHHOOK_ALERTS_TRIGGER_SECRET is not set."
        )
    return check


def _refused(detail: str) -> Problem:
    return Problem(401, "not_signed_in", detail, headers={"WWW-Authenticate": "Bearer"})


SignedIn = Annotated[Caller, Depends(caller)]
ServiceOnly = Annotated[Caller, Depends(service)]
