"""A rule that waits for so many failures, in a span or in a row."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from meshhook_alerts.application.settings_document import RuleDocument
from meshhook_alerts.domain.alert import Alert
from meshhook_alerts.domain.decision import Decisions, State
from meshhook_alerts.domain.engine import decide
from meshhook_alerts.domain.failure import Fold, Recovery
from meshhook_alerts.domain.policy import AlertRule, ProjectPolicy, Threshold
from meshhook_alerts.domain.reasons import Reason
from tests.unit.builders import MAIL, START, a_fold, a_policy, after

MINUTE = timedelta(minutes=1)


def waiting(threshold: Threshold, **settings: timedelta) -> ProjectPolicy:
    rule = AlertRule("r", after=threshold, cooldown=timedelta(0))
    return a_policy(rule, channels=(MAIL,), **settings)


def decided(policy: ProjectPolicy, folds: list[Fold], size: int) -> list[tuple[datetime, int]]:
    """Messages of a history in batches of so many: when, and how many failures by then."""
    alerts: dict[str, Alert] = {}
    recent: dict[UUID, tuple[tuple[datetime, int], ...]] = {}
    said: list[tuple[datetime, int]] = []
    for begin in range(0, len(folds), size):
        batch = folds[begin : begin + size]
        made = decide(batch, policy, State(alerts, recent=recent), batch[-1].at)
        alerts |= {alert.fingerprint: alert for alert in made.alerts}
        for fold in batch:
            alert_id = made.alert_of[fold.id]
            recent[alert_id] = (*recent.get(alert_id, ()), (fold.at, fold.count))
        said += [(planned.at, planned.alert.count) for planned in made.notifications]
    return said


@given(
    st.lists(st.tuples(st.integers(0, 600), st.integers(1, 3)), min_size=1, max_size=30).map(
        sorted
    ),
    st.integers(1, 6),
    st.integers(1, 200),
    st.integers(1, 30),
)
def test_it_speaks_exactly_when_so_many_have_come_in_the_span(
    failures: list[tuple[int, int]], wanted: int, span: int, size: int
) -> None:
    by_second = dict(failures)
    folds = [a_fold(after(seconds=at), number=count) for at, count in by_second.items()]
    expected, total = [], 0
    for at, count in by_second.items():
        total += count
        within = sum(n for second, n in by_second.items() if at - span < second <= at)
        if within >= wanted:
            expected.append((after(seconds=at), total))
    policy = waiting(Threshold(wanted, timedelta(seconds=span)))
    assert decided(policy, folds, size) == expected


def test_the_message_tells_of_all_that_was_counted() -> None:
    folds = [a_fold(after(seconds=each)) for each in range(3)]
    made = decide(folds, waiting(Threshold(3, MINUTE)), State(), START)
    assert [entry.verdict.reason for entry in made.entries] == [
        Reason.BELOW_THRESHOLD, Reason.BELOW_THRESHOLD, Reason.FIRST_FAILURE]  # fmt: skip
    assert [planned.new_failures for planned in made.notifications] == [3]
    assert made.entries[0].verdict.blocked_by == "r: 3 within 60 s"


def test_a_recovery_begins_the_row_anew() -> None:
    policy = waiting(Threshold(3))
    two = decide([a_fold(), a_fold(after(seconds=1))], policy, State(), START)
    over = _recovered(two, policy)
    again = [a_fold(after(seconds=each)) for each in (20, 21, 22)]
    made = decide(again, policy, State({over.fingerprint: over}), after(seconds=22))
    assert [planned.at for planned in made.notifications] == [after(seconds=22)]
    assert made.alerts[0].id == over.id  # within its cooldown it is the same alert
    assert made.alerts[0].in_a_row == 3


def _recovered(made: Decisions, policy: ProjectPolicy) -> Alert:
    (alert,) = made.alerts
    state = State({alert.fingerprint: alert}, {alert.id: a_fold()})
    end = Recovery(alert.id, after(seconds=10), run_id=UUID(int=5))
    ended = decide([], policy, state, after(seconds=10), [end])
    assert [entry.verdict.reason for entry in ended.entries] == [Reason.RECOVERED_UNTOLD]
    return ended.alerts[0]


@pytest.mark.parametrize(
    "given_",
    [
        {},
        {"failures": 3},
        {"within_seconds": 60},
        {"in_a_row": 3, "failures": 3},
        {"in_a_row": 3, "failures": 3, "within_seconds": 60},
        {"failures": 0, "within_seconds": 60},
        {"failures": 3, "within_seconds": 31_536_000},
        {"in_a_row": 0},
    ],
)
def test_what_is_no_threshold_is_refused(given_: dict[str, int]) -> None:
    with pytest.raises(ValidationError):
        RuleDocument.model_validate({"name": "r", "after": given_})
