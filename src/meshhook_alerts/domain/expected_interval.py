"""How often a workflow is expected to run, in its owner's calendar."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
EVERY_DAY = frozenset(range(7))


@dataclass(frozen=True, slots=True)
class ExpectedInterval:
    """A run at least so often, counted only while the calendar is open.

    The calendar is open on some weekdays between two local times. Whole days of ``every`` are
    counted in open days and keep the local time, whatever daylight saving does; what remains is
    counted in real, open time. So a daily run of Friday, 10:00 is next due on Monday at 10:00, and
    with office hours to 17:00 an hourly one of Friday, 16:40 on Monday, 40 minutes after opening.
    """

    every: timedelta
    time_zone: str = "UTC"
    weekdays: frozenset[int] = EVERY_DAY
    """Monday is 0. A night that begins on a Friday belongs to Friday."""
    opens: time = time(0)
    closes: time = time(0)
    """At or before ``opens``: on the next day."""

    def due_after(self, last: datetime) -> datetime:
        """When the next run is due, given when the last one was; in UTC."""
        days, rest = divmod(self.every, DAY)
        day, moment = self._open_from(last.astimezone(UTC))
        for _ in range(days):
            day, moment = self._one_day_on(day, moment)
        return self._spend(day, moment, min(rest, self._length()))

    def overdue(self, last: datetime, now: datetime, grace: timedelta = timedelta(0)) -> bool:
        """Whether a run should have come by ``now``."""
        return now >= self.due_after(last) + grace

    def _open_from(self, moment: datetime) -> tuple[date, datetime]:
        """The first open moment from ``moment`` on, and the day its opening belongs to."""
        zone = ZoneInfo(self.time_zone)
        for day in self._days(moment.astimezone(zone).date() - DAY):
            opening, closing = self._window(day)
            if moment < closing:
                return day, max(moment, opening)
        raise AssertionError("a calendar without end has a next day")

    def _one_day_on(self, day: date, moment: datetime) -> tuple[date, datetime]:
        """The same local time at the next open day."""
        zone = ZoneInfo(self.time_zone)
        following = next(self._days(day + DAY))
        local = moment.astimezone(zone).replace(tzinfo=None, fold=0) + (following - day)
        return following, local.replace(tzinfo=zone).astimezone(UTC)

    def _spend(self, day: date, moment: datetime, left: timedelta) -> datetime:
        """The moment when ``left`` of open time has passed."""
        for each in self._days(day):
            opening, closing = self._window(each)
            begin = max(moment, opening)
            if left <= closing - begin:
                return begin + left
            left -= max(closing - begin, timedelta(0))
        raise AssertionError("a calendar without end has a next day")

    def _days(self, first: date) -> Iterator[date]:
        """Open days from ``first`` on."""
        weekdays = self.weekdays or EVERY_DAY
        day = first
        while True:
            if day.weekday() in weekdays:
                yield day
            day += DAY

    def _window(self, day: date) -> tuple[datetime, datetime]:
        """When the calendar opens and closes, in UTC. An hour that the clocks repeat is open
        both times; one that they skip is not there."""
        zone = ZoneInfo(self.time_zone)
        last_day = day if self.closes > self.opens else day + DAY
        opening = datetime.combine(day, self.opens, zone)
        closing = datetime.combine(last_day, self.closes.replace(fold=1), zone)
        return opening.astimezone(UTC), closing.astimezone(UTC)

    def _length(self) -> timedelta:
        """How long a day is open, daylight saving left aside."""
        anyday = date(2000, 1, 3)
        opening = datetime.combine(anyday, self.opens)
        length = datetime.combine(anyday, self.closes) - opening
        return length if length > timedelta(0) else length + DAY
