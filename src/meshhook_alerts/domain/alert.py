"""An alert: the open trouble of one project and fingerprint, and who has been told of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from meshhook_alerts.domain.life import NO_LIFE, Life
from meshhook_alerts.domain.severity import Severity
from meshhook_alerts.domain.volume import Volume


class AlertStatus(StrEnum):
    """Where an alert is in its life."""

    FIRING = "firing"
    ACKNOWLEDGED = "acknowledged"
    SNOOZED = "snoozed"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Told:
    """What one channel knows of an alert."""

    at: datetime
    """When the last message about it was decided."""
    count: int
    """How many failures the channel knows of."""
    messages: int = 1
    """How many messages it got."""
    open: bool = True
    """Whether it still believes the alert to be open, and so is owed the end."""
    silenced: int = 0
    """Of the failures counted as known, those that only a silence kept back: still failing at its end,
    they are told."""
    remind_at: datetime | None = None
    """When it is told again though nothing is new, unless somebody has the alert in hand by then."""
    reminders: int = 0
    """How many times in a row it was."""
    flaps: bool = False
    """Whether it has been told that the alert keeps coming and going, and nothing since."""


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert as the engine sees and leaves it."""

    id: UUID
    project_id: UUID
    fingerprint: str
    status: AlertStatus
    severity: Severity
    opened_at: datetime
    last_failure_at: datetime
    count: int
    told: Mapping[UUID, Told] = field(default_factory=dict)
    """By channel id."""
    kind: str = ""
    withdrawn: int = 0
    """How many of its failures later proved to be none."""
    resolved_at: datetime | None = None
    under_way: frozenset[UUID] = frozenset()
    """Channels that have not yet accepted a message about it that was sent before."""
    count_before: int = 0
    """Failures counted before it opened again, if it did."""

    volume: Volume | None = None
    """How often it fails; None: not known."""
    life: Life = NO_LIFE

    @property
    def is_in_hand(self) -> bool:
        """Whether somebody has acknowledged or snoozed it."""
        return self.status in (AlertStatus.ACKNOWLEDGED, AlertStatus.SNOOZED)

    @property
    def in_a_row(self) -> int:
        """Failures with no recovery between them, up to now."""
        return self.count - self.count_before

    def telling(self, told: Mapping[UUID, Told]) -> Alert:
        """This alert, some channels knowing more of it than before. (Copied field by field:
        ``replace`` takes three times as long, and a storm does this for every alert.)"""
        return Alert(
            self.id, self.project_id, self.fingerprint, self.status, self.severity, self.opened_at,
            self.last_failure_at, self.count, {**self.told, **told}, self.kind, self.withdrawn,
            self.resolved_at, self.under_way, self.count_before,
            self.volume, self.life,
        )  # fmt: skip
