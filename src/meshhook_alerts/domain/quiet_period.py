"""Quiet periods: recurring times in which a channel is not to be disturbed, in somebody's calendar.

A period is half-open, [start, end). Where the clocks go back, it begins at the first of two equal local
times and ends at the last; where they go forward, a local time that is skipped stands for the first
instant after the gap. So a night has no hole and no hour twice, whatever the clocks do.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from meshhook_alerts.domain.severity import Severity

DAY = timedelta(days=1)
EVERY_DAY = frozenset(range(7))
_MOST_LINKS = 400
"""Periods that follow each other without a gap, beyond which nobody looks for the end."""


class QuietMode(StrEnum):
    """What becomes of a failure in a quiet period."""

    HOLD = "hold"
    RECORD_ONLY = "record_only"


@dataclass(frozen=True, slots=True)
class QuietPeriod:
    """One recurring time of quiet."""

    name: str
    start: time
    end: time
    """Local; at or before the start: on the next day."""
    time_zone: str = "UTC"
    weekdays: frozenset[int] = EVERY_DAY
    """Of the start; Monday is 0."""
    nth: frozenset[int] = frozenset()
    """Only the first (1) … fifth such weekday of a month, or the last (-1); empty: each."""
    mode: QuietMode = QuietMode.HOLD
    passes: Severity | None = Severity.CRITICAL
    """This severity and louder come through; None: nothing does."""
    rules: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()
    """Names; empty means all."""

    def concerns(self, rule: str, channel: str, severity: Severity) -> bool:
        """Whether it keeps a message of this rule, channel and severity back while it is on."""
        if self.passes is not None and severity.at_least(self.passes):
            return False
        return (not self.rules or rule in self.rules) and (
            not self.channels or channel in self.channels
        )

    def end_of(self, moment: datetime) -> datetime | None:
        """When the quiet that holds at ``moment`` ends, in UTC; None if there is none."""
        zone = ZoneInfo(self.time_zone)
        today = moment.astimezone(zone).date()
        ends = [
            end
            for day in (today - DAY, today)
            if self._begins_on(day)
            for begin, end in [self._span(day, zone)]
            if begin <= moment < end
        ]
        return max(ends, default=None)

    def _begins_on(self, day: date) -> bool:
        if day.weekday() not in self.weekdays:
            return False
        if not self.nth:
            return True
        left = monthrange(day.year, day.month)[1] - day.day
        return (day.day - 1) // 7 + 1 in self.nth or (left < 7 and -1 in self.nth)

    def _span(self, day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
        last = day if self.end > self.start else day + DAY
        begin = instant(datetime.combine(day, self.start), zone, last=False)
        return begin, instant(datetime.combine(last, self.end), zone, last=True)


def quiet_until(
    periods: Sequence[QuietPeriod], moment: datetime
) -> tuple[QuietPeriod, datetime] | None:
    """The period that is on at ``moment``, one that only records before others, and when all of them are
    over: one may follow on another without a gap. None if none is on."""
    on = [(period, end) for period in periods if (end := period.end_of(moment))]
    if not on:
        return None
    first = next((each for each in on if each[0].mode is QuietMode.RECORD_ONLY), on[0])
    over = max(end for _, end in on)
    for _ in range(_MOST_LINKS):
        ends = [end for period in periods if (end := period.end_of(over))]
        if not ends:
            break
        over = max(ends)
    return first[0], over


def instant(local: datetime, zone: ZoneInfo, *, last: bool) -> datetime:
    """The moment of a local time without offset, in UTC: of two the first or the ``last``; of none the
    first instant after the gap."""
    early, late = (local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if early.astimezone(zone).replace(tzinfo=None) == local:
        return late if last else early
    return _after_gap(min(early, late), max(early, late), zone)


def _after_gap(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The instant at which the offset changes, between two moments that have different ones."""
    old = before.astimezone(zone).utcoffset()
    low, high = int(before.timestamp()), int(after.timestamp())
    while high - low > 1:
        middle = (low + high) // 2
        if datetime.fromtimestamp(middle, zone).utcoffset() == old:
            low = middle
        else:
            high = middle
    return datetime.fromtimestamp(high, UTC)
