"""The embedded default: a database, keys and an owner of its own, all in one folder.

Nothing here is used when ``DATABASE_URL`` is set, except where a command says so.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import jwt
from pydantic import SecretStr

from meshhook_alerts.adapters.embedded_postgres import EmbeddedPostgres, default_data_folder
from meshhook_alerts.adapters.secret_box import generate_key
from meshhook_alerts.entrypoints.api.sessions import LocalSignIn, SignInLinks
from meshhook_alerts.settings import Settings

TOKEN_LIFE = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class LocalOwner:
    """Who owns the projects of the embedded database, and the secret that signs their tokens."""

    id: UUID
    jwt_secret: str

    def token(self, now: datetime, role: str = "authenticated") -> str:
        """A token for the API, good for ``TOKEN_LIFE``."""
        claims = {
            "sub": str(self.id),
            "role": role,
            "aud": "authenticated",
            "exp": now + TOKEN_LIFE,
        }
        return jwt.encode(claims, self.jwt_secret, algorithm="HS256")


@dataclass(frozen=True, slots=True)
class Home:
    """Where a process finds its database and what it signs and encrypts with."""

    settings: Settings
    database_url: str
    jwt_secret: str
    """Empty where none is set, as a worker alone needs none."""
    embedded: bool


def sign_in_links(data: Path) -> SignInLinks:
    """The links by which the local owner of a data folder signs in."""
    return SignInLinks(local_owner(data).jwt_secret, data / "sign-ins")


def local_sign_in(place: Home) -> LocalSignIn | None:
    """How the local owner signs in; None where the database is not the embedded one."""
    data = place.settings.data
    if not place.embedded or data is None:
        return None
    owner = local_owner(data)
    if place.jwt_secret != owner.jwt_secret:  # tokens are signed with another secret here
        return None
    return LocalSignIn(sign_in_links(data), lambda: owner.token(datetime.now(UTC)))


def local_owner(data: Path) -> LocalOwner:
    """The local owner of a data folder, made on first use."""
    owner = _kept(data / "owner.id", lambda: str(uuid4()))
    return LocalOwner(UUID(owner), _kept(data / "jwt.secret", lambda: secrets.token_urlsafe(48)))


@contextmanager
def home(settings: Settings) -> Iterator[Home]:
    """The database to work on: the configured one, or the embedded one, started if need be.

    Raises:
        EmbeddedPostgresError: the embedded one cannot start.
    """
    if settings.database_url is not None:
        url = settings.database_url.get_secret_value()
        yield Home(settings, url, _given(settings) or "", embedded=False)
        return
    data = settings.data or default_data_folder()
    with EmbeddedPostgres(data=data) as server:
        owner = local_owner(data)
        key = _kept(data / "keys", lambda: generate_key("local"))
        own = settings.model_copy(update={"keys": settings.keys or SecretStr(key), "data": data})
        yield Home(own, server.url, _given(settings) or owner.jwt_secret, embedded=True)


def _given(settings: Settings) -> str | None:
    secret = settings.supabase_jwt_secret
    return secret.get_secret_value() if secret else None


def _kept(path: Path, make: Callable[[], str]) -> str:
    """A secret's file, readable by its owner only; written whole or not at all."""
    try:
        return path.read_text("utf-8").strip()
    except FileNotFoundError:
        pass
    if not path.parent.exists():
        # Root's folder must let the embedded server's unprivileged user through, not look.
        path.parent.mkdir(parents=True)
        path.parent.chmod(0o711 if os.geteuid() == 0 else 0o700)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(make())
    try:
        os.link(draft, path)  # fails if another process was first: then its secret counts
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path.read_text("utf-8").strip()
