"""How often a trouble fails, minute by minute: enough to notice that it has become much worse."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

RISE = 10
"""Times as many as in any minute before are a clear rise."""
ENOUGH = 50
"""Failures in a minute, at least."""


@dataclass(frozen=True, slots=True)
class Volume:
    """The minute of the last failure, and the worst of those before it."""

    minute: datetime
    count: int
    peak: int = 0
    """Of one minute before; 0: this is the trouble's first."""

    @classmethod
    def of(cls, at: datetime, failures: int) -> Volume:
        """A trouble that has just begun."""
        return cls(_minute(at), failures)

    def adding(self, at: datetime, failures: int) -> Volume:
        """With failures more. What comes late counts in the minute at hand."""
        minute = _minute(at)
        if minute <= self.minute:
            return Volume(self.minute, self.count + failures, self.peak)
        return Volume(minute, failures, max(self.peak, self.count))

    def has_risen(self, told_at: datetime) -> bool:
        """Whether there are clearly more of them than before, and whoever was told at ``told_at`` was not
        told so in this minute."""
        much = self.count >= ENOUGH and self.count >= RISE * self.peak
        return self.peak > 0 and much and told_at < self.minute


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)
