"""A silence: a one-off mute with an end and a reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from meshhook_alerts.domain.conditions import Conditions, Matchable


@dataclass(frozen=True, slots=True)
class Silence:
    """Failures that are not told of from one moment to another."""

    id: UUID
    conditions: Conditions
    starts_at: datetime
    ends_at: datetime
    reason: str

    def covers(self, failure: Matchable, moment: datetime) -> bool:
        """Whether a failure at ``moment`` is meant; half-open, as quiet periods are."""
        return self.starts_at <= moment < self.ends_at and self.conditions.agree(failure)
