"""The first terminal failure of a run decides; what follows becomes evidence, wherever a batch ends."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from meshhook_alerts.bootstrap import JUDGES
from meshhook_alerts.domain.decision import State
from meshhook_alerts.domain.engine import decide
from meshhook_alerts.domain.failure import SignalGroup
from meshhook_alerts.domain.folding import Folding
from meshhook_alerts.domain.identifiers import NIL
from meshhook_alerts.domain.reasons import Reason
from tests.unit.builders import START, a_group, a_policy

A, B, C = uuid4(), uuid4(), uuid4()


def of_runs(first_member: int, *runs: UUID | None, **fields: object) -> SignalGroup:
    """A group with one signal of each run."""
    members = range(first_member, first_member + len(runs))
    return a_group(
        count=len(runs),
        members=",".join(map(str, members)),
        runs=",".join(str(run or "") for run in runs),
        run_id=runs[0],
        **fields,
    )


def ledger(*groups: SignalGroup) -> list[tuple[str, int, bool]]:
    """Reason, count and whether somebody is told, by what the groups come to."""
    policy = a_policy()
    folding = Folding(JUDGES, policy)
    placed = folding.add(groups)
    assert sorted(int(each) for one in placed for each in one.members.split(",")) == sorted(
        int(each) for group in groups for each in group.members.split(",")
    )
    decisions = decide(folding.folded().folds, policy, State(), START)
    entries = {(e.fold_id, e.verdict.reason, e.count): e for e in decisions.entries}
    return [
        (str(reason), count, bool(e.notification_id)) for (_, reason, count), e in entries.items()
    ]


def test_what_follows_in_the_batch_is_evidence_on_the_same_alert() -> None:
    first = of_runs(1, A, B)
    second = of_runs(3, A, C, observed="run_failed", error="boom")
    policy = a_policy()
    folding = Folding(JUDGES, policy)
    folding.add([first, second])
    folds = folding.folded().folds
    assert [(fold.count, fold.is_evidence) for fold in folds] == [(2, False), (1, False), (1, True)]
    decisions = decide(folds, policy, State(), START)
    assert decisions.alert_of[folds[2].id] == decisions.alert_of[folds[0].id]
    assert sorted(alert.count for alert in decisions.alerts) == [1, 2]
    assert decisions.entries[-1].verdict.reason is Reason.SAME_RUN


def test_a_doubled_row_counts_once() -> None:
    assert ledger(of_runs(1, A, A, B)) == [("first_failure", 2, True), ("same_run", 1, False)]


def test_a_run_is_decided_in_whatever_step_of_the_folding_it_came() -> None:
    folding = Folding(JUDGES, a_policy())
    assert [each.decides for each in folding.add([of_runs(1, A)])] == [True]
    (later,) = folding.add([of_runs(2, A, observed="dead_letter", error="boom")])
    assert not later.decides


def test_what_no_run_bears_is_never_evidence() -> None:
    assert ledger(of_runs(1, None, None, None)) == [("first_failure", 3, True)]


@pytest.mark.parametrize(("decided_by", "reason"), [(uuid4(), "same_run"), (NIL, "known_before")])
def test_what_was_decided_earlier_stays_so(decided_by: UUID, reason: str) -> None:
    assert ledger(of_runs(1, A, B, decided_by=decided_by)) == [(reason, 2, False)]


def test_what_does_not_stop_a_run_decides_nothing() -> None:
    hazard = of_runs(1, A, observed="executed_twice", error="twice")
    (placed,) = Folding(JUDGES, a_policy()).add([hazard])
    assert placed.fold_id
    assert not placed.decides
    canceled = of_runs(1, A, observed="run_canceled", error="canceled")
    (placed,) = Folding(JUDGES, a_policy()).add([canceled])
    assert not placed.decides


def test_a_canceled_run_is_nobodys_failure_but_for_being_canceled() -> None:
    folding = Folding(JUDGES, a_policy())
    for observed in ("step_failed", "run_failed", "step_no_outcome", "dead_letter"):
        (placed,) = folding.add([of_runs(1, A, observed=observed, canceled=True)])
        assert placed.fold_id is None
    (placed,) = folding.add([of_runs(1, A, observed="run_canceled", canceled=True)])
    assert placed.fold_id
