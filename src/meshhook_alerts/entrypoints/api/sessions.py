"""Sessions of the dashboard: a token kept in a cookie that no script can read.

The cookie holds the very token that would be sent as ``Authorization: Bearer``, so a session ends when it does, and a
session can do nothing that a token cannot. What changes anything must come from our own pages (`check_origin`).
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import jwt
from fastapi import Request, Response

from meshhook_alerts.entrypoints.api.problems import Problem

COOKIE = "mha_session"
REFRESH_COOKIE = "mha_refresh"
"""What a session of MeshHook's own sign-in goes on with; sent to the session's own operations alone."""
REFRESH_PATH = "/api/alerts/session"
REFRESH_SECONDS = 30 * 86_400
"""How long a browser keeps it; Supabase may end the session before."""
LINK_SECONDS = 900
"""How long a sign-in link is good."""
_CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_ABOUT = "meshhook-alerts:sign-in"


def keep(request: Request, response: Response, token: str, expires: float) -> None:
    """Begins a session with ``token``, which expires at that Unix time."""
    response.set_cookie(
        COOKIE, token, max_age=max(0, int(expires - time.time())), path="/", httponly=True,
        samesite="strict", secure=is_https(request),
    )  # fmt: skip


def keep_going(request: Request, response: Response, token: str) -> None:
    """Keeps what the session is renewed with."""
    response.set_cookie(
        REFRESH_COOKIE, token, max_age=REFRESH_SECONDS, path=REFRESH_PATH, httponly=True,
        samesite="strict", secure=is_https(request),
    )  # fmt: skip


def forget(request: Request, response: Response) -> None:
    """Ends the session."""
    for name, path in ((COOKIE, "/"), (REFRESH_COOKIE, REFRESH_PATH)):
        response.delete_cookie(
            name, path=path, httponly=True, samesite="strict", secure=is_https(request)
        )


def is_https(request: Request) -> bool:
    """Whether the reader's browser speaks HTTPS, be it to a proxy before us."""
    base: str | None = request.app.state.service.settings.base_url
    if request.url.scheme == "https":
        return True
    return (
        bool(base)
        and base is not None
        and base.startswith("https://")
        and _host(base) == request.headers.get("host")
    )


def token_of(request: Request) -> str | None:
    """The session's token, if there is one that may be used for this request.

    Raises:
        Problem: 403, for a change that another site asks for.
    """
    token = request.cookies.get(COOKIE)
    if token and request.method in _CHANGING:
        check_origin(request)
    return token


def check_origin(request: Request) -> None:
    """Lets pass what our own pages ask for. Browsers name the page's origin with every change, and no page can name
    another (Fetch, "Origin"); one that names none has no business with a cookie.

    Raises:
        Problem: 403.
    """
    origin = request.headers.get("origin", "")
    ours = {request.headers.get("host", "")}
    if base := request.app.state.service.settings.base_url:
        ours.add(_host(base))
    if (
        _host(origin) not in ours
        or request.headers.get("sec-fetch-site", "same-origin") != "same-origin"
    ):
        detail = (
            "A session may change things from this server's own pages only; programs send a token."
        )
        raise Problem(403, "foreign_origin", detail)


def _host(address: str) -> str:
    try:
        return urlsplit(address).netloc
    except ValueError:
        return ""


@dataclass(frozen=True, slots=True)
class LocalSignIn:
    """How the embedded default's local owner signs in."""

    links: SignInLinks
    token: Callable[[], str]
    """Makes a token of theirs."""


@dataclass(frozen=True, slots=True)
class SignInLinks:
    """Links by which the embedded default's local owner signs in, once each."""

    secret: str = field(repr=False)
    used: Path
    """A folder that remembers which were used."""

    def make(self, now: float | None = None) -> str:
        """What stands behind ``?once=``."""
        moment = time.time() if now is None else now
        claims = {"aud": _ABOUT, "jti": secrets.token_hex(16), "exp": moment + LINK_SECONDS}
        return jwt.encode(claims, self.secret, algorithm="HS256")

    def use(self, once: str) -> bool:
        """Whether it is good; it is not a second time, whatever process is asked."""
        try:
            claims = jwt.decode(
                once,
                self.secret,
                algorithms=["HS256"],
                audience=_ABOUT,
                options={"require": ["exp", "jti"]},
            )
        except jwt.PyJWTError:
            return False
        self.used.mkdir(parents=True, exist_ok=True)
        self._clear()
        try:
            handle = os.open(
                self.used / str(claims["jti"]), os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600
            )
        except FileExistsError:
            return False
        os.close(handle)
        return True

    def _clear(self) -> None:
        """Forgets what has expired anyway."""
        for each in self.used.iterdir():
            if each.stat().st_mtime < time.time() - 2 * LINK_SECONDS:
                each.unlink(missing_ok=True)
