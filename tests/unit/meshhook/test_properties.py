"""What holds for every history that the engine can leave, whenever it is looked at."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from meshhook_alerts.domain import kinds
from meshhook_alerts.sources.meshhook.runs.examine import examine
from meshhook_alerts.sources.meshhook.runs.history import Examination, Finding, Limits, RunHistory
from meshhook_alerts.sources.meshhook.runs.step_failed import is_hopeless, judge_step_failed
from tests.unit.builders import START
from tests.unit.meshhook.histories import (
    HEALING,
    HOPELESS,
    LEAST_PATIENCE,
    MOST_DELAY,
    NO_DATABASE,
    Plan,
    Played,
    foreign_runs,
    limits_of,
    plans,
    play_plan,
)

TICK = timedelta(microseconds=1)
ANY_ERROR = (*HEALING, *HOPELESS, NO_DATABASE)
OF_STEP_FAILED = {kinds.RETRIES_EXHAUSTED, kinds.WILL_NOT_HEAL, kinds.EFFECT_WITHOUT_RECORD}
ALIVE = LEAST_PATIENCE - 2 * MOST_DELAY - 5  # a pause that keeps every gap within the grace time

any_plan = plans(ANY_ERROR) | plans(ANY_ERROR, longest_pause=400)


def look(played: Played, moment: datetime) -> Examination:
    return examine(played.seen_at(moment), played.limits, moment)


def told(findings: Iterable[Finding]) -> set[tuple[kinds.Kind, str, datetime]]:
    """What is found, the retry under way apart: it ends by itself."""
    return {(each.kind, each.ref, each.at) for each in findings if each.kind is not kinds.RETRYING}


def longest(limits: Limits) -> timedelta:
    waits = (limits.grace, limits.stall_after, limits.no_events_after, limits.closing)
    return max(waits)


@given(any_plan, limits_of())
def test_a_run_that_cannot_complete_is_found_within_its_limits(plan: Plan, limits: Limits) -> None:
    played = play_plan(plan, limits)
    seen = look(played, played.over + longest(limits) + TICK)
    assert played.completed or any(each.kind.critical for each in seen.findings)


@given(
    plans((*HEALING, NO_DATABASE), completing=True, longest_pause=ALIVE),
    limits_of(least_attempts=5, deadline=None),
)
def test_a_run_that_completes_is_never_reported(plan: Plan, limits: Limits) -> None:
    played = play_plan(plan, limits)
    assert played.completed
    for moment in played.moments():
        assert not told(look(played, moment).findings), moment


@given(
    plans(HEALING, completing=True, longest_pause=ALIVE), limits_of(least_attempts=5, deadline=None)
)
def test_a_run_that_completed_is_clean_and_settles(plan: Plan, limits: Limits) -> None:
    played = play_plan(plan, limits)
    end = look(played, played.over)
    assert end.clean
    assert end.look_again_at is not None
    settled = look(played, end.look_again_at)
    assert settled.settled
    assert settled.look_again_at is None


@given(any_plan, limits_of())
def test_what_was_found_keeps_its_reference_and_time(plan: Plan, limits: Limits) -> None:
    played = play_plan(plan, limits)
    known: dict[str, tuple[kinds.Kind, datetime]] = {}
    for moment in played.moments():
        for finding in look(played, moment).findings:
            found = (finding.kind, finding.at)
            assert known.setdefault(finding.ref, found) == found


@given(any_plan, limits_of())
def test_a_step_that_failed_for_good_is_never_unfound(plan: Plan, limits: Limits) -> None:
    played = play_plan(plan, limits)
    lasting: set[str] = set()
    for moment in played.moments():
        found = {
            finding.ref
            for finding in look(played, moment).findings
            if finding.kind in OF_STEP_FAILED and not finding.ref.endswith(":effect")
        }
        assert lasting <= found
        lasting = found


@given(any_plan, limits_of(), st.data())
def test_nothing_changes_before_it_is_time_to_look_again(
    plan: Plan, limits: Limits, data: st.DataObject
) -> None:
    played = play_plan(plan, limits)
    moment = data.draw(st.sampled_from(played.moments()))
    check_look_again(played.seen_at(moment), limits, moment)


@given(foreign_runs, limits_of(), st.integers(-200, 2000))
def test_nothing_changes_before_it_is_time_to_look_again_at_foreign_runs(
    run: RunHistory, limits: Limits, seconds: int
) -> None:
    check_look_again(run, limits, START + timedelta(seconds=seconds))


def check_look_again(run: RunHistory, limits: Limits, now: datetime) -> None:
    """Follows the moments to look again to the end: all change happens at them."""
    seen = examine(run, limits, now)
    for _ in range(20):
        again = seen.look_again_at
        last = again - TICK if again else now + timedelta(days=30)
        for later in (now + (last - now) / 2, last):
            assert told(examine(run, limits, later).findings) == told(seen.findings)
        if again is None:
            return
        assert again > now
        after = examine(run, limits, again)
        assert (after.findings, after.settled) != (seen.findings, seen.settled)
        assert not after.settled or after.look_again_at is None
        now, seen = again, after
    raise AssertionError("looks again for ever")


@given(any_plan, limits_of())
def test_what_a_trigger_tells_of_one_row_is_found_by_the_look(plan: Plan, limits: Limits) -> None:
    played = play_plan(plan, limits)
    check_triggers(played.seen_at(played.over), limits)


@given(foreign_runs, limits_of())
def test_what_a_trigger_tells_of_a_foreign_row_is_found_by_the_look(
    run: RunHistory, limits: Limits
) -> None:
    if run.status != "canceled":  # then deciding drops what the trigger told
        check_triggers(run, limits)


def check_triggers(run: RunHistory, limits: Limits) -> None:
    """The look adds to what single rows tell only what takes the other rows to know."""
    failures = {f"event:{each.id}": each for each in run.events if each.type == "step_failed"}
    by_triggers = {
        (kind, ref)
        for ref, event in failures.items()
        if (kind := judge_step_failed(event.attempt_number, event.error, limits.attempt_limit))
    }
    findings = examine(run, limits, run.started_at).findings
    by_look = {(each.kind, each.ref) for each in findings if each.kind in OF_STEP_FAILED}
    assert by_triggers <= by_look
    for kind, ref in by_look - by_triggers:
        if kind is kinds.EFFECT_WITHOUT_RECORD:
            assert ref.endswith(":effect")
            continue
        attempt = failures[ref].attempt_number
        assert kind is kinds.RETRIES_EXHAUSTED
        assert attempt is not None
        assert attempt > limits.attempt_limit or is_hopeless(failures[ref].error)


@given(any_plan, limits_of())
def test_the_engine_fails_a_node_for_good_once(plan: Plan, limits: Limits) -> None:
    played = play_plan(plan, limits)
    findings = look(played, played.over).findings
    hits = [
        (each.kind, each.event.node_id)
        for each in findings
        if each.event and each.kind in OF_STEP_FAILED
    ]
    assert len(hits) == len(set(hits))


@given(foreign_runs, limits_of())
def test_no_open_run_is_ever_missed(run: RunHistory, limits: Limits) -> None:
    """Whatever its events: the guarantee that holds for engines not written yet."""
    run = replace(run, status="running", finished_at=None)
    newest = max([START, *(event.ts for event in run.events)])
    seen = examine(run, limits, newest + longest(limits) + TICK)
    assert any(each.kind.critical for each in seen.findings)


@given(foreign_runs, limits_of(), st.integers(-200, 10**8))
@settings(max_examples=300)
def test_foreign_rows_never_raise_and_a_reference_stands_for_one_finding(
    run: RunHistory, limits: Limits, seconds: int
) -> None:
    findings = examine(run, limits, START + timedelta(seconds=seconds)).findings
    refs = [finding.ref for finding in findings]
    assert len(refs) == len(set(refs))


@given(foreign_runs, limits_of(), st.randoms(use_true_random=False))
def test_the_order_in_which_rows_are_handed_over_does_not_matter(
    run: RunHistory, limits: Limits, order: Random
) -> None:
    events = list(run.events)
    order.shuffle(events)
    now = START + timedelta(minutes=20)
    assert examine(replace(run, events=events), limits, now) == examine(run, limits, now)


def test_limits_beyond_the_calendar_are_never_reached() -> None:
    endless = Limits(timedelta.max, timedelta.max, timedelta.max, 5, timedelta.max, timedelta.max)
    run = play_plan(Plan([], False, 1, 0, 0), endless).seen_at(START + timedelta(days=1))
    assert not examine(run, endless, START + timedelta(days=1000)).findings
