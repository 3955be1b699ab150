"""A trouble that becomes much worse speaks before its cooldown is over; one that goes on does not."""

from __future__ import annotations

from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st

from meshhook_alerts.domain.alert import Alert
from meshhook_alerts.domain.decision import State
from meshhook_alerts.domain.engine import decide
from meshhook_alerts.domain.reasons import Reason
from meshhook_alerts.domain.volume import Volume
from tests.unit.builders import MAIL, START, a_fold, a_policy, after


def told(by_minute: list[int], each_minute: int = 1) -> list[tuple[datetime, Reason]]:
    """What is told of a trouble that fails so often in each minute, in so many folds."""
    alerts: dict[str, Alert] = {}
    said = []
    for minute, failures in enumerate(by_minute):
        for part in range(each_minute):
            at = after(minutes=minute, seconds=part * 60 // each_minute)
            number = failures // each_minute
            if number:
                made = decide([a_fold(at, number)], a_policy(channels=(MAIL,)), State(alerts), at)
                alerts |= {alert.fingerprint: alert for alert in made.alerts}
                said += [(planned.at, planned.reason) for planned in made.notifications]
    return said


def test_ten_times_as_many_as_ever_speak_once() -> None:
    said = told([6, 4, 5, 300, 300, 300], each_minute=2)
    assert said == [(START, Reason.FIRST_FAILURE), (after(minutes=3), Reason.VOLUME)]


def test_it_speaks_in_the_minute_in_which_it_becomes_clear() -> None:
    said = told([6, 6, 600], each_minute=6)
    assert said[1] == (after(minutes=2), Reason.VOLUME)


def test_a_flood_from_the_start_is_one_message() -> None:
    assert told([10_000] * 20, each_minute=4) == [(START, Reason.FIRST_FAILURE)]


def test_a_flood_that_begins_just_before_the_clocks_minute_is_no_rise() -> None:
    at = [after(seconds=59), after(seconds=60), after(seconds=61)]
    folds = [a_fold(at[0], 3), a_fold(at[1], 500), a_fold(at[2], 500)]
    made = decide(folds, a_policy(channels=(MAIL,)), State(), at[2])
    assert [planned.reason for planned in made.notifications] == [Reason.FIRST_FAILURE]


def test_few_are_no_flood() -> None:
    assert told([1, 1, 40]) == [(START, Reason.FIRST_FAILURE)]


@given(st.lists(st.integers(0, 49), max_size=28))
def test_below_fifty_a_minute_the_cooldown_holds(by_minute: list[int]) -> None:
    assert len(told(by_minute)) <= 1


@given(st.lists(st.tuples(st.integers(0, 600), st.integers(1, 99)), min_size=1).map(sorted))
def test_the_minute_at_hand_and_the_worst_before_it(failures: list[tuple[int, int]]) -> None:
    by_minute: dict[int, int] = {}
    for second, number in failures:
        minute = (second - failures[0][0]) // 60
        by_minute[minute] = by_minute.get(minute, 0) + number
    volume = Volume.of(after(seconds=failures[0][0]), failures[0][1])
    for second, number in failures[1:]:
        volume = volume.adding(after(seconds=second), number)
    last = max(by_minute)
    assert volume.count == by_minute.pop(last)
    assert volume.peak == max(by_minute.values(), default=0)
