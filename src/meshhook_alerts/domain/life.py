"""What becomes of an open alert beside its failures: who has it in hand, how often it came and went, and who
was brought in because nobody answered."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from meshhook_alerts.domain.failure import Fold

CHANGES = 4
"""Ends and returns within `STABLE` from which an alert counts as flapping."""
STABLE = timedelta(minutes=30)
"""Without a change for so long, a flapping alert counts as settled."""


class ActKind(StrEnum):
    """What a person may do about an alert."""

    ACKNOWLEDGE = "acknowledge"
    SNOOZE = "snooze"
    RESOLVE = "resolve"
    REOPEN = "reopen"


@dataclass(frozen=True, slots=True)
class Act:
    """Somebody's act about one alert."""

    id: UUID
    kind: ActKind
    alert_id: UUID
    at: datetime
    """When, by the database's clock."""
    by: str
    """Who, as other people know them."""
    until: datetime | None = None
    """When it ends by itself: an acknowledgement expires, a snooze is over."""
    until_changed: bool = False
    """Of a snooze: until the failures look different."""
    failures: int | None = None
    """Of a snooze: until it has failed so many times more."""
    fingerprint: str = ""
    """The alert's, so that a later alert of the same trouble is found."""


class Outcome(StrEnum):
    """What an act came to: the closed list."""

    DONE = "done"
    ALREADY = "already"
    """It was so before; nothing was changed."""
    ENDED = "ended"
    """The alert had been resolved, and there is nothing to take in hand."""
    FOLLOWED = "followed"
    """A later alert of the same trouble is open: it cannot be opened again."""
    GONE = "gone"
    """There is no such alert any more."""


@dataclass(frozen=True, slots=True)
class ActResult:
    """An act and what it came to."""

    act: Act
    outcome: Outcome


Face = tuple[str, int | None, str, int | None, str]


def face_of(fold: Fold) -> Face:
    """What failures of one trouble may differ in: if it does, it has changed."""
    return fold.kind, fold.http_status, fold.error_class, fold.workflow_version, fold.severity.value


@dataclass(frozen=True, slots=True)
class Life:
    """Of one alert."""

    by: str | None = None
    """Who acknowledged or snoozed it."""
    since: datetime | None = None
    """When."""
    until: datetime | None = None
    """When that ends by itself."""
    until_changed: bool = False
    until_count: int | None = None
    """Failures, all told, at which a snooze ends."""
    face: Face | None = None
    """What it looked like when it was taken in hand, or when somebody was last told that it had changed."""
    closed: str | None = None
    """Why it is over without having recovered: who closed it, or how long it had been quiet."""
    flips: tuple[datetime, ...] = ()
    """Its last ends and returns, none of them `STABLE` from the next."""
    flapping: bool = False
    escalated: tuple[UUID, ...] = ()
    """Channels that were brought in because nobody had acknowledged it."""

    def flipping(self, at: datetime) -> Life:
        """With one more end or return."""
        kept = self.flips if self.flips and at - self.flips[-1] < STABLE else ()
        flips = (*kept, at)[-CHANGES:]
        often = len(flips) == CHANGES and flips[-1] - flips[0] <= STABLE
        return replace(self, flips=flips, flapping=often or (self.flapping and bool(kept)))

    def settles_at(self, at: datetime) -> datetime | None:
        """When it will have settled, if it is flapping at ``at``."""
        settled = self.flips[-1] + STABLE if self.flapping and self.flips else None
        return settled if settled and at < settled else None

    def free(self) -> Life:
        """In nobody's hand any more."""
        return replace(self, by=None, since=None, until=None, until_changed=False, until_count=None, face=None)  # fmt: skip

    def reopened(self, at: datetime) -> Life:
        """Of an alert that has come back."""
        return Life(flips=self.flips, flapping=self.flapping).flipping(at)


NO_LIFE = Life()
"""Nothing has happened to it beside failures."""
