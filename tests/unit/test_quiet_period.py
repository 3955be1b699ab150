"""Quiet periods on every clock there is: no hole, no hour twice, the right length."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshhook_alerts.domain.quiet_period import QuietMode, QuietPeriod, quiet_until
from meshhook_alerts.domain.severity import Severity

NIGHT = QuietPeriod("night", time(22), time(7), "Europe/Berlin")
MINUTE = timedelta(minutes=1)


def at(text: str, zone: str = "Europe/Berlin") -> datetime:
    """A local time as a moment."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def test_a_night_is_half_open_and_belongs_to_the_evening() -> None:
    assert NIGHT.end_of(at("2026-03-02T21:59:59")) is None
    assert NIGHT.end_of(at("2026-03-02T22:00")) == at("2026-03-03T07:00")
    assert NIGHT.end_of(at("2026-03-03T06:59:59")) == at("2026-03-03T07:00")
    assert NIGHT.end_of(at("2026-03-03T07:00")) is None
    friday = QuietPeriod("f", time(22), time(7), "Europe/Berlin", weekdays=frozenset({4}))
    assert friday.end_of(at("2026-03-07T03:00")) == at("2026-03-07T07:00")
    assert friday.end_of(at("2026-03-08T03:00")) is None


def test_the_nth_and_the_last_weekday_of_a_month() -> None:
    first = QuietPeriod("m", time(2), time(4), weekdays=frozenset({6}), nth=frozenset({1, -1}))
    quiet = [day for day in range(1, 32) if first.end_of(datetime(2026, 3, day, 3, tzinfo=UTC))]
    assert quiet == [1, 29]


def test_the_same_time_at_both_ends_is_a_whole_day() -> None:
    sunday = QuietPeriod("s", time(0), time(0), "Europe/Berlin", weekdays=frozenset({6}))
    assert sunday.end_of(at("2026-03-29T23:59")) == at("2026-03-30T00:00")
    assert sunday.end_of(at("2026-03-30T00:00")) is None


@pytest.mark.parametrize(
    ("start", "end", "day", "hours"),
    [
        (time(22), time(7), "2026-10-24", 10),  # the clocks go back in it
        (time(22), time(7), "2026-03-28", 8),  # and forward
        (time(2, 30), time(3, 30), "2026-10-25", 2),  # begins at the first 02:30
        (time(1), time(2, 30), "2026-10-25", 2.5),  # ends at the last 02:30
        (time(2, 30), time(4), "2026-03-29", 1),  # 02:30 is not there: from 03:00 on
        (time(1), time(2, 30), "2026-03-29", 1),  # to 03:00
        (time(2, 15), time(2, 45), "2026-03-29", 0),  # all of it is skipped
    ],
)
def test_on_the_days_of_a_change_of_clocks(start: time, end: time, day: str, hours: float) -> None:
    wanted = date.fromisoformat(day)
    only = frozenset({wanted.weekday()})
    period = QuietPeriod("p", start, end, "Europe/Berlin", weekdays=only)
    begin = datetime.combine(wanted, time(0), UTC) - timedelta(hours=14)
    quiet = [n for n in range(52 * 60) if period.end_of(begin + n * MINUTE)]
    assert len(quiet) == hours * 60
    assert not quiet or quiet[-1] - quiet[0] == len(quiet) - 1  # without a hole


def changes_of(zone: ZoneInfo, year: int) -> Iterator[datetime]:
    """The moments of a year at which the zone's offset changes, to the minute."""
    hour, moment = timedelta(hours=1), datetime(year, 1, 1, tzinfo=UTC)
    before = moment.astimezone(zone).utcoffset()
    while moment.year == year:
        moment += 12 * hour
        now = moment.astimezone(zone).utcoffset()
        if now != before:
            exact = next(
                m for n in range(12 * 60 + 1)
                if (m := moment - 12 * hour + n * MINUTE).astimezone(zone).utcoffset() == now
            )  # fmt: skip
            yield exact
            before = now


ZONES = sorted(available_timezones() - {"localtime"})


@pytest.mark.parametrize("begin", range(0, len(ZONES), 60))
def test_around_every_change_of_clocks_a_night_has_no_hole_and_ends_when_the_clock_says(
    begin: int,
) -> None:
    for name in ZONES[begin : begin + 60]:
        around_the_changes(name, range(2020, 2030))


START, END = time(22, 15), time(6, 45)


def around_the_changes(name: str, years: range) -> None:
    """Nights around each change of one zone's clocks, hour by hour against the wall clock."""
    zone = ZoneInfo(name)
    night = QuietPeriod("night", START, END, name)
    for year in years:
        for change in changes_of(zone, year):
            moments = [change + timedelta(hours=h, minutes=7) for h in range(-12, 13)]
            quiet = [night.end_of(each) is not None for each in moments]
            if _jumps_over_an_end(change, zone):  # the wall clock shows it twice, or not at all
                assert sum(a != b for a, b in pairwise(quiet)) <= 2, (name, change)
                continue
            shown = [each.astimezone(zone).time() for each in moments]
            assert quiet == [each >= START or each < END for each in shown], (name, change)


def _jumps_over_an_end(change: datetime, zone: ZoneInfo) -> bool:
    before = (change - MINUTE).astimezone(zone).replace(tzinfo=None) + MINUTE
    after = change.astimezone(zone).replace(tzinfo=None)
    low, high = min(before, after), max(before, after)
    days = (low.date(), high.date())
    ends = [datetime.combine(day, each) for day in days for each in (START, END)]
    return any(low <= each <= high for each in ends)


@given(st.integers(0, 60 * 24 * 14))
def test_what_follows_without_a_gap_is_one_quiet(minutes: int) -> None:
    evening = QuietPeriod("evening", time(18), time(22), "Europe/Berlin")
    periods = [NIGHT, evening]
    moment = datetime(2026, 3, 20, tzinfo=UTC) + minutes * MINUTE
    found = quiet_until(periods, moment)
    shown = moment.astimezone(ZoneInfo("Europe/Berlin")).time()
    assert (found is not None) == (shown >= time(18) or shown < time(7))
    if found:
        assert found[1].astimezone(ZoneInfo("Europe/Berlin")).time() == time(7)


def test_a_period_that_only_records_is_named_first() -> None:
    both = [
        NIGHT,
        QuietPeriod("record", time(0), time(2), "Europe/Berlin", mode=QuietMode.RECORD_ONLY),
    ]
    found = quiet_until(both, at("2026-03-03T01:00"))
    assert found is not None
    assert (found[0].name, found[1]) == ("record", at("2026-03-03T07:00"))


def test_whom_it_concerns() -> None:
    assert not NIGHT.concerns("r", "c", Severity.CRITICAL)
    assert NIGHT.concerns("r", "c", Severity.ERROR)
    nothing = QuietPeriod("n", time(0), time(1), passes=None, channels=frozenset({"c"}))
    assert nothing.concerns("r", "c", Severity.CRITICAL)
    assert not nothing.concerns("r", "d", Severity.INFO)
