"""Decisions, as sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from meshhook_alerts.domain.alert import Alert
from meshhook_alerts.domain.conditions import Conditions
from meshhook_alerts.domain.decision import Decisions, State
from meshhook_alerts.domain.engine import decide
from meshhook_alerts.domain.failure import Fold
from meshhook_alerts.domain.policy import AlertRule, ProjectPolicy
from meshhook_alerts.domain.reasons import Effect, Reason
from meshhook_alerts.domain.severity import FailureClass, Severity
from tests.unit.builders import HOOK, MAIL, START, a_fold, a_policy, after


def reasons(decisions: Decisions) -> list[Reason]:
    return [entry.verdict.reason for entry in decisions.entries]


def remember(decisions: Decisions, before: State | None = None) -> State:
    known: dict[str, Alert] = dict(before.alerts) if before else {}
    return State(known | {alert.fingerprint: alert for alert in decisions.alerts})


def run_through(folds: Sequence[Fold], policy: ProjectPolicy, batch: int) -> list[Decisions]:
    """Decides in batches of a size, as one worker would."""
    state, made = State(), []
    for start in range(0, len(folds), batch):
        decisions = decide(folds[start : start + batch], policy, state, START)
        state = remember(decisions, state)
        made.append(decisions)
    return made


def test_a_new_trouble_is_told_to_every_channel_at_once() -> None:
    decisions = decide([a_fold()], a_policy(), State(), START)
    assert reasons(decisions) == [Reason.FIRST_FAILURE, Reason.FIRST_FAILURE]
    assert {planned.channel for planned in decisions.notifications} == {MAIL, HOOK}
    assert decisions.alerts[0].count == 1


def test_the_same_trouble_within_the_cooldown_is_counted_not_told() -> None:
    policy = a_policy(channels=(MAIL,))
    first = decide([a_fold()], policy, State(), START)
    second = decide([a_fold(after(minutes=29), number=36)], policy, remember(first), START)
    assert reasons(second) == [Reason.COOLDOWN]
    entry = second.entries[0]
    assert entry.count == 36
    assert entry.verdict.eligible_at == after(minutes=30)
    assert entry.verdict.blocked_by == "Every run that cannot complete"
    assert not second.notifications


def test_after_the_cooldown_the_next_message_tells_how_many_came_meanwhile() -> None:
    policy = a_policy(channels=(MAIL,))
    state = remember(decide([a_fold()], policy, State(), START))
    state = remember(decide([a_fold(after(minutes=5), number=36)], policy, state, START))
    third = decide([a_fold(after(minutes=30))], policy, state, START)
    assert reasons(third) == [Reason.STILL_FAILING]
    assert third.notifications[0].new_failures == 37
    assert third.notifications[0].since == START
    assert third.alerts[0].told[MAIL.id].messages == 2


def test_a_different_error_in_the_same_node_is_a_trouble_of_its_own() -> None:
    policy = a_policy(channels=(MAIL,))
    decisions = decide([a_fold(), a_fold(error="Error: HTTP 401")], policy, State(), START)
    assert reasons(decisions) == [Reason.FIRST_FAILURE] * 2
    assert len(decisions.alerts) == 2


def test_two_rules_for_one_channel_make_one_message() -> None:
    rules = AlertRule("all"), AlertRule("orders only", Conditions(workflows=("ord*",)))
    decisions = decide([a_fold()], a_policy(*rules, channels=(MAIL,)), State(), START)
    assert reasons(decisions) == [Reason.FIRST_FAILURE, Reason.ALREADY_TOLD]
    assert len(decisions.notifications) == 1


def test_no_rule_is_a_reason_too() -> None:
    rule = AlertRule("invoices", Conditions(workflows=("invoice-*",)))
    decisions = decide([a_fold()], a_policy(rule), State(), START)
    assert reasons(decisions) == [Reason.NO_RULE]
    assert decisions.alerts[0].count == 1


def test_conditions_on_kind_severity_workflow_and_node_must_all_agree() -> None:
    fold = a_fold()
    for conditions, agrees in [
        (Conditions(), True),
        (Conditions(kinds=frozenset({"retries_exhausted"})), True),
        (Conditions(kinds=frozenset({"stalled"})), False),
        (Conditions(minimum_severity=Severity.ERROR), True),
        (Conditions(minimum_severity=Severity.CRITICAL), False),
        (Conditions(workflows=("invoices", "ord*")), True),
        (Conditions(nodes=("http_call",)), True),
        (Conditions(nodes=("transform",)), False),
        (Conditions(kinds=frozenset({"retries_exhausted"}), nodes=("mail*",)), False),
    ]:
        assert conditions.agree(fold) is agrees, conditions


def test_a_rule_may_name_channels_its_cooldown_and_its_severity() -> None:
    rule = AlertRule("loud", channels=("hook",), severity=Severity.CRITICAL, cooldown=timedelta(0))
    policy = a_policy(rule)
    first = decide([a_fold()], policy, State(), START)
    second = decide([a_fold(after(seconds=1))], policy, remember(first), START)
    assert [planned.severity for planned in first.notifications] == [Severity.CRITICAL]
    assert reasons(second) == [Reason.STILL_FAILING]


def test_a_channel_that_is_missing_or_off_is_named() -> None:
    off = HOOK.__class__(HOOK.id, HOOK.name, HOOK.kind, enabled=False)
    rule = AlertRule("all", channels=("pager", "hook"))
    decisions = decide([a_fold()], a_policy(rule, channels=(off,)), State(), START)
    assert reasons(decisions) == [Reason.NO_CHANNEL, Reason.CHANNEL_OFF]
    assert [entry.verdict.blocked_by for entry in decisions.entries] == ["pager", "hook"]


def test_alerts_switched_off_and_lost_projects_are_recorded() -> None:
    off = decide([a_fold()], a_policy(enabled=False), State(), START)
    assert reasons(off) == [Reason.ALERTS_OFF]
    lost = ProjectPolicy(a_fold().project_id, known=False)
    assert reasons(decide([a_fold()], lost, State(), START)) == [Reason.NO_SETTINGS]


def test_transient_failures_do_not_match_the_default_rule() -> None:
    fold = a_fold(failure_class=FailureClass.TRANSIENT, severity=Severity.INFO)
    assert reasons(decide([fold], a_policy(), State(), START)) == [Reason.NO_RULE]


def test_deciding_twice_gives_the_same_ids() -> None:
    fold = a_fold()
    once = decide([fold], a_policy(), State(), START)
    again = decide([fold], a_policy(), State(), START)
    assert [each.id for each in once.notifications] == [each.id for each in again.notifications]
    assert once.alerts[0].id == again.alerts[0].id


def test_every_reason_has_a_sentence_and_an_effect() -> None:
    for reason in Reason:
        assert reason.sentence.endswith(".")
        assert reason.effect in Effect


histories = st.lists(
    st.tuples(
        st.integers(min_value=0, max_value=7200),
        st.sampled_from(["Error: HTTP 503", "Error: HTTP 401", "SocketError: other side closed"]),
        st.integers(min_value=1, max_value=50),
    ),
    min_size=1,
    max_size=40,
)


@given(histories, st.integers(min_value=1, max_value=40))
def test_where_a_batch_is_split_changes_no_decision(
    history: list[tuple[int, str, int]], batch: int
) -> None:
    ordered = sorted(history)
    folds = [a_fold(after(seconds=at), number, error=error) for at, error, number in ordered]
    policy = a_policy(
        AlertRule("all"), AlertRule("mail", channels=("mail",), cooldown=timedelta(minutes=5))
    )
    whole = run_through(folds, policy, len(folds))
    split = run_through(folds, policy, batch)

    def told(made: list[Decisions]) -> Counter[object]:
        return Counter(
            (entry.fold_id, entry.rule, entry.channel, entry.verdict.reason)
            for decisions in made
            for entry in decisions.entries
        )

    assert told(whole) == told(split)


@given(histories)
def test_every_failure_is_answered_for(history: list[tuple[int, str, int]]) -> None:
    folds = [a_fold(after(seconds=at), number, error=error) for at, error, number in history]
    decisions = decide(folds, a_policy(channels=(MAIL,)), State(), START)
    assert sum(entry.count for entry in decisions.entries) == sum(fold.count for fold in folds)
    assert sum(alert.count for alert in decisions.alerts) == sum(fold.count for fold in folds)
    heard = {alert.id: alert.told[MAIL.id].count for alert in decisions.alerts}
    told = Counter[object]()
    for planned in decisions.notifications:
        told[planned.alert.id] += planned.new_failures
    assert told == heard
