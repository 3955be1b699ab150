"""What is counted and not told is told later: once, all of it, however the events are cut into batches."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from itertools import pairwise
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from meshhook_alerts.domain.alert import Alert
from meshhook_alerts.domain.decision import Decisions, PlannedNotification, State
from meshhook_alerts.domain.engine import decide
from meshhook_alerts.domain.failure import Fold
from meshhook_alerts.domain.policy import Limit, ProjectPolicy
from meshhook_alerts.domain.quiet_period import QuietMode, QuietPeriod
from meshhook_alerts.domain.reasons import Reason
from meshhook_alerts.domain.timers import LOOK_AGAIN, Timer, TimerKind
from tests.unit.builders import HOOK, MAIL, START, a_fold, a_policy, after

SECOND = timedelta(seconds=1)


@dataclass
class Line:
    """Batches decided one after the other, with the rows that lie between them."""

    policy: ProjectPolicy
    alerts: dict[str, Alert] = field(default_factory=dict)
    folds: dict[UUID, Fold] = field(default_factory=dict)
    timers: dict[str, Timer] = field(default_factory=dict)
    refusing: dict[UUID, datetime] = field(default_factory=dict)
    sent: list[PlannedNotification] = field(default_factory=list)

    def decide(self, folds: list[Fold], timers: list[Timer], now: datetime) -> Decisions:
        sends: dict[UUID, list[datetime]] = {}
        for planned in self.sent:
            sends.setdefault(planned.channel.id, []).append(planned.at)
        state = State(self.alerts, self.folds, refusing=self.refusing, sends=sends)
        made = decide(folds, self.policy, state, now, timers=timers)
        self.alerts |= {alert.fingerprint: alert for alert in made.alerts}
        self.folds |= {made.alert_of[fold.id]: fold for fold in folds}
        for timer in timers:
            self.timers.pop(timer.subject, None)
        self.timers |= {timer.subject: timer for timer in made.timers}
        self.refusing |= made.tried
        self.sent += made.notifications
        return made

    def run(self, folds: list[Fold], size: int) -> Line:
        """Batches of so many folds, each with the timers that are due by then."""
        for begin in range(0, len(folds), size):
            batch = folds[begin : begin + size]
            self.decide(batch, self.due(batch[-1].at), batch[-1].at)
        while self.timers:
            first = min(timer.due for timer in self.timers.values())
            self.decide([], self.due(first), first)
        return self

    def due(self, now: datetime) -> list[Timer]:
        return [timer for timer in self.timers.values() if timer.due <= now]


SECONDS = st.lists(st.integers(0, 4 * 3600), min_size=1, max_size=25).map(sorted)


def _folds(seconds: list[int]) -> list[Fold]:
    return [a_fold(after(seconds=each), number=1 + each % 3) for each in seconds]


@given(SECONDS, st.integers(1, 25))
def test_in_the_end_every_channel_knows_of_every_failure_once(
    seconds: list[int], size: int
) -> None:
    folds = _folds(seconds)
    line = Line(a_policy()).run(folds, size)
    told = Counter[UUID]()
    for planned in line.sent:
        told[planned.channel.id] += planned.new_failures
    total = sum(fold.count for fold in folds)
    assert told == {MAIL.id: total, HOOK.id: total}


@given(SECONDS)
def test_between_two_messages_lies_the_cooldown(seconds: list[int]) -> None:
    line = Line(a_policy(channels=(MAIL,))).run(_folds(seconds), 1)
    moments = [planned.at for planned in line.sent]
    assert all(b - a >= timedelta(minutes=30) for a, b in pairwise(moments))


def test_a_message_given_up_leaves_the_alert_untold() -> None:
    line = Line(a_policy(channels=(MAIL,)))
    line.decide([a_fold()], [], START)
    alert = next(iter(line.alerts.values()))
    given_up = Timer(TimerKind.UNDELIVERED, "m", after(seconds=1), alert.id, MAIL.id, 1)
    line.decide([], [given_up], after(seconds=1))
    line.refusing = {MAIL.id: after(seconds=1)}
    assert not line.alerts[alert.fingerprint].told
    soon = line.decide([a_fold(after(seconds=30))], [], after(seconds=30))
    assert soon.entries[0].verdict.reason is Reason.CHANNEL_REFUSES
    line.run([], 1)
    assert [(each.new_failures, each.reason) for each in line.sent] == [
        (1, Reason.FIRST_FAILURE), (2, Reason.FIRST_FAILURE)]  # fmt: skip
    assert line.sent[1].at == after(seconds=61)


def test_who_may_have_got_a_message_that_was_given_up_is_owed_the_end() -> None:
    line = Line(a_policy(channels=(MAIL,)))
    line.decide([a_fold()], [], START)
    alert = next(iter(line.alerts.values()))
    doubtful = Timer(TimerKind.DOUBTFUL, "m", after(seconds=1), alert.id, MAIL.id, 1)
    line.decide([], [doubtful], after(seconds=1))
    told = line.alerts[alert.fingerprint].told[MAIL.id]
    assert (told.count, told.open) == (0, True)


def test_the_cooldown_begins_when_the_channel_accepts() -> None:
    line = Line(a_policy(channels=(MAIL,)))
    line.decide([a_fold()], [], START)
    alert = next(iter(line.alerts.values()))
    accepted = Timer(TimerKind.ACCEPTED, "m", after(minutes=20), alert.id, MAIL.id)
    line.decide([], [accepted], after(minutes=20))
    made = line.decide([a_fold(after(minutes=40))], [], after(minutes=40))
    assert made.entries[0].verdict.eligible_at == after(minutes=50)


def test_a_message_under_way_is_waited_for() -> None:
    line = Line(a_policy(channels=(MAIL,)))
    line.decide([a_fold()], [], START)
    alert = next(iter(line.alerts.values()))
    line.alerts[alert.fingerprint] = replace(alert, under_way=frozenset({MAIL.id}))
    made = line.decide([a_fold(after(minutes=40))], [], after(minutes=40))
    assert made.entries[0].verdict.reason is Reason.UNDER_WAY
    assert made.timers[0].due == after(minutes=40) + LOOK_AGAIN


NIGHT = QuietPeriod("night", time(12), time(16))
TWO_DAYS = st.lists(st.integers(0, 48 * 3600), min_size=1, max_size=25).map(sorted)
NODES = st.lists(st.sampled_from(["charge", "ship", "mail"]), min_size=25, max_size=25)


@given(TWO_DAYS, NODES, st.integers(1, 25))
def test_quiet_is_quiet_and_nothing_of_it_is_lost(
    seconds: list[int], nodes: list[str], size: int
) -> None:
    folds = [
        a_fold(after(seconds=each), number=1 + each % 3, node_id=node)
        for each, node in zip(seconds, nodes, strict=False)
    ]
    policy = a_policy(channels=(MAIL,), quiet_periods=(NIGHT,))
    line = Line(policy).run(folds, size)
    assert not [planned.at for planned in line.sent if NIGHT.end_of(planned.at)]
    assert sum(planned.new_failures for planned in line.sent) == sum(fold.count for fold in folds)


@given(TWO_DAYS, NODES)
def test_at_its_end_one_message_tells_of_all_that_a_period_held(
    seconds: list[int], nodes: list[str]
) -> None:
    """A failure of that very second is told by itself."""
    folds = [
        a_fold(after(seconds=each), number=1 + each % 3, node_id=node)
        for each, node in zip(seconds, nodes, strict=False)
    ]
    line = Line(a_policy(channels=(MAIL,), quiet_periods=(NIGHT,))).run(folds, 1)
    ends = Counter(
        planned.at
        for planned in line.sent
        if NIGHT.end_of(planned.at - SECOND)
        and (planned.reason is Reason.DIGEST or planned.fold.at != planned.at)
    )
    assert all(number == 1 for number in ends.values())


@given(TWO_DAYS, st.integers(1, 25))
def test_what_is_only_recorded_is_told_to_nobody(seconds: list[int], size: int) -> None:
    night = replace(NIGHT, mode=QuietMode.RECORD_ONLY)
    folds = _folds(seconds)
    line = Line(a_policy(channels=(MAIL,), quiet_periods=(night,))).run(folds, size)
    heard = sum(fold.count for fold in folds if not night.end_of(fold.at))
    assert sum(planned.new_failures for planned in line.sent) <= heard
    assert not [planned.at for planned in line.sent if night.end_of(planned.at)]


LIMITS = (Limit(3, timedelta(hours=1)), Limit(7, timedelta(days=1)))


@given(TWO_DAYS, st.integers(1, 25))
def test_no_window_of_a_channel_ever_holds_more_than_it_may(seconds: list[int], size: int) -> None:
    channel = replace(MAIL, limits=LIMITS)
    folds = [
        a_fold(after(seconds=each), number=1 + each % 3, node_id=f"n{place}")
        for place, each in enumerate(seconds)
    ]
    line = Line(a_policy(channels=(channel,))).run(folds, size)
    moments = sorted(planned.at for planned in line.sent)
    for limit in LIMITS:
        for begin in moments:
            assert sum(begin <= each < begin + limit.span for each in moments) <= limit.messages
    assert sum(planned.new_failures for planned in line.sent) == sum(fold.count for fold in folds)


def test_what_is_decided_only_after_the_end_is_in_the_same_message() -> None:
    """A failure of 06:59:59 belongs to the message of 07:00:00, be it decided at 07:00:04."""
    policy = a_policy(channels=(MAIL,), quiet_periods=(NIGHT,))
    line = Line(policy)
    line.decide([a_fold(after(hours=3), node_id="charge")], [], after(hours=3))
    late = [a_fold(after(hours=5, minutes=59, seconds=59), node_id="ship")]
    line.decide(late, line.due(after(hours=6, seconds=4)), after(hours=6, seconds=4))
    line.run([], 1)
    assert [len(planned.covers) for planned in line.sent] == [2]


@given(TWO_DAYS, NODES, st.integers(2, 25))
def test_however_late_a_batch_is_decided_the_messages_are_the_same(
    seconds: list[int], nodes: list[str], size: int
) -> None:
    folds = [
        a_fold(after(seconds=each), number=1, node_id=node)
        for each, node in zip(sorted(set(seconds)), nodes, strict=False)
    ]
    policy = a_policy(channels=(MAIL,), quiet_periods=(NIGHT,))
    each, many = (Line(policy).run(folds, each) for each in (1, size))
    assert [_said(one) for one in each.sent] == [_said(one) for one in many.sent]


def _said(planned: PlannedNotification) -> tuple[object, ...]:
    return planned.at, planned.reason, planned.new_failures, planned.alert.id, planned.covers
