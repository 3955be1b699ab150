"""Test send: one message over the real way, and every step of it as it happens.

It goes through the queue to a worker, as an alert does, so that what is tried is what will be used.
Nothing is called good before the other side has accepted the message.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol
from uuid import UUID, uuid4

from meshhook_alerts.application.problems import NotFound
from meshhook_alerts.application.settings_ports import Caller
from meshhook_alerts.domain.message import SCHEMA_VERSION
from meshhook_alerts.domain.reasons import Reason
from meshhook_alerts.domain.redaction import redact_name
from meshhook_alerts.domain.severity import FailureClass, Severity

LOOK_SECONDS = 0.1
PATIENCE = 60.0
"""Seconds the steps are watched; the message is tried on for another minute."""


@dataclass(frozen=True, slots=True)
class TriedChannel:
    """The channel that is tried."""

    id: UUID
    project_id: UUID
    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class Try:
    """One try of the worker's."""

    number: int
    outcome: str
    detail: str
    """The other side's own answer, redacted."""
    connected: bool | None
    seconds: float


@dataclass(frozen=True, slots=True)
class Progress:
    """The message so far."""

    state: str
    tries: Sequence[Try]
    next_in: float | None
    """Seconds until the next try."""


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the list."""

    step: str
    """rendered, queued, connected, answered or result."""
    ok: bool | None
    """None: not known yet, or not said."""
    detail: str


class TooSoon(Exception):  # noqa: N818
    """The channel was tried a moment ago."""


class ChannelTests(Protocol):
    """Where test messages are queued and watched."""

    async def channel(self, channel_id: UUID, caller: Caller) -> TriedChannel | None:
        """The channel, if the caller may edit it."""

    async def queue(
        self, channel: TriedChannel, notification_id: UUID, alert_id: UUID, content: dict[str, Any]
    ) -> bool:
        """Queues the message; whether a worker is alive to send it. Raises ``TooSoon``."""

    async def progress(self, notification_id: UUID) -> Progress:
        """How it is doing."""


@dataclass(frozen=True, slots=True)
class TryChannel:
    """``POST /api/alerts/channels/{id}/test`` and ``meshhook-alerts channels test``."""

    tests: ChannelTests

    async def begin(self, channel_id: UUID, caller: Caller) -> tuple[UUID, list[Step]]:
        """Queues a test message; its id, and the steps so far.

        Raises:
            NotFound: no such channel, or not the caller's to try.
            TooSoon
        """
        channel = await self.tests.channel(channel_id, caller)
        if channel is None:
            raise NotFound(f"channel {channel_id}")
        notification_id, alert_id = uuid4(), uuid4()
        content = compose_test(channel, alert_id, datetime.now(UTC))
        alive = await self.tests.queue(channel, notification_id, alert_id, content)
        waits = (
            "a worker sends it" if alive else "no worker is alive: start `meshhook-alerts worker`"
        )
        return notification_id, [
            Step("rendered", True, content["headline"]),
            Step("queued", alive or None, waits),
        ]

    async def watch(self, notification_id: UUID, patience: float = PATIENCE) -> AsyncIterator[Step]:
        """The steps from there on, as they happen; the last one is the result."""
        end = asyncio.get_running_loop().time() + patience
        told = 0
        while True:
            progress = await self.tests.progress(notification_id)
            for each in progress.tries[told:]:
                for step in _steps(each):
                    yield step
            told = len(progress.tries)
            if progress.state != "pending":
                yield _result(progress)
                return
            if asyncio.get_running_loop().time() >= end:
                yield Step(
                    "result", None, "no end yet; it is tried on for a while: look again later"
                )
                return
            await asyncio.sleep(LOOK_SECONDS)


def _steps(each: Try) -> list[Step]:
    good = each.outcome == "delivered"
    again = " (it is tried again)" if each.outcome in ("try_again", "ambiguous") else ""
    connected = Step("connected", each.connected, f"try {each.number}, {each.seconds:.1f} s")
    return [connected, Step("answered", good, f"{each.detail}{again}")]


def _result(progress: Progress) -> Step:
    last = progress.tries[-1].detail if progress.tries else "it was not tried"
    said = {
        "delivered": "The channel accepted the message",
        "rejected": "The channel refused the message",
        "expired": "The channel did not accept the message",
    }
    return Step("result", progress.state == "delivered", f"{said[progress.state]}: {last}")


def compose_test(channel: TriedChannel, alert_id: UUID, now: datetime) -> dict[str, Any]:
    """A test message's content, in the shape of every other (``domain.message``)."""
    name, at = redact_name(channel.name), now.isoformat(timespec="milliseconds")
    return {
        "schema": SCHEMA_VERSION,
        "type": "alert.test",
        "reason": Reason.TEST,
        "severity": Severity.INFO,
        "headline": f"Test message for the channel {name}",
        "project": {"id": str(channel.project_id), "name": None},
        "workflow": {"slug": None, "name": None, "version": None},
        "node": {"id": None, "type": None},
        "failure": {
            "kind": "test",
            "title": "Nothing has failed: somebody tried this channel",
            "class": FailureClass.TERMINAL,
            "error": "An error text of the failed step would stand here, without its secrets.",
            "error_class": "unknown",
            "http_status": None,
            "attempts": None,
            "hint": "If you can read this, alerts reach you here.",
        },
        "alert": {
            "id": str(alert_id),
            "opened_at": at,
            "last_failure_at": at,
            "detected_at": at,
            "failures": 0,
            "new_failures": 0,
            "since": at,
            "resolved_at": None,
        },
        "run": {"id": None},
        "rule": None,
        "links": {"alert": None, "run": None},
    }
