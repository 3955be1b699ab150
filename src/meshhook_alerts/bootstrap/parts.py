"""Parts as an operator's settings want them, and what is wrong with those."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import UUID

from meshhook_alerts.adapters.address_ranges import is_loopback
from meshhook_alerts.adapters.link_seal import LinkSeals
from meshhook_alerts.adapters.outbound_guard import AddressGuard
from meshhook_alerts.adapters.postgres.database import parse_address
from meshhook_alerts.adapters.postgres.sessions import Address
from meshhook_alerts.adapters.secret_box import AesSecretBox
from meshhook_alerts.application.ports import (
    MailServer,
)
from meshhook_alerts.channels.email.config import checked_sender
from meshhook_alerts.domain.message import Links
from meshhook_alerts.settings import Settings, SettingsError, read_settings, wrong


def links(settings: Settings, seals: LinkSeals) -> Links:
    """Where messages lead their readers."""
    ours = settings.base_url
    return Links(
        alert=f"{ours.rstrip('/')}/alerts/a/{{id}}" if ours else None,
        seal=seals.query,
        act=_act_link(ours.rstrip("/"), seals) if ours else None,
        run=run_pages(settings),
    )


def run_pages(settings: Settings) -> str | None:
    """Where MeshHook shows a run, with ``{id}`` for which; None where that is not known."""
    theirs = settings.meshhook_url
    return f"{theirs.rstrip('/')}/runs/{{id}}" if theirs else None


def _act_link(base: str, seals: LinkSeals) -> Callable[[UUID, UUID, str, datetime], str]:
    def link(alert_id: UUID, message_id: UUID, act: str, at: datetime) -> str:
        return f"{base}/alerts/a/{alert_id}/{act}{seals.act_query(alert_id, message_id, act, at)}"

    return link


def usable_settings(*, api: bool, **given: Any) -> Settings:
    """Settings with which a worker, or the API as well, can run.

    Raises:
        SettingsError: it names every setting that is missing or wrong.
    """
    settings, problems = read_settings(**given)
    for check in _checks(settings, api=api):
        try:
            check()
        except SettingsError as problem:
            problems.append(str(problem))
    if problems:
        raise SettingsError(*problems)
    return settings


def _checks(settings: Settings, *, api: bool) -> Iterator[Callable[[], object]]:
    url = settings.database_url
    if url is not None:  # the embedded one makes keys and a secret of its own
        yield lambda: address_of(url.get_secret_value(), settings)
    if url is not None or settings.keys is not None:
        yield lambda: secret_box(settings)
    if api and (url is not None or settings.supabase_jwt_secret is not None):
        yield lambda: _jwt_secret(settings)
    yield lambda: outbound_guard(settings)
    yield lambda: _sender(settings)
    yield lambda: mail_server_of(settings)


def _jwt_secret(settings: Settings) -> str:
    if settings.supabase_jwt_secret is None and settings.supabase_url:
        return ""
    if settings.supabase_jwt_secret is None:
        what = (
            "not set; users' tokens are checked with it. "
            "Supabase shows it under Project Settings, API (JWT secret)"
        )
        raise SettingsError(wrong("supabase_jwt_secret", what))
    secret = settings.supabase_jwt_secret.get_secret_value()
    if len(secret.encode()) < _SHORTEST_SECRET:
        what = f"{len(secret.encode())} bytes are too short to sign with; it has 32 or more"
        raise SettingsError(wrong("supabase_jwt_secret", what))
    return secret


_SHORTEST_SECRET = 32  # RFC 7518 3.2: as long as the hash


def address_of(database_url: str, settings: Settings) -> Address:
    """Where the database is, and how it is to be spoken to.

    Raises:
        SettingsError: that is no address.
    """
    try:
        return parse_address(database_url, settings.pooled)
    except ValueError as problem:
        raise SettingsError(wrong("database_url", str(problem))) from None


def outbound_guard(settings: Settings) -> AddressGuard:
    """The guard, with what the operator lets through.

    Raises:
        SettingsError
    """
    try:
        return AddressGuard(settings.outbound_allow)
    except ValueError as problem:
        raise SettingsError(wrong("outbound_allow", str(problem))) from None


def secret_box(settings: Settings) -> AesSecretBox:
    """What seals and opens channel secrets, with the operator's keys.

    Raises:
        SettingsError: there are none, or they cannot be used.
    """
    if settings.keys is None:
        what = (
            "not set; channel secrets are encrypted with it. "
            "Make one with `meshhook-alerts keys generate` and keep it outside the database"
        )
        raise SettingsError(wrong("keys", what))
    try:
        return AesSecretBox.from_text(settings.keys.get_secret_value())
    except ValueError as problem:
        raise SettingsError(wrong("keys", str(problem))) from None


def key_ids(settings: Settings) -> frozenset[str] | None:
    """Names of the keys that are set; None if none are.

    Raises:
        SettingsError
    """
    return None if settings.keys is None else secret_box(settings).key_ids


_MAIL_SCHEMES = {"smtp": ("starttls", 587), "smtps": ("tls", 465), "smtp+plain": ("none", 25)}


def _sender(settings: Settings) -> str:
    try:
        return checked_sender(settings.mail_from)
    except ValueError as problem:
        raise SettingsError(wrong("mail_from", f"is no sender of e-mail: {problem}")) from None


def mail_server_of(settings: Settings) -> MailServer | None:
    """The operator's mail server, if one is set.

    Raises:
        SettingsError
    """
    if settings.smtp_url is None:
        return None
    try:
        parts = urlsplit(settings.smtp_url.get_secret_value())
        given_port = parts.port
    except ValueError:  # a bad port, or brackets that do not close
        raise SettingsError(wrong("smtp_url", "not a mail server's address")) from None
    if parts.scheme not in _MAIL_SCHEMES or not parts.hostname:
        raise SettingsError(wrong("smtp_url", "not a mail server's address"))
    if parts.scheme == "smtp+plain" and not is_loopback(parts.hostname):
        what = (
            "smtp+plain sends everything in the clear, so only to this machine; use smtp or smtps"
        )
        raise SettingsError(wrong("smtp_url", what))
    security, port = _MAIL_SCHEMES[parts.scheme]
    return MailServer(
        host=parts.hostname,
        port=given_port or port,
        security=security,
        sender=_sender(settings),
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        trusted=True,
    )
