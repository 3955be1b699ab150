"""How far the sweep over runs has come on each of its ways."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

FIRST = "00000000-0000-0000-0000-000000000000"
BETWEEN_ROUNDS = timedelta(minutes=10)
"""From the end of one walk over all runs to the next."""
LATE_COMMITS = timedelta(minutes=5)
"""A run bears the time at which its transaction began, and may be seen later."""


@dataclass(frozen=True, slots=True)
class Place:
    """Remembered from slice to slice, as JSON."""

    events: Any = None
    """The cursor over events."""
    changed_after: str = FIRST
    """Up to which watched run statuses have been compared in this round."""
    walked_after: str = FIRST
    """Up to which run the walk has come."""
    walked_at: str | None = None
    """When the last round of the walk ended; None: in the middle of one."""
    rounds: int = 0
    """Rounds walked to their end."""
    recent_at: str | None = None
    """When runs that began lately were last looked for."""

    @classmethod
    def of(cls, position: Any) -> Place:
        """As it was remembered."""
        return cls(**position) if position else cls()

    def position(self) -> dict[str, Any]:
        """To be remembered."""
        return asdict(self)

    @property
    def recent_since(self) -> datetime | None:
        """From which start on runs count as recent; None: from the very first."""
        return datetime.fromisoformat(self.recent_at) - LATE_COMMITS if self.recent_at else None

    def walk_is_due(self, now: datetime) -> bool:
        """Whether to walk on, or to begin a new round."""
        return (
            self.walked_at is None or now >= datetime.fromisoformat(self.walked_at) + BETWEEN_ROUNDS
        )

    def after_events(self, events: Any, now: datetime) -> Place:
        """With what was read of the events at ``now``."""
        return replace(self, events=events, recent_at=now.isoformat())

    def after_changed(self, last: object | None) -> Place:
        """With statuses compared up to ``last``; None: to the end."""
        return replace(self, changed_after=str(last or FIRST))

    def after_walk(self, last: object | None, now: datetime) -> Place:
        """With runs walked up to ``last``; None: the round is over."""
        if last is not None:
            return replace(self, walked_after=str(last), walked_at=None)
        return replace(self, walked_after=FIRST, walked_at=now.isoformat(), rounds=self.rounds + 1)
