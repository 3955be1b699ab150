"""The decision: one pure function of (folds, policy, state, now).

Live worker, simulator and explain call this and nothing else, so they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from meshhook_alerts.domain.acting import act
from meshhook_alerts.domain.agenda import Agenda, Item
from meshhook_alerts.domain.alert import Alert, AlertStatus, Told
from meshhook_alerts.domain.decision import (
    Candidate,
    Context,
    Decisions,
    LedgerEntry,
    State,
    Verdict,
)
from meshhook_alerts.domain.draft import Draft
from meshhook_alerts.domain.due import come_due, hear_outcome, look_at_storm
from meshhook_alerts.domain.ending import end
from meshhook_alerts.domain.failure import Fold, Recovery
from meshhook_alerts.domain.follow_up import (
    ask_whether_quiet,
    escalate,
    heard,
    is_asked_about,
    let_go,
    look_whether_quiet,
)
from meshhook_alerts.domain.identifiers import NIL
from meshhook_alerts.domain.life import Act, face_of
from meshhook_alerts.domain.policy import ProjectPolicy
from meshhook_alerts.domain.reasons import Effect, Reason
from meshhook_alerts.domain.recovering import withdraw
from meshhook_alerts.domain.releasing import passed_over, seen_again
from meshhook_alerts.domain.stages.match import NoTarget
from meshhook_alerts.domain.stages.notify import notify
from meshhook_alerts.domain.timers import Timer, TimerKind


def decide(
    folds: Iterable[Fold],
    policy: ProjectPolicy,
    state: State,
    now: datetime,
    recoveries: Iterable[Recovery] = (),
    timers: Iterable[Timer] = (),
    acts: Iterable[Act] = (),
) -> Decisions:
    """What to do about ``folds``, ``recoveries``, due ``timers`` and people's ``acts``, all of ``policy``'s project,
    given what was before.

    They are taken by the time of their recording, whatever order they come in. ``now`` is for
    what depends on the present; a failure is judged by its own time.
    """
    draft = Draft(Context(policy, state, now), policy.lookback is not None)
    all_folds = list(folds)
    items: list[Item] = [fold for fold in all_folds if not fold.is_evidence]
    agenda = Agenda([*items, *recoveries, *timers, *acts])
    for group in agenda:
        _walk(draft, group)
        for timer in draft.set_on_the_way():
            agenda.add(timer)
    for fold in all_folds:
        if fold.is_evidence:
            _add_evidence(draft, fold)
    return draft.decisions()


def _walk(draft: Draft, group: list[Item]) -> None:
    match group:
        case [Fold() as fold]:
            _decide(draft, fold)
        case [Recovery() as recovery]:
            _recover(draft, recovery)
        case [Act() as wanted]:
            act(draft, wanted)
        case [Timer() as timer] if timer.kind is not TimerKind.UNTOLD:
            _COMES_DUE[timer.kind](draft, timer)
        case _:
            come_due(draft, [each for each in group if isinstance(each, Timer)])


_COMES_DUE: dict[TimerKind, Callable[[Draft, Timer], None]] = {
    TimerKind.ACCEPTED: hear_outcome,
    TimerKind.UNDELIVERED: hear_outcome,
    TimerKind.DOUBTFUL: hear_outcome,
    TimerKind.STORM: look_at_storm,
    TimerKind.IN_HAND: let_go,
    TimerKind.ESCALATION: escalate,
    TimerKind.CLOSING: look_whether_quiet,
}


def _decide(draft: Draft, fold: Fold) -> None:
    alert = draft.count(fold)
    if woken := _is_woken(alert, fold):
        alert = replace(alert, status=AlertStatus.FIRING, life=alert.life.free())
        draft.alerts[alert.id] = alert
    draft.note_larger(fold.kind, is_open=True)
    told: dict[UUID, Told] = {}
    reasons: dict[UUID, set[Reason]] = {}
    for target in draft.targets(fold, alert):
        if isinstance(target, NoTarget):
            _refuse(draft, fold, alert, target)
        else:
            rule, channel = target.rule, target.channel
            severity = rule.severity or fold.severity
            candidate = Candidate(fold, alert, rule, channel, severity, woken=woken)
            reason = _decide_candidate(draft, candidate, told)
            reasons.setdefault(target.channel.id, set()).add(reason)
    if told:
        draft.alerts[alert.id] = alert = seen_again(alert.telling(told), fold)
    if held := [id_ for id_, seen in reasons.items() if Reason.STORM in seen and id_ not in told]:
        pace = draft.context.state.pace
        storm = pace.in_storm(fold.at).holding(alert.id, held, fold.count, fold.at)
        draft.keep_pace(replace(pace, storm=storm))
    for channel_id, seen in reasons.items():
        if all(each.effect is Effect.BLOCKED for each in seen):
            alert = passed_over(
                alert, channel_id, fold.count, fold.at, silenced=Reason.SILENCED in seen
            )
            draft.alerts[alert.id] = alert
    opened = fold.count == alert.in_a_row
    if opened and not is_asked_about(alert):
        ask_whether_quiet(draft, alert, fold)


def _is_woken(alert: Alert, fold: Fold) -> bool:
    """Whether this is what the alert's snooze waited for."""
    life = alert.life
    if alert.status is not AlertStatus.SNOOZED:
        return False
    often = life.until_count is not None and alert.count >= life.until_count
    return often or (life.until_changed and life.face != face_of(fold))


def _decide_candidate(draft: Draft, candidate: Candidate, told: dict[UUID, Told]) -> Reason:
    fold, alert, channel = candidate.fold, candidate.alert, candidate.channel
    verdict = draft.judge(candidate, told)
    planned = None
    if verdict.reason.effect is Effect.TOLD:
        planned = notify(candidate)
        draft.plan(planned)
        told[channel.id] = heard(draft, alert, fold, channel.id, planned.at, planned.reason)
    else:
        draft.wait(candidate, verdict)
    draft.log(fold, alert, verdict, candidate, planned)
    return verdict.reason


def _refuse(draft: Draft, fold: Fold, alert: Alert, none: NoTarget) -> None:
    verdict = Verdict(none.reason, blocked_by=none.blocked_by)
    rule = none.rule.name if none.rule else None
    draft.entries.append(
        LedgerEntry(fold.id, alert.id, fold.at, fold.count, verdict, fold.severity, rule=rule)
    )


def _add_evidence(draft: Draft, fold: Fold) -> None:
    """What follows the verdict about its runs: recorded on that alert, counted in none, told to
    nobody."""
    alert_id = fold.decided_by or draft.alert_of[fold.follows or fold.id]
    known_before = fold.decided_by == NIL
    reason = Reason.KNOWN_BEFORE if known_before else Reason.SAME_RUN
    draft.alert_of[fold.id] = alert_id
    draft.entries.append(
        LedgerEntry(fold.id, alert_id, fold.at, fold.count, Verdict(reason), fold.severity)
    )


def _recover(draft: Draft, recovery: Recovery) -> None:
    known = draft.known(recovery.alert_id)
    if known is None or known.status is AlertStatus.RESOLVED:
        return
    alert = withdraw(known, recovery)
    fold = draft.last_fold(alert)
    if alert.status is AlertStatus.RESOLVED and fold is not None:
        flaps = draft.context.policy.for_workflow(fold.workflow).flapping
        life = alert.life.free()
        alert = replace(alert, life=life.flipping(recovery.at) if flaps else life)
    draft.alerts[alert.id] = alert
    if alert.status is AlertStatus.RESOLVED and fold is not None:
        end(draft, alert, fold, recovery)
    if alert.status is AlertStatus.RESOLVED:
        draft.note_larger(alert.kind, is_open=False)
