"""How often a trouble fails, minute by minute: enough to notice that it has become much worse."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

RISE = 10
"""Times as many as in any minute before are a clear rise."""
_MINUTE = timedelta(minutes=1)
ENOUGH = 50
"""Failures in a minute, at least."""


@dataclass(frozen=True, slots=True)
class Volume:
    """The minute of the last failure, and the worst of those before it."""

    minute: datetime
    """Its beginning, whole minutes after the first failure: a clock's minute would cut the first one
    short, and the one after it would look like a rise."""
    count: int
    peak: int = 0
    """Of one minute before; 0: this is the trouble's first."""

    @classmethod
    def of(cls, at: datetime, failures: int) -> Volume:
        """A trouble that has just begun."""
        return cls(at, failures)

    def adding(self, at: datetime, failures: int) -> Volume:
        """With failures more. What comes late counts in the minute at hand."""
        passed = (at - self.minute) // _MINUTE
        if passed <= 0:
            return Volume(self.minute, self.count + failures, self.peak)
        return Volume(self.minute + passed * _MINUTE, failures, max(self.peak, self.count))

    def has_risen(self, told_at: datetime) -> bool:
        """Whether there are clearly more of them than before, and whoever was told at ``told_at`` was not
        told so in this minute."""
        much = self.count >= ENOUGH and self.count >= RISE * self.peak
        return self.peak > 0 and much and told_at < self.minute
