"""The present moment: the machine's, and the database's as of its last word."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta


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
