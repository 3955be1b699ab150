"""When a workflow is due, in its owner's calendar, over changes of the clocks too."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshhook_alerts.domain.expected_interval import ExpectedInterval

BERLIN = ZoneInfo("Europe/Berlin")
WORKDAYS = frozenset(range(5))
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NINE, FIVE, TEN_AT_NIGHT, SIX = time(9), time(17), time(22), time(6)


def berlin(month: int, day: int, hour: int, minute: int = 0, fold: int = 0) -> datetime:
    """A moment of 2026; its Mondays are 5 January and 2 March."""
    return datetime(2026, month, day, hour, minute, tzinfo=BERLIN, fold=fold)


def office(every: timedelta) -> ExpectedInterval:
    return ExpectedInterval(every, "Europe/Berlin", WORKDAYS, NINE, FIVE)


@pytest.mark.parametrize(
    ("expected", "last", "due"),
    [
        # without a calendar: plain time
        (ExpectedInterval(HOUR), berlin(1, 5, 12), berlin(1, 5, 13)),
        (ExpectedInterval(DAY), berlin(1, 5, 12), berlin(1, 6, 12)),
        (ExpectedInterval(36 * HOUR), berlin(1, 5, 12), berlin(1, 7, 0)),
        # office hours: what is left of the hour is due in the morning, after the weekend
        (office(HOUR), berlin(1, 5, 10), berlin(1, 5, 11)),
        (office(HOUR), berlin(1, 5, 16, 40), berlin(1, 6, 9, 40)),
        (office(HOUR), berlin(1, 9, 16, 40), berlin(1, 12, 9, 40)),
        (office(HOUR), berlin(1, 9, 16), berlin(1, 9, 17)),
        # a run outside the calendar counts as one at its next opening
        (office(HOUR), berlin(1, 10, 3), berlin(1, 12, 10)),
        (office(HOUR), berlin(1, 5, 7), berlin(1, 5, 10)),
        (office(DAY), berlin(1, 10, 3), berlin(1, 13, 9)),
        # days keep the local time and count open days only
        (office(DAY), berlin(1, 5, 10), berlin(1, 6, 10)),
        (office(DAY), berlin(1, 9, 10), berlin(1, 12, 10)),
        (office(5 * DAY), berlin(1, 7, 10), berlin(1, 14, 10)),
        # more than a day is open, but less than a whole day
        (office(16 * HOUR), berlin(1, 5, 10), berlin(1, 6, 10)),
        (office(25 * HOUR), berlin(1, 5, 16, 30), berlin(1, 7, 9, 30)),
    ],
)
def test_a_run_is_due_when_the_interval_of_open_time_has_passed(
    expected: ExpectedInterval, last: datetime, due: datetime
) -> None:
    assert expected.due_after(last) == due


NIGHT = ExpectedInterval(
    HOUR, "Europe/Berlin", frozenset({4}), TEN_AT_NIGHT, SIX
)  # nights that begin on a Friday


@pytest.mark.parametrize(
    ("last", "due"),
    [
        (berlin(1, 9, 22, 30), berlin(1, 9, 23, 30)),
        (berlin(1, 9, 23, 30), berlin(1, 10, 0, 30)),
        (berlin(1, 10, 5, 30), berlin(1, 16, 22, 30)),
        (berlin(1, 10, 6), berlin(1, 16, 23)),
    ],
)
def test_a_night_belongs_to_the_day_it_begins_on(last: datetime, due: datetime) -> None:
    assert NIGHT.due_after(last) == due


@pytest.mark.parametrize(
    ("every", "last", "due"),
    [
        # 29 March: from 02:00 to 03:00 there is no time; the day has 23 hours
        (DAY, berlin(3, 28, 10), berlin(3, 29, 10)),
        (HOUR, berlin(3, 29, 1, 30), berlin(3, 29, 3, 30)),
        (DAY, berlin(3, 28, 2, 30), berlin(3, 29, 3, 30)),
        (2 * DAY, berlin(3, 28, 10), berlin(3, 30, 10)),
        # 25 October: 02:00 to 03:00 comes twice; the day has 25 hours
        (DAY, berlin(10, 24, 10), berlin(10, 25, 10)),
        (HOUR, berlin(10, 25, 2, 30), berlin(10, 25, 2, 30, fold=1)),
        (2 * HOUR, berlin(10, 25, 1, 30), berlin(10, 25, 2, 30, fold=1)),
        (DAY, berlin(10, 24, 2, 30), berlin(10, 25, 2, 30)),
    ],
)
def test_days_follow_the_clock_and_hours_follow_time(
    every: timedelta, last: datetime, due: datetime
) -> None:
    expected = ExpectedInterval(every, "Europe/Berlin")
    assert expected.due_after(last).astimezone(UTC) == due.astimezone(UTC)


def test_an_opening_in_the_skipped_hour_is_the_hour_after() -> None:
    expected = ExpectedInterval(HOUR, "Europe/Berlin", frozenset(range(7)), time(2, 30), time(4))
    # from 03:30 to 04:00 on that day, and the other half of the hour on the next
    assert expected.due_after(berlin(3, 28, 12)) == berlin(3, 30, 3)


def test_a_repeated_hour_is_open_twice() -> None:
    expected = ExpectedInterval(HOUR, "Europe/Berlin", frozenset({6}), time(2), time(3))
    due = expected.due_after(berlin(10, 25, 2, 30))
    assert due.astimezone(UTC) == berlin(10, 25, 2, 30, fold=1).astimezone(UTC)


def test_overdue_begins_at_the_due_moment_and_leaves_the_grace_time() -> None:
    expected, last = office(HOUR), berlin(1, 5, 10)
    due = berlin(1, 5, 11)
    assert not expected.overdue(last, due - timedelta(seconds=1))
    assert expected.overdue(last, due)
    assert not expected.overdue(last, due, grace=timedelta(seconds=1))
    assert expected.overdue(last, berlin(1, 11, 3))  # still overdue while the calendar is closed


intervals = st.builds(
    ExpectedInterval,
    st.timedeltas(timedelta(minutes=1), timedelta(days=31)),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]),
    st.frozensets(st.integers(0, 6)),
    st.times().map(lambda each: each.replace(second=0, microsecond=0, fold=0)),
    st.times().map(lambda each: each.replace(second=0, microsecond=0, fold=0)),
)  # fmt: skip
moments = st.timedeltas(timedelta(0), 3650 * DAY).map(
    lambda span: datetime(2020, 1, 1, tzinfo=UTC) + span
)


@given(intervals, moments, st.timedeltas(timedelta(0), timedelta(days=3)))
def test_due_is_never_before_the_run_and_a_later_run_is_never_due_earlier(
    expected: ExpectedInterval, last: datetime, later: timedelta
) -> None:
    due = expected.due_after(last)
    assert due >= last
    assert due - last < timedelta(days=31 * 7 + 21)
    # the clocks' changes can fold an hour; otherwise the order of runs is the order of due times
    assert expected.due_after(last + later) >= due - timedelta(hours=1)
