"""What a channel brings to be examined: ``harness_<kind>.py`` with ``open_harness``.

A harness runs a real server of the channel's sort on loopback. The server repeats in its answers
what it was sent, secrets included: real ones do, and none of it may be stored or shown.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum, auto
from importlib.metadata import entry_points
from typing import Any, Protocol, cast

from meshhook_alerts.adapters.http_client import GuardedHttpClient
from meshhook_alerts.adapters.outbound_guard import AddressGuard
from meshhook_alerts.application.ports import MailServer


class Answer(Enum):
    """What the server says to the next messages."""

    ACCEPTED = auto()
    BUSY = auto()
    """Try again later, as with HTTP 503."""
    WRONG_CREDENTIALS = auto()
    """We are not let in, as with HTTP 401."""
    GONE = auto()
    """There is no such destination any more, as with HTTP 404."""
    SILENT = auto()
    """It took the message and hung up without an answer."""
    NOT_REALLY = auto()
    """It answers in its usual good form, and says in it that the message was not taken. A server that never
    does so answers as for ``GONE``."""


HARNESSES = "meshhook_alerts.channel_harnesses"
"""The entry-point group of other packages' harnesses."""


@dataclass
class Tools:
    """See ``ports.ChannelTools``."""

    guard: AddressGuard
    http: GuardedHttpClient
    mail: MailServer | None = None
    done: tuple[str, ...] = ()
    thread: str | None = None
    receipt_url: str | None = None
    mail_elsewhere: bool = False

    def now(self) -> datetime:
        """The present moment, UTC."""
        return datetime.now(UTC)


class Harness(Protocol):
    """A channel with a server to talk to."""

    config: dict[str, Any]
    """Settings that are valid and lead to the server."""
    secrets: Sequence[str]
    """Everything that must not be shown: values of secret fields, passwords, secret paths."""
    tools: Tools

    def answer(self, answer: Answer) -> None:
        """How the server answers from now on."""

    def received(self) -> Sequence[bytes]:
        """The messages it accepted, without what differs by design from try to try."""


def harness_for(kind: str) -> AbstractAsyncContextManager[Harness]:
    """The harness of a channel; every installed channel must bring one: ours in
    ``tests/contract/harness_<kind>.py``, a package of others by the entry point of the kind's name in
    ``meshhook_alerts.channel_harnesses``."""
    for entry in entry_points(group=HARNESSES, name=kind):
        return cast(AbstractAsyncContextManager[Harness], entry.load()())
    module = importlib.import_module(f"tests.contract.harness_{kind}")
    return cast(AbstractAsyncContextManager[Harness], module.open_harness())
