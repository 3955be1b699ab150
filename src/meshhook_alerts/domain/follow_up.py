"""What follows on an alert that is open: reminders and escalation while nobody has it in hand, the end of an
acknowledgement or a snooze, and closing what has been quiet for long."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from meshhook_alerts.domain.alert import Alert, AlertStatus, Told
from meshhook_alerts.domain.decision import LedgerEntry, PlannedNotification, Verdict
from meshhook_alerts.domain.draft import Draft
from meshhook_alerts.domain.ending import end
from meshhook_alerts.domain.failure import Fold, Recovery
from meshhook_alerts.domain.identifiers import derive_id
from meshhook_alerts.domain.kinds import ENDS_WITH_ITSELF
from meshhook_alerts.domain.life import Act
from meshhook_alerts.domain.policy import EffectiveSettings
from meshhook_alerts.domain.reasons import Reason
from meshhook_alerts.domain.timers import (
    Timer,
    closing_timer,
    escalation_timer,
    in_hand_timer,
    step_of,
    untold_timer,
)


def heard(
    draft: Draft, alert: Alert, fold: Fold, channel_id: UUID, at: datetime, reason: Reason
) -> Told:
    """What the channel knows of ``alert`` once it has been told, for ``reason``; with the timers of what
    follows if nobody takes it in hand."""
    before, settings = alert.told.get(channel_id), _settings(draft, fold)
    again = before.reminders + 1 if before and reason is Reason.REMINDER else 0
    firing, remind_at = alert.status is AlertStatus.FIRING, None
    if firing:
        # What is decided late is said late, and nobody is asked before.
        said_at = max(at, draft.context.now)
        if settings.escalation and not any(each.open for each in alert.told.values()):
            _arm(draft, alert, settings, said_at)
        if settings.reminders:
            remind_at = said_at + settings.reminders[min(again, len(settings.reminders) - 1)]
            if settings.close_after and remind_at > (closing := _closes_at(alert, settings)):
                remind_at = max(closing, said_at)
            draft.set_timer(untold_timer(alert.id, channel_id, remind_at))
    return Told(
        at,
        alert.count,
        before.messages + 1 if before else 1,
        firing or alert.status is not AlertStatus.RESOLVED,
        0,
        remind_at,
        again,
        reason is Reason.FLAPS,
    )


def escalate(draft: Draft, timer: Timer) -> None:
    """Brings in the channels of a step, unless somebody has the alert in hand or it is over."""
    draft.has_fired(timer)
    alert, fold = _of(draft, timer)
    if alert is None or fold is None or alert.status is not AlertStatus.FIRING:
        return
    steps = _settings(draft, fold).escalation
    names = steps[step_of(timer)].channels if step_of(timer) < len(steps) else ()
    channels = filter(None, map(draft.context.policy.channels.get, names))
    wanted = [channel.id for channel in channels if channel.enabled]
    life = replace(alert.life, escalated=tuple(dict.fromkeys((*alert.life.escalated, *wanted))))
    draft.alerts[alert.id] = replace(alert, life=life)
    _ask(draft, alert.id, wanted, timer.due)


def let_go(draft: Draft, timer: Timer) -> None:
    """An acknowledgement has expired, or a snooze is over: it is nobody's, and who knows of it is reminded."""
    draft.has_fired(timer)
    alert, fold = _of(draft, timer)
    if alert is None or fold is None or not alert.is_in_hand or alert.life.until is None:
        return
    if alert.life.until > timer.due:
        draft.set_timer(in_hand_timer(alert.id, alert.life.until))
        return
    draft.alerts[alert.id] = replace(alert, status=AlertStatus.FIRING, life=alert.life.free())
    _ask(draft, alert.id, [id_ for id_, told in alert.told.items() if told.open], timer.due)
    _arm(draft, alert, _settings(draft, fold), timer.due)


def give_back(draft: Draft, alert: Alert, fold: Fold, at: datetime) -> None:
    """Somebody who had the alert in hand has not any more. Whoever knows all there is to know is reminded as after a
    message; whoever is owed failures of meanwhile hears of them as soon as the cooldown lets them."""
    settings = _settings(draft, fold)
    draft.alerts[alert.id] = replace(alert, status=AlertStatus.FIRING, life=alert.life.free())
    knowing = {id_: told for id_, told in alert.told.items() if told.open}
    for id_, told in knowing.items():
        if told.count < alert.count:
            _ask(draft, alert.id, [id_], max(at, told.at + settings.cooldown))
        elif settings.reminders:
            _ask(draft, alert.id, [id_], at + settings.reminders[0])
    _arm(draft, alert, settings, at)


def look_whether_quiet(draft: Draft, timer: Timer) -> None:
    """Closes an alert that has not failed for as long as its settings say; else asks again when it may be."""
    draft.has_fired(timer)
    alert, fold = _of(draft, timer)
    if alert is None or fold is None or alert.status is AlertStatus.RESOLVED:
        return
    if not close_if_quiet(draft, alert, fold, timer.due):
        ask_whether_quiet(draft, alert, fold)


def close_if_quiet(draft: Draft, alert: Alert, fold: Fold, at: datetime) -> bool:
    """Closes an open alert that has been quiet for long enough by ``at``; whether it was."""
    settings = _settings(draft, fold)
    if not _may_close(alert, settings) or _closes_at(alert, settings) > at:
        return False
    days = settings.close_after.total_seconds() / 86_400
    close(draft, alert, fold, at, f"no failure for {days:g} {'day' if days == 1 else 'days'}")
    return True


def ask_whether_quiet(draft: Draft, alert: Alert, fold: Fold) -> None:
    """Has an alert that no reminder asks about looked at when it may have been quiet for long enough. (Where one
    does, its timer looks: one row for each alert and channel is enough.)"""
    settings = _settings(draft, fold)
    if _may_close(alert, settings):
        due = max(_closes_at(alert, settings), draft.context.now)
        draft.set_timer(closing_timer(alert.id, due))


def is_asked_about(alert: Alert) -> bool:
    """Whether a reminder will ask about the alert."""
    return any(each.open and each.remind_at for each in alert.told.values())


def _may_close(alert: Alert, settings: EffectiveSettings) -> bool:
    return bool(settings.close_after) and alert.kind not in ENDS_WITH_ITSELF


def _closes_at(alert: Alert, settings: EffectiveSettings) -> datetime:
    since = alert.life.since
    quiet_since = max(alert.last_failure_at, since) if since else alert.last_failure_at
    return quiet_since + settings.close_after


def close(draft: Draft, alert: Alert, fold: Fold, at: datetime, why: str) -> None:
    """Ends an alert that has not recovered, and says so to whoever was told of it."""
    over = replace(
        alert,
        status=AlertStatus.RESOLVED,
        resolved_at=max(at, alert.last_failure_at),
        life=replace(alert.life.free(), closed=why),
    )
    draft.alerts[alert.id] = over
    end(draft, over, fold, Recovery(alert.id, at))
    draft.note_larger(over.kind, is_open=False)


def tell_those_that_mirror(draft: Draft, alert: Alert, fold: Fold, act: Act) -> None:
    """Channels that keep an incident of their own for the alert hear that somebody has it in hand."""
    for channel in draft.context.policy.channels.values():
        told = alert.told.get(channel.id)
        if not (channel.mirrors and channel.enabled and told and told.open):
            continue
        planned = PlannedNotification(
            id=derive_id(act.id, f"taken/{channel.id.hex}"), alert=alert, fold=fold, channel=channel,
            rule=None, reason=Reason.TAKEN, severity=alert.severity, at=act.at, new_failures=0,
            since=alert.opened_at,
        )  # fmt: skip
        draft.plan(planned)
        entry = LedgerEntry(
            None, alert.id, act.at, 0, Verdict(Reason.TAKEN, act.by), alert.severity,
            channel=channel, notification_id=planned.id,
        )  # fmt: skip
        draft.entries.append(entry)


def _of(draft: Draft, timer: Timer) -> tuple[Alert | None, Fold | None]:
    alert = draft.known(timer.alert_id)
    return alert, draft.last_fold(alert) if alert else None


def _settings(draft: Draft, fold: Fold) -> EffectiveSettings:
    return draft.context.policy.for_workflow(fold.workflow)


def _arm(draft: Draft, alert: Alert, settings: EffectiveSettings, at: datetime) -> None:
    for number, step in enumerate(settings.escalation):
        draft.set_timer(escalation_timer(alert.id, number, at + step.after))


def _ask(draft: Draft, alert_id: UUID, channels: list[UUID], at: datetime) -> None:
    """Has channels told of the alert now, whether or not there is anything new."""
    alert = draft.alerts[alert_id]
    known = {id_: replace(alert.told[id_], remind_at=at) for id_ in channels if id_ in alert.told}
    draft.alerts[alert_id] = alert.telling(known)
    for id_ in channels:
        draft.set_timer(untold_timer(alert_id, id_, at))
