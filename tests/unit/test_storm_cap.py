"""Too many messages at once: the first new troubles go, then summaries, then one that says it is over."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshhook_alerts.channels.wording.view import view_of
from meshhook_alerts.domain.decision import PlannedNotification
from meshhook_alerts.domain.failure import Fold
from meshhook_alerts.domain.message import Links, compose
from meshhook_alerts.domain.reasons import Effect, Reason
from meshhook_alerts.domain.storm import QUIET, SUMMARY_EVERY
from tests.unit.builders import HOOK, MAIL, a_fold, a_policy, after
from tests.unit.walking import Walk


def many(number: int, seconds: float = 1) -> list[Fold]:
    return [a_fold(after(seconds=n * seconds), node_id=f"n{n}") for n in range(number)]


def test_the_first_new_troubles_go_and_the_rest_waits_for_a_summary() -> None:
    line = Walk(a_policy(channels=(MAIL,))).run(many(40), 1)
    first = [planned for planned in line.sent if planned.reason is Reason.FIRST_FAILURE]
    assert len(first) == 25
    summary, over = line.sent[25:]
    assert (summary.reason, summary.new_failures) == (Reason.STORM_SUMMARY, 15)
    assert summary.at == after(seconds=20) + SUMMARY_EVERY
    assert (over.reason, over.new_failures) == (Reason.STORM_OVER, 0)
    assert over.at == after(seconds=39) + QUIET
    assert over.storm is not None
    assert (over.storm.failures, over.storm.troubles) == (15, 15)
    assert line.pace.storm is None
    assert line.counted[Reason.STORM] == 15


def test_summaries_go_on_while_it_lasts() -> None:
    line = Walk(a_policy(channels=(MAIL,))).run(many(600, seconds=2), 7)  # 20 minutes
    summaries = [planned for planned in line.sent if planned.reason is Reason.STORM_SUMMARY]
    assert [b.at - a.at for a, b in pairwise(summaries)] == [SUMMARY_EVERY] * (len(summaries) - 1)
    assert len(summaries) == 4
    assert line.sent[-1].reason is Reason.STORM_OVER


def test_twenty_in_a_minute_are_no_storm() -> None:
    assert not Walk(a_policy(channels=(MAIL,))).run(many(20), 20).counted[Reason.STORM]
    assert not Walk(a_policy(channels=(MAIL,))).run(many(200, seconds=3), 9).counted[Reason.STORM]


@pytest.mark.parametrize(("limit", "held"), [(5, 30), (30, 5), (100, 0)])
def test_how_many_are_too_many_is_the_projects_to_say(limit: int, held: int) -> None:
    line = Walk(a_policy(channels=(MAIL,), storm_limit=limit)).run(many(40), 3)
    assert line.counted[Reason.STORM] == held


def test_it_can_be_switched_off() -> None:
    line = Walk(a_policy(channels=(MAIL,), storm_summaries=False)).run(many(200, 0.1), 50)
    assert len(line.sent) == 200


SECONDS = st.lists(st.integers(0, 3600), min_size=1, max_size=80, unique=True).map(sorted)


@given(SECONDS, st.lists(st.integers(0, 60), min_size=80, max_size=80), st.integers(1, 80))
def test_nothing_is_lost_in_it_and_nothing_told_twice(
    seconds: list[int], nodes: list[int], size: int
) -> None:
    folds = [
        a_fold(after(seconds=at), number=1 + at % 3, node_id=f"n{node}")
        for at, node in zip(seconds, nodes, strict=False)
    ]
    policy = a_policy(storm_limit=5, cooldown=timedelta(minutes=2))
    line = Walk(policy).run(folds, size)
    told = Counter[UUID]()
    for planned in line.sent:
        told[planned.channel.id] += planned.new_failures
    total = sum(fold.count for fold in folds)
    assert told == {MAIL.id: total, HOOK.id: total}
    assert sum(n for reason, n in line.counted.items() if reason.effect is Effect.HELD) == 0


@given(SECONDS, st.lists(st.integers(0, 60), min_size=80, max_size=80), st.integers(2, 80))
def test_however_it_is_cut_the_messages_are_the_same(
    seconds: list[int], nodes: list[int], size: int
) -> None:
    folds = [
        a_fold(after(seconds=at), node_id=f"n{node}")
        for at, node in zip(seconds, nodes, strict=False)
    ]
    policy = a_policy(storm_limit=5, cooldown=timedelta(minutes=2))
    one, other = (Walk(policy).run(folds, each) for each in (1, size))
    assert [_said(each) for each in one.sent] == [_said(each) for each in other.sent]


def _said(planned: PlannedNotification) -> tuple[object, ...]:
    return planned.at, planned.channel.name, planned.reason, planned.new_failures, planned.alert.id


def test_the_mails_of_a_storm_say_how_much_it_is() -> None:
    policy = a_policy(channels=(MAIL,))
    line = Walk(policy).run(many(40), 1)
    summary, over = (view_of(compose(planned, policy, Links())) for planned in line.sent[25:])
    assert summary.subject == (
        "Shop: 15 failures held back, 15 troubles still open; a storm since 10:00 UTC"
    )
    assert over.subject == (
        "Shop: the storm of 10:00 UTC is over: 15 failures of 15 troubles, 15 still open"
    )
    for view in (summary, over):
        assert {fact.label: fact.value for fact in view.facts}["Troubles"] == (
            "15, of which 15 still open"
        )
        assert len(view.error.split("\n")) == 15
        assert "step" not in view.error_label
    content = compose(line.sent[25], policy, Links())
    assert content["digest"]["storm"]["troubles"] == 15
