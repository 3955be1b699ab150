"""The one place where the parts are put together."""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib.metadata import version
from typing import Any
from urllib.parse import unquote, urlsplit

from meshhook_alerts.adapters.address_ranges import is_loopback
from meshhook_alerts.adapters.http_client import GuardedHttpClient
from meshhook_alerts.adapters.link_seal import LinkSeals
from meshhook_alerts.adapters.outbound_guard import AddressGuard
from meshhook_alerts.adapters.postgres.channel_tests import PostgresChannelTests
from meshhook_alerts.adapters.postgres.database import Database, parse_address
from meshhook_alerts.adapters.postgres.decision_store import PostgresDecisionStore
from meshhook_alerts.adapters.postgres.delivery_store import PostgresDeliveryStore
from meshhook_alerts.adapters.postgres.detection.runner import Policies, PostgresSweeps
from meshhook_alerts.adapters.postgres.detection_store import PostgresDetectionStore
from meshhook_alerts.adapters.postgres.health import PostgresHealth
from meshhook_alerts.adapters.postgres.sessions import Address
from meshhook_alerts.adapters.postgres.settings_loader import SettingsLoader
from meshhook_alerts.adapters.postgres.settings_store import PostgresSettingsStore
from meshhook_alerts.adapters.postgres.signal_inbox import PostgresSignalInbox
from meshhook_alerts.adapters.postgres.silence_store import PostgresSilenceStore
from meshhook_alerts.adapters.postgres.waker import PostgresWaker
from meshhook_alerts.adapters.secret_box import AesSecretBox
from meshhook_alerts.application.accept_failures import AcceptFailures
from meshhook_alerts.application.change_settings import ChangeSettings
from meshhook_alerts.application.deliver_notifications import DeliverNotifications
from meshhook_alerts.application.detection_state import ReadDetection
from meshhook_alerts.application.evaluate_failures import EvaluateFailures
from meshhook_alerts.application.operator import E_MAIL_OF_VARIABLE, OperatorSettings
from meshhook_alerts.application.patch_settings import PatchSettings
from meshhook_alerts.application.ports import (
    ChannelPlugin,
    HttpClient,
    MailServer,
    OutboundGuard,
    SecretBox,
)
from meshhook_alerts.application.problems import InvalidRequest
from meshhook_alerts.application.read_settings import ReadSettings
from meshhook_alerts.application.recording import Recorder
from meshhook_alerts.application.sending import Sender
from meshhook_alerts.application.settings_defaults import SetUpDefaults
from meshhook_alerts.application.settings_file import SettingsFiles
from meshhook_alerts.application.settings_history import SettingsHistory
from meshhook_alerts.application.silences import Silences
from meshhook_alerts.application.try_channel import TryChannel
from meshhook_alerts.application.worker import Worker
from meshhook_alerts.channels import installed_channels
from meshhook_alerts.channels.email.config import checked_sender
from meshhook_alerts.domain.message import Links
from meshhook_alerts.settings import Settings, SettingsError, read_settings, variable, wrong
from meshhook_alerts.sources import meshhook, reported
from meshhook_alerts.sources.meshhook.detection import sweeps as meshhook_sweeps

_log = logging.getLogger(__name__)

JUDGES = {"meshhook": meshhook.judge, "api": reported.judge}


@dataclass(frozen=True, slots=True)
class SystemClock:
    """The machine's clock; decisions use the database's."""

    def now(self) -> datetime:
        """The present moment, UTC."""
        return datetime.now(UTC)


@dataclass(slots=True)
class DatabaseClock:
    """The database's clock, as of its last word: a machine's own may be an hour off, and deadlines
    and signatures must not depend on which worker has them."""

    system: SystemClock = field(default_factory=SystemClock)
    _heard: datetime | None = None
    _since: float = 0

    def hear(self, now: datetime) -> None:
        """Takes the database's present moment, read just now."""
        self._heard, self._since = now, time.monotonic()

    def now(self) -> datetime:
        """The present moment, UTC; the machine's until the database has said it."""
        if self._heard is None:
            return self.system.now()
        return self._heard + timedelta(seconds=time.monotonic() - self._since)


@dataclass(frozen=True, slots=True)
class Tools:
    """See ``ports.ChannelTools``."""

    guard: OutboundGuard
    http: HttpClient
    mail: MailServer | None
    clock: DatabaseClock
    done: tuple[str, ...] = ()
    """Nothing: each try has its own."""
    mail_elsewhere: bool = False
    """Unknown; it is asked when channels are saved."""

    def now(self) -> datetime:
        """The present moment, UTC."""
        return self.clock.now()


@dataclass(slots=True)
class Service:
    """The parts of one running process."""

    settings: Settings
    database: Database
    channels: dict[str, ChannelPlugin]
    tools: Tools
    secrets: SecretBox
    name: str
    clock: DatabaseClock

    @property
    def change_settings(self) -> ChangeSettings:
        """``POST /api/alerts/settings``."""
        store = PostgresSettingsStore(self.database.pool)
        return ChangeSettings(store, self.channels, self.tools, self.secrets)

    @property
    def read_settings(self) -> ReadSettings:
        """``GET /api/alerts/settings/…``."""
        return ReadSettings(PostgresSettingsStore(self.database.pool))

    @property
    def patch_settings(self) -> PatchSettings:
        """``POST`` and ``PUT /api/alerts/settings``, in parts or whole."""
        return PatchSettings(self.read_settings, self.change_settings)

    @property
    def settings_history(self) -> SettingsHistory:
        """``/api/alerts/settings/…/versions``."""
        return SettingsHistory(PostgresSettingsStore(self.database.pool), self.patch_settings)

    @property
    def settings_files(self) -> SettingsFiles:
        """``meshhook-alerts settings export|diff|apply``."""
        return SettingsFiles(self.read_settings, self.change_settings, self.patch_settings)

    @property
    def set_up_defaults(self) -> SetUpDefaults:
        """``POST /api/alerts/settings/…/defaults``."""
        return SetUpDefaults(self.read_settings, self.patch_settings)

    @property
    def link_seals(self) -> LinkSeals:
        """Lets the readers of messages in."""
        return LinkSeals.from_text(
            self.settings.keys.get_secret_value() if self.settings.keys else ""
        )

    @property
    def silences(self) -> Silences:
        """``/api/alerts/silences``."""
        return Silences(PostgresSilenceStore(self.database.pool), self.clock)

    @property
    def try_channel(self) -> TryChannel:
        """``POST /api/alerts/channels/{id}/test``."""
        return TryChannel(PostgresChannelTests(self.database.pool))

    @property
    def operator(self) -> OperatorSettings:
        """Who hears of failures of the platform."""
        return OperatorSettings(self.read_settings, self.change_settings)

    async def set_up_operator(self) -> None:
        """Makes the operator's address hear of failures of the platform, as the variable says; says
        so if nobody hears of them.

        Raises:
            StoreUnavailable
        """
        address = self.settings.operator_email
        addresses = [address] if address else []
        try:
            await self.operator.mail_to(*addresses, channel=E_MAIL_OF_VARIABLE)
        except InvalidRequest as problem:
            said = "; ".join(each.message for each in problem.fields)
            _log.error("%s cannot be used: %s", variable("operator_email"), said)
        if not any(channel.enabled for channel in await self.operator.channels()):
            _log.warning(
                "nobody is told of failures of the platform: set %s, or run"
                " `meshhook-alerts platform set --email ADDRESS`",
                variable("operator_email"),
            )

    async def check_keys(self) -> None:
        """Says which stored secrets the key ring does not open.

        Raises:
            StoreUnavailable
        """
        stored = await PostgresSettingsStore(self.database.pool).sealing_keys()
        for name, channels in stored.items():
            if name not in self.secrets.key_ids:
                _log.error(
                    "%d channel(s) hold secrets sealed with the key %r, which is not in %s: this"
                    " worker leaves their messages to others; put that key behind the current one",
                    channels,
                    name,
                    variable("keys"),
                )

    async def prepare(self) -> None:
        """What a worker does once there is a database.

        Raises:
            StoreUnavailable
        """
        await self.check_keys()
        await self.set_up_operator()

    @property
    def read_detection(self) -> ReadDetection:
        """``GET /api/alerts/detection`` and ``/baseline/…``."""
        return ReadDetection(PostgresDetectionStore(self.database.pool))

    @property
    def accept_failures(self) -> AcceptFailures:
        """``POST /api/alerts/trigger``."""
        return AcceptFailures(PostgresSignalInbox(self.database.pool), self.clock)

    def worker(self) -> Worker:
        """A worker over these parts."""
        pool = self.database.pool
        deliveries = PostgresDeliveryStore(pool, self.name, self.clock.hear)
        health = PostgresHealth(pool, self.name)
        deliver = DeliverNotifications(self.channels, self.tools, self.secrets, self.clock)
        recorder = Recorder(deliveries.record, partial(health.say, "recording"))
        decisions = PostgresDecisionStore(
            self.database.connect, self.database.begin, SettingsLoader(), self.clock.hear
        )
        listen = not self.database.address.pooled
        return Worker(
            EvaluateFailures(decisions, JUDGES, links(self.settings, self.link_seals)),
            Sender(deliveries, deliver, recorder),
            deliveries,
            PostgresWaker(self.database.connect_autocommit, self.database.begin, listen=listen),
            self._sweeps(),
            health,
            prepare=self.prepare,
            abilities={
                "mail": self.tools.mail is not None,
                "kinds": sorted(self.channels),
                "version": version("meshhook-alerts"),
            },
        )

    def _sweeps(self) -> PostgresSweeps:
        """Every search for what triggers cannot see."""
        every = meshhook_sweeps(Policies(SettingsLoader()), self.settings.sweep_seconds)
        return PostgresSweeps(self.database.sweep_pool, every)


@asynccontextmanager
async def open_database(settings: Settings, database_url: str) -> AsyncIterator[Database]:
    """The database alone, for commands that need no keys.

    Raises:
        SettingsError: its address cannot be used.
    """
    database = Database(_address(database_url, settings), pool_size=2)
    await database.open()
    try:
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def open_service(settings: Settings, database_url: str) -> AsyncIterator[Service]:
    """Builds a service on ``database_url``; closes its connections at the end.

    Raises:
        SettingsError: a setting cannot be used.
    """
    async with AsyncExitStack() as stack:
        database = Database(_address(database_url, settings))
        await database.open()
        stack.push_async_callback(database.close)
        guard = outbound_guard(settings)
        http = GuardedHttpClient(guard)
        stack.push_async_callback(http.close)
        clock = DatabaseClock()
        yield Service(
            settings,
            database,
            installed_channels(),
            Tools(guard, http, mail_server_of(settings), clock),
            _secret_box(settings),
            name=f"{socket.gethostname()}:{os.getpid()}",
            clock=clock,
        )


def links(settings: Settings, seals: LinkSeals) -> Links:
    """Where messages lead their readers."""
    ours, theirs = settings.base_url, settings.meshhook_url
    return Links(
        alert=f"{ours.rstrip('/')}/alerts/a/{{id}}" if ours else None,
        seal=seals.query,
        run=f"{theirs.rstrip('/')}/runs/{{id}}" if theirs else None,
    )


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
        yield lambda: _address(url.get_secret_value(), settings)
    if url is not None or settings.keys is not None:
        yield lambda: _secret_box(settings)
    if api and (url is not None or settings.supabase_jwt_secret is not None):
        yield lambda: _jwt_secret(settings)
    yield lambda: outbound_guard(settings)
    yield lambda: _sender(settings)
    yield lambda: mail_server_of(settings)


def _jwt_secret(settings: Settings) -> str:
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


def _address(database_url: str, settings: Settings) -> Address:
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


def _secret_box(settings: Settings) -> AesSecretBox:
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
    return None if settings.keys is None else _secret_box(settings).key_ids


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
