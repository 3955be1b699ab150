"""Timers: what is due later, as rows that the engine is fed when their moment has come.

A timer is data like a failure: it has a moment, and the engine walks both in order. What it does
is decided then, by the settings of then.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from meshhook_alerts.domain.identifiers import NIL

LOOK_AGAIN = timedelta(minutes=1)
"""Until a timer whose obstacle has no known end asks again."""


class TimerKind(StrEnum):
    """What has come due."""

    UNTOLD = "untold"
    """Failures that were counted and not told may be told now."""
    ACCEPTED = "accepted"
    """A channel accepted a message, later than it was decided: its cooldown starts now."""
    STORM = "storm"
    """A storm may be over."""
    IN_HAND = "in_hand"
    """An acknowledgement expires, or a snooze is over."""
    ESCALATION = "escalation"
    """If nobody has acknowledged an alert by now, others are told."""
    CLOSING = "closing"
    """An alert may have been quiet for so long that it is closed."""
    UNDELIVERED = "undelivered"
    """A message was given up: whatever it said, the channel does not know it."""
    DOUBTFUL = "doubtful"
    """A message was given up, and it may have arrived all the same: the answer to a try was lost, or whoever
    tried. What it said counts as untold, but who may have been told is owed the end."""


@dataclass(frozen=True, slots=True)
class Timer:
    """One of a project. Of each kind and subject there is one at most: set again, it moves."""

    kind: TimerKind
    subject: str
    due: datetime
    alert_id: UUID
    channel_id: UUID
    failures: int = 0
    """Failures that the message told of, where this is about one."""
    reason: str | None = None
    """Why that message was sent."""


def storm_timer(due: datetime) -> Timer:
    """Asks at ``due`` whether the project's storm is over."""
    return Timer(TimerKind.STORM, "storm", due, NIL, NIL)


def in_hand_timer(alert_id: UUID, due: datetime) -> Timer:
    """Ends what somebody did about the alert."""
    return Timer(TimerKind.IN_HAND, str(alert_id), due, alert_id, NIL)


def escalation_timer(alert_id: UUID, step: int, due: datetime) -> Timer:
    """Asks at ``due`` whether the step's channels are to be told."""
    return Timer(TimerKind.ESCALATION, f"{alert_id}/{step}", due, alert_id, NIL)


def step_of(timer: Timer) -> int:
    """The step that an escalation's timer is about."""
    return int(timer.subject.rpartition("/")[2])


def closing_timer(alert_id: UUID, due: datetime) -> Timer:
    """Asks at ``due`` whether the alert is closed for having been quiet."""
    return Timer(TimerKind.CLOSING, str(alert_id), due, alert_id, NIL)


def untold_timer(alert_id: UUID, channel_id: UUID, due: datetime) -> Timer:
    """Asks at ``due`` whether the channel may be told what it was not."""
    return Timer(TimerKind.UNTOLD, f"{alert_id}/{channel_id}", due, alert_id, channel_id)
