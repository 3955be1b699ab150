"""The parts of one running process, put together."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from importlib.metadata import version
from uuid import UUID

from meshhook_alerts.adapters.http_client import GuardedHttpClient
from meshhook_alerts.adapters.link_seal import LinkSeals
from meshhook_alerts.adapters.postgres.act_store import PostgresActStore
from meshhook_alerts.adapters.postgres.alert_reader import PostgresAlertReader
from meshhook_alerts.adapters.postgres.change_feed import PostgresChangeFeed
from meshhook_alerts.adapters.postgres.channel_tests import (
    PostgresChannelTests,
    PostgresPastFailures,
)
from meshhook_alerts.adapters.postgres.database import Database
from meshhook_alerts.adapters.postgres.decision_store import PostgresDecisionStore
from meshhook_alerts.adapters.postgres.delivery_store import PostgresDeliveryStore, PostgresReceipts
from meshhook_alerts.adapters.postgres.detection.runner import Policies, PostgresSweeps
from meshhook_alerts.adapters.postgres.detection_store import PostgresDetectionStore
from meshhook_alerts.adapters.postgres.health import PostgresHealth
from meshhook_alerts.adapters.postgres.settings_loader import SettingsLoader
from meshhook_alerts.adapters.postgres.settings_store import PostgresSettingsStore
from meshhook_alerts.adapters.postgres.signal_inbox import PostgresSignalInbox
from meshhook_alerts.adapters.postgres.silence_store import PostgresSilenceStore
from meshhook_alerts.adapters.postgres.waker import PostgresWaker
from meshhook_alerts.application.accept_failures import AcceptFailures
from meshhook_alerts.application.acts import Acts
from meshhook_alerts.application.change_settings import ChangeSettings
from meshhook_alerts.application.deliver_notifications import DeliverNotifications
from meshhook_alerts.application.detection_state import ReadDetection
from meshhook_alerts.application.evaluate_failures import EvaluateFailures
from meshhook_alerts.application.operator import E_MAIL_OF_VARIABLE, OperatorSettings
from meshhook_alerts.application.patch_settings import PatchSettings
from meshhook_alerts.application.ports import (
    ChannelPlugin,
    MailServer,
    OutboundGuard,
    SecretBox,
)
from meshhook_alerts.application.preview_channel import PreviewChannel
from meshhook_alerts.application.problems import InvalidRequest
from meshhook_alerts.application.read_settings import ReadSettings
from meshhook_alerts.application.recording import Recorder
from meshhook_alerts.application.sending import Sender
from meshhook_alerts.application.settings_defaults import SetUpDefaults
from meshhook_alerts.application.settings_file import SettingsFiles
from meshhook_alerts.application.settings_history import SettingsHistory
from meshhook_alerts.application.silences import Silences
from meshhook_alerts.application.stream import Stream
from meshhook_alerts.application.take_receipt import TakeReceipt
from meshhook_alerts.application.try_channel import TryChannel
from meshhook_alerts.application.worker import Worker
from meshhook_alerts.bootstrap.clocks import DatabaseClock
from meshhook_alerts.bootstrap.parts import links
from meshhook_alerts.channels import mirroring, subject_of
from meshhook_alerts.settings import Settings, variable
from meshhook_alerts.sources import meshhook, reported
from meshhook_alerts.sources.meshhook.detection import sweeps as meshhook_sweeps

_log = logging.getLogger(__name__)

_BESIDE = 200
"""Signals that are decided with an act; the rest is the workers'."""

JUDGES = {"meshhook": meshhook.judge, "api": reported.judge}


@dataclass(frozen=True, slots=True)
class Tools:
    """See ``ports.ChannelTools``."""

    guard: OutboundGuard
    http: GuardedHttpClient
    mail: MailServer | None
    clock: DatabaseClock
    done: tuple[str, ...] = ()
    thread: str | None = None
    receipt_url: str | None = None
    """Nothing: each try has its own."""
    mail_elsewhere: bool = False
    """Unknown; it is asked when channels are saved."""

    def now(self) -> datetime:
        """The present moment, UTC."""
        return self.clock.now()


@dataclass(slots=True)
class Deciding:
    """Decides for whoever asks, one at a time, on one connection."""

    store: PostgresDecisionStore
    evaluate: EvaluateFailures
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def __call__(self, project_id: UUID) -> None:
        """One batch of that project, unless somebody else is deciding for it."""
        async with self._turn:
            await self.evaluate(limit=_BESIDE, only=project_id)

    async def close(self) -> None:
        """Gives the connection back."""
        await self.store.close()


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
    _deciding: Deciding | None = None
    _stream: Stream | None = None

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
    def cursor_secret(self) -> str:
        """What seals the places in lists that readers are given, where no token secret is shared."""
        keys = self.settings.keys.get_secret_value() if self.settings.keys else self.name
        return hashlib.sha256(f"cursors {keys}".encode()).hexdigest()

    @property
    def silences(self) -> Silences:
        """``/api/alerts/silences``."""
        return Silences(PostgresSilenceStore(self.database.pool, self.clock.hear), self.clock)

    @property
    def acts(self) -> Acts:
        """``POST /api/alerts/{id}/acknowledge`` and the like."""
        return Acts(PostgresActStore(self.database.pool, self.clock.hear), self._decide_for)

    @property
    def alert_reader(self) -> PostgresAlertReader:
        """``GET /api/alerts…``."""
        return PostgresAlertReader(self.database.pool)

    @property
    def stream(self) -> Stream:
        """``GET /api/alerts/stream``."""
        if self._stream is None:
            self._stream = Stream(self.change_feed)
        return self._stream

    @property
    def change_feed(self) -> PostgresChangeFeed:
        """What changes, for whoever looks again and again."""
        return PostgresChangeFeed(self.database.pool)

    async def _decide_for(self, project_id: UUID) -> None:
        """Decides on what waits for a project, here and now; what is to be sent is left to the workers."""
        if self._deciding is None:
            store = self._decision_store()
            seals = links(self.settings, self.link_seals)
            self._deciding = Deciding(store, EvaluateFailures(store, JUDGES, seals, leased_limit=0))
        await self._deciding(project_id)

    async def close(self) -> None:
        """Gives back what was opened on the way."""
        if self._deciding is not None:
            await self._deciding.close()
        if self._stream is not None:
            await self._stream.close()

    def _decision_store(self) -> PostgresDecisionStore:
        return PostgresDecisionStore(
            self.database.connect,
            self.database.begin,
            SettingsLoader(mirroring(self.channels)),
            self.clock.hear,
        )

    @property
    def try_channel(self) -> TryChannel:
        """``POST /api/alerts/channels/{id}/test``."""
        return TryChannel(PostgresChannelTests(self.database.pool))

    @property
    def preview_channel(self) -> PreviewChannel:
        """``POST /api/alerts/channels/{id}/preview``."""
        past = PostgresPastFailures(self.database.pool)
        return PreviewChannel(
            past, self.channels, links(self.settings, self.link_seals), subject_of
        )

    @property
    def take_receipt(self) -> TakeReceipt:
        """``POST /api/alerts/receipts/…``."""
        store = PostgresReceipts(self.database.pool)
        return TakeReceipt(store, self.channels, self.secrets, self.settings.base_url)

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
        deliver = DeliverNotifications(
            self.channels, self.tools, self.secrets, self.clock, base_url=self.settings.base_url
        )
        recorder = Recorder(deliveries.record, partial(health.say, "recording"))
        decisions = self._decision_store()
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
