"""A storm: more messages of one project than anybody reads. Some go, the rest is told in summaries.

From the message on that would be one too many in a minute, the first few new troubles are still told at
once; whatever else would be told waits for the next summary, one for each channel every five minutes. Ten
minutes without a message that would have gone end it, with a last one that sums it up.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

WITHIN = timedelta(seconds=60)
"""More messages of a project in this span than its settings say are a storm."""
FIRST_TROUBLES = 5
"""New troubles that are told at once nevertheless."""
SUMMARY_EVERY = timedelta(minutes=5)
QUIET = timedelta(minutes=10)
"""Without a message that would have gone: then it is over."""
_KEPT = 200
"""Troubles kept by name for the last summary; all are counted."""


@dataclass(frozen=True, slots=True)
class Storm:
    """One storm of a project, while it lasts."""

    started_at: datetime
    last_at: datetime
    """When a message last went, or would have gone."""
    let: tuple[UUID, ...] = ()
    """Alerts that were told at once, for their newness."""
    alerts: tuple[UUID, ...] = ()
    """Alerts that wait or waited for a summary; the first of them."""
    channels: tuple[UUID, ...] = ()
    """Channels that were kept from messages."""
    failures: int = 0
    """Failures counted for a summary."""
    troubles: int = 0
    """Alerts, all of them."""

    def lets(self, alert_id: UUID) -> bool:
        """Whether a new trouble may be told at once."""
        return alert_id in self.let or len(self.let) < FIRST_TROUBLES

    def letting(self, alert_id: UUID, at: datetime) -> Storm:
        """The storm once it was."""
        let = self.let if alert_id in self.let else (*self.let, alert_id)
        return replace(self, let=let, last_at=max(self.last_at, at))

    def holding(
        self, alert_id: UUID, channels: Iterable[UUID], failures: int, at: datetime
    ) -> Storm:
        """The storm with failures of an alert that wait for a summary."""
        new = alert_id not in self.alerts
        kept = (*self.alerts, alert_id) if new and len(self.alerts) < _KEPT else self.alerts
        return replace(
            self,
            alerts=kept,
            channels=tuple(dict.fromkeys((*self.channels, *channels))),
            failures=self.failures + failures,
            troubles=self.troubles + new,
            last_at=max(self.last_at, at),
        )

    def next_summary(self, at: datetime) -> datetime:
        """The first moment after ``at`` at which a summary goes."""
        return self.started_at + SUMMARY_EVERY * ((at - self.started_at) // SUMMARY_EVERY + 1)

    def is_summary(self, at: datetime) -> bool:
        """Whether a summary goes at ``at``."""
        return at > self.started_at and not (at - self.started_at) % SUMMARY_EVERY

    @property
    def over_at(self) -> datetime:
        """When it is over unless something else comes."""
        return self.last_at + QUIET


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a project's messages come."""

    sent: tuple[datetime, ...] = ()
    """When the latest were decided; no more than make a storm."""
    storm: Storm | None = None

    def is_full(self, at: datetime, limit: int) -> bool:
        """Whether one more at ``at`` would be more than ``limit``."""
        if len(self.sent) < limit:
            return False
        since = at - WITHIN
        return sum(since < each <= at for each in self.sent) >= limit

    def sending(self, at: datetime, limit: int) -> Pace:
        """The pace with one more message; as many are remembered as ``limit`` asks for."""
        return Pace(tuple(sorted((*self.sent, at))[-limit:]), self.storm)

    def in_storm(self, at: datetime) -> Storm:
        """The storm that is on, or begins now."""
        return self.storm or Storm(at, at)
