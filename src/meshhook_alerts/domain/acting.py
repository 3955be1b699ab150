"""What people do about an alert: each act is done once, and whoever comes second is told how it stands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from meshhook_alerts.domain.alert import Alert, AlertStatus
from meshhook_alerts.domain.draft import Draft
from meshhook_alerts.domain.failure import Fold
from meshhook_alerts.domain.follow_up import close, give_back, tell_those_that_mirror
from meshhook_alerts.domain.life import Act, ActKind, ActResult, Life, Outcome, face_of
from meshhook_alerts.domain.timers import closing_timer, in_hand_timer


def act(draft: Draft, wanted: Act) -> None:
    """Does what somebody wants, if there is anything to do."""
    alert = draft.known(wanted.alert_id)
    fold = draft.last_fold(alert) if alert else None
    outcome = Outcome.GONE
    if alert and fold:
        outcome = _DOES[wanted.kind](draft, alert, fold, wanted)
    draft.acts.append(ActResult(wanted, outcome))


def _acknowledge(draft: Draft, alert: Alert, fold: Fold, wanted: Act) -> Outcome:
    if alert.status is AlertStatus.RESOLVED:
        return Outcome.ENDED
    if alert.status is AlertStatus.ACKNOWLEDGED:
        return Outcome.ALREADY
    holds = draft.context.policy.for_workflow(fold.workflow).acknowledged_for
    until = wanted.until or wanted.at + holds
    life = replace(
        alert.life.free(), by=wanted.by, since=wanted.at, until=until, face=face_of(fold)
    )
    return _take(draft, replace(alert, status=AlertStatus.ACKNOWLEDGED, life=life), fold, wanted)


def _snooze(draft: Draft, alert: Alert, fold: Fold, wanted: Act) -> Outcome:
    if alert.status is AlertStatus.RESOLVED:
        return Outcome.ENDED
    life = replace(
        alert.life.free(),
        by=wanted.by,
        since=wanted.at,
        until=wanted.until,
        until_changed=wanted.until_changed,
        until_count=alert.count + wanted.failures if wanted.failures else None,
        face=face_of(fold),
    )
    same = replace(life, by=alert.life.by, since=alert.life.since, face=alert.life.face)
    if alert.status is AlertStatus.SNOOZED and same == alert.life:
        return Outcome.ALREADY
    return _take(draft, replace(alert, status=AlertStatus.SNOOZED, life=life), fold, wanted)


def _take(draft: Draft, alert: Alert, fold: Fold, wanted: Act) -> Outcome:
    draft.alerts[alert.id] = alert
    tell_those_that_mirror(draft, alert, fold, wanted)
    if alert.life.until:
        draft.set_timer(in_hand_timer(alert.id, alert.life.until))
    return Outcome.DONE


def _resolve(draft: Draft, alert: Alert, fold: Fold, wanted: Act) -> Outcome:
    if alert.status is AlertStatus.RESOLVED:
        return Outcome.ALREADY
    close(draft, alert, fold, wanted.at, f"closed by {wanted.by}")
    return Outcome.DONE


def _reopen(draft: Draft, alert: Alert, fold: Fold, wanted: Act) -> Outcome:
    if alert.is_in_hand:
        give_back(draft, alert, fold, wanted.at)
        return Outcome.DONE
    if alert.status is not AlertStatus.RESOLVED:
        return Outcome.ALREADY
    life = Life(since=wanted.at)
    if not draft.open_again(replace(alert, status=AlertStatus.FIRING, resolved_at=None, life=life)):
        return Outcome.FOLLOWED
    if wait := draft.context.policy.for_workflow(fold.workflow).close_after:
        draft.set_timer(closing_timer(alert.id, wanted.at + wait))
    draft.note_larger(alert.kind, is_open=True)
    return Outcome.DONE


_DOES: dict[ActKind, Callable[[Draft, Alert, Fold, Act], Outcome]] = {
    ActKind.ACKNOWLEDGE: _acknowledge,
    ActKind.SNOOZE: _snooze,
    ActKind.RESOLVE: _resolve,
    ActKind.REOPEN: _reopen,
}
