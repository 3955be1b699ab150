"""``/api/alerts/session`` and ``/alerts/sign-in``: signing in to the dashboard, and out."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, ConfigDict, Field

from meshhook_alerts.application.acts import name_of
from meshhook_alerts.application.settings_ports import Caller
from meshhook_alerts.entrypoints.api.alert_page import words
from meshhook_alerts.entrypoints.api.identity import TokenReader, caller
from meshhook_alerts.entrypoints.api.problems import Problem, storable
from meshhook_alerts.entrypoints.api.rates import Rates
from meshhook_alerts.entrypoints.api.sessions import (
    REFRESH_COOKIE,
    LocalSignIn,
    check_origin,
    forget,
    keep,
    keep_going,
    token_of,
)
from meshhook_alerts.entrypoints.api.supabase_auth import SupabaseAuth, Tokens

router = APIRouter(tags=["session"])
_BODY = [Depends(storable)]


class SessionRequest(BaseModel):
    """A token that the caller has."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    access_token: str = Field(
        min_length=1,
        max_length=8_000,
        description="As it would be sent as `Authorization: Bearer`.",
        repr=False,
    )


class PasswordRequest(BaseModel):
    """An account of MeshHook."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    email: str = Field(min_length=3, max_length=320)
    password: str = Field(min_length=1, max_length=1_000, repr=False)


class SessionAnswer(BaseModel):
    """Who is signed in, and how one signs in here."""

    signed_in: bool
    name: str | None = Field(description="As others see them.")
    user_id: str | None
    expires_at: datetime | None = Field(description="When the session ends.")
    local: bool = Field(
        description="Whether the local owner signs in here, by a link that the terminal shows."
    )
    password: bool = Field(description="Whether one signs in here as in MeshHook.")
    renewable: bool = Field(description="Whether `POST …/session/refresh` makes it last longer.")


@router.get("/api/alerts/session", summary="Who is signed in")
async def read(request: Request) -> SessionAnswer:
    """Answers everybody: nobody is signed in, or who is."""
    try:
        return _answer(request, await caller(request))
    except Problem:
        return _answer(request, None)


@router.post("/api/alerts/session", summary="Sign in with a token", dependencies=_BODY)
async def begin(request: Request, response: Response, body: SessionRequest) -> SessionAnswer:
    """Keeps the token in a cookie that no script can read, until it expires."""
    check_origin(request)
    await _count(request)
    reader: TokenReader = request.app.state.tokens
    who = await reader.caller(body.access_token.strip())
    keep(request, response, body.access_token.strip(), _expires(who))
    return _answer(request, who)


@router.post("/api/alerts/session/password", summary="Sign in as in MeshHook", dependencies=_BODY)
async def with_password(
    request: Request, response: Response, body: PasswordRequest
) -> SessionAnswer:
    """Exchanges address and password with Supabase Auth, and keeps its tokens in cookies that no script can read."""
    check_origin(request)
    await _count(request, f"account {body.email.strip().lower()}")
    return await _begin(
        request, response, await _auth(request).sign_in(body.email.strip(), body.password)
    )


@router.post("/api/alerts/session/refresh", summary="Make the session last longer")
async def refresh(request: Request, response: Response) -> SessionAnswer:
    """For a session that `password` began: its next tokens, as long as Supabase gives them."""
    check_origin(request)
    kept = request.cookies.get(REFRESH_COOKIE)
    if not kept:
        raise Problem(401, "not_signed_in", "There is no session to renew; sign in.")
    return await _begin(request, response, await _auth(request).refresh(kept))


@router.delete("/api/alerts/session", summary="Sign out", status_code=204)
async def end(request: Request) -> Response:
    """Ends the session; that none is there is no mistake."""
    token_of(request)
    response = Response(status_code=204)
    forget(request, response)
    return response


@router.get("/alerts/sign-in", include_in_schema=False)
async def by_link(request: Request, once: str = "") -> Response:
    """The link that `serve` and `demo` print: the local owner signs in with it, once."""
    local: LocalSignIn | None = request.app.state.local_sign_in
    if local is None:
        return words(
            404,
            "There is no such way in here",
            "Sign in at MeshHook, and open the alerts from there.",
        )
    if not local.links.use(once):
        return words(
            410, "This link has been used, or is too old",
            "Each is good once, for a quarter of an hour. `meshhook-alerts sign-in` prints another; for the demo, with"
            " MESHHOOK_ALERTS_DATA set to the folder that it names at its start.",
        )  # fmt: skip
    response = RedirectResponse("/alerts/", status_code=303)
    token = local.token()
    keep(request, response, token, _expires(await request.app.state.tokens.caller(token)))
    return response


def _auth(request: Request) -> SupabaseAuth:
    auth: SupabaseAuth | None = request.app.state.supabase_auth
    if auth is None:
        detail = (
            "Signing in with a password needs SUPABASE_URL and SUPABASE_ANON_KEY; see the settings."
        )
        raise Problem(404, "no_password_sign_in", detail)
    return auth


async def _begin(request: Request, response: Response, tokens: Tokens) -> SessionAnswer:
    who = await request.app.state.tokens.caller(tokens.access)
    keep(request, response, tokens.access, _expires(who))
    keep_going(request, response, tokens.refresh)
    return _answer(request, who, renewable=True)


async def _count(request: Request, *accounts: str) -> None:
    """Each address and each account may try only so often."""
    rates: Rates = request.app.state.rates
    await rates.sign_in(request.client.host if request.client else "unknown", *accounts)


def _expires(who: Caller) -> float:
    return float(str(who.claims["exp"]))


def _answer(
    request: Request, who: Caller | None, *, renewable: bool | None = None
) -> SessionAnswer:
    return SessionAnswer(
        signed_in=who is not None,
        name=name_of(who) if who else None,
        user_id=str(who.subject) if who and who.subject else None,
        expires_at=datetime.fromtimestamp(min(_expires(who), time.time() + 10**9), UTC)
        if who
        else None,
        local=request.app.state.local_sign_in is not None,
        password=request.app.state.supabase_auth is not None,
        renewable=REFRESH_COOKIE in request.cookies if renewable is None else renewable,
    )
