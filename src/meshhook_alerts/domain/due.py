"""What is due: how messages ended, and what was counted and may be told now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from meshhook_alerts.domain.alert import Alert, AlertStatus
from meshhook_alerts.domain.decision import Candidate, LedgerEntry, PlannedNotification, Verdict
from meshhook_alerts.domain.digest import Covered, in_order
from meshhook_alerts.domain.draft import Draft
from meshhook_alerts.domain.ending import (
    candidate_of_end,
    close,
    held,
    is_owed_the_end,
    say_end,
)
from meshhook_alerts.domain.failure import Fold
from meshhook_alerts.domain.follow_up import ask_whether_quiet, close_if_quiet, heard
from meshhook_alerts.domain.reasons import Effect, Reason
from meshhook_alerts.domain.releasing import (
    after_outcome,
    digest_of,
    farewell_of,
    heard_again,
    is_owed,
    is_reminded,
    passed_over,
    release,
    seen_again,
    untold,
)
from meshhook_alerts.domain.stages.match import NoTarget
from meshhook_alerts.domain.timers import Timer, storm_timer, untold_timer


def hear_outcome(draft: Draft, timer: Timer) -> None:
    """How a message ended, now that it is known."""
    alert = draft.known(timer.alert_id)
    if alert is not None:
        draft.alerts[alert.id] = after_outcome(alert, timer)


def come_due(draft: Draft, timers: Sequence[Timer]) -> None:
    """What a channel was not told, come due at one moment: in one message, if it may be told now. What
    still may not waits on; what never will is recorded with the reason."""
    subjects = {
        timer.subject: timer for timer in timers
    }  # one may be a row and set on the way, too
    for timer in subjects.values():
        draft.has_fired(timer)
    ready = [found for timer in subjects.values() if (found := _ready(draft, timer))]
    if len(ready) == 1 and is_owed_the_end(ready[0].alert, ready[0].channel.id):
        say_end(draft, ready[0])
    elif len(ready) == 1 and ready[0].alert.status is not AlertStatus.RESOLVED:
        _tell_one(draft, ready[0])
    elif ready:
        _tell_digest(draft, ready)


def look_at_storm(draft: Draft, timer: Timer) -> None:
    """Ends the project's storm if it has been quiet for long enough; each channel that it kept from
    messages gets a last one."""
    draft.has_fired(timer)
    storm = draft.context.state.pace.storm
    if storm is None:
        return
    alerts = [alert for id_ in storm.alerts if (alert := draft.known(id_))]
    if storm.over_at > timer.due or len(alerts) < len(storm.alerts):
        # Not over yet; or begun in this very batch, without its first alerts at hand: in the next, then.
        draft.set_timer(storm_timer(max(storm.over_at, timer.due)))
        return
    draft.keep_pace(replace(draft.context.state.pace, storm=None))
    covered = [
        Covered(alert, fold, alert.severity, 0)
        for alert in alerts
        if (fold := draft.last_fold(alert))
    ]
    by_id = {channel.id: channel for channel in draft.context.policy.channels.values()}
    for channel in filter(None, map(by_id.get, storm.channels)):
        if covered and channel.enabled:
            planned = farewell_of(storm, channel, in_order(covered), timer.due)
            draft.notifications.append(planned)
            entry = LedgerEntry(
                None, planned.alert.id, planned.at, 0, Verdict(planned.reason), planned.severity,
                channel=channel, notification_id=planned.id,
            )  # fmt: skip
            draft.entries.append(entry)


def _ready(draft: Draft, timer: Timer) -> Candidate | None:
    """The candidate of a rule that tells the channel now."""
    known = draft.known(timer.alert_id)
    last = draft.last_fold(known) if known else None
    if known is None or last is None:
        return None
    if is_owed_the_end(known, timer.channel_id):
        return _ready_to_end(draft, known, last, timer)
    if known.status is not AlertStatus.RESOLVED and close_if_quiet(draft, known, last, timer.due):
        return None
    alert = heard_again(known, timer.channel_id)
    if not is_owed(alert, timer.channel_id, timer.due):
        _remind_later(draft, alert, timer)
        return None
    criticality = draft.context.policy.for_workflow(last.workflow).criticality
    fold = replace(last, at=timer.due, criticality=criticality)
    verdicts = []
    for target in draft.targets(fold, alert):
        if isinstance(target, NoTarget):
            verdicts.append(Verdict(target.reason, blocked_by=target.blocked_by))
        elif target.channel.id == timer.channel_id:
            severity = target.rule.severity or fold.severity
            candidate = Candidate(fold, alert, target.rule, target.channel, severity, released=True)
            verdict = draft.judge(candidate, {})
            if verdict.reason.effect is Effect.TOLD:
                return candidate
            draft.wait(candidate, verdict)
            verdicts.append(verdict)
    if all(each.reason.effect is Effect.BLOCKED for each in verdicts) and not any(
        each.reason is Reason.SILENCED for each in verdicts
    ):
        _settle(draft, timer, alert, verdicts[0] if verdicts else Verdict(Reason.NO_RULE), fold)
    return None


def _remind_later(draft: Draft, alert: Alert, timer: Timer) -> None:
    """Keeps the timer of a reminder that is not due yet."""
    told = alert.told.get(timer.channel_id)
    if told and told.remind_at and told.remind_at > timer.due and told.open:
        draft.set_timer(untold_timer(alert.id, timer.channel_id, told.remind_at))
    elif alert.status is not AlertStatus.RESOLVED and (last := draft.last_fold(alert)):
        ask_whether_quiet(draft, alert, last)


def _ready_to_end(draft: Draft, alert: Alert, last: Fold, timer: Timer) -> Candidate | None:
    """The end of an alert that could not be told when it came."""
    draft.alerts.setdefault(alert.id, alert)
    candidate = candidate_of_end(draft, alert, last, timer.channel_id, timer.due, released=True)
    if candidate is None:
        entry = LedgerEntry(
            None, alert.id, timer.due, 0, Verdict(Reason.NO_CHANNEL), alert.severity
        )
        draft.entries.append(entry)
        close(draft, alert.id, timer.channel_id)
    elif verdict := held(draft, candidate):
        draft.wait(candidate, verdict)
    else:
        return candidate
    return None


def _tell_one(draft: Draft, candidate: Candidate) -> None:
    alert, channel = candidate.alert, candidate.channel
    planned = release(candidate, draft.last_fold(alert) or candidate.fold)
    draft.plan(planned)
    told = heard(draft, alert, candidate.fold, channel.id, planned.at, planned.reason)
    draft.alerts[alert.id] = seen_again(alert.telling({channel.id: told}), candidate.fold)
    _log_release(draft, candidate, planned, planned.new_failures)


def _tell_digest(draft: Draft, ready: Sequence[Candidate]) -> None:
    planned = digest_of(ready)
    if storm := draft.context.state.pace.storm:
        planned = replace(planned, reason=Reason.STORM_SUMMARY, storm=storm)
    draft.plan(planned)
    channel = planned.channel.id
    for candidate in ready:
        alert, fold = candidate.alert, candidate.fold
        reminded = is_reminded(alert, alert.told.get(channel), planned.at)
        reason = Reason.REMINDER if reminded else planned.reason
        told = heard(draft, alert, fold, channel, planned.at, reason)
        draft.alerts[alert.id] = seen_again(alert.telling({channel: told}), fold)
        _log_release(draft, candidate, planned, untold(alert, channel))


def _log_release(
    draft: Draft, candidate: Candidate, planned: PlannedNotification, count: int
) -> None:
    entry = LedgerEntry(
        None, candidate.alert.id, planned.at, count, Verdict(planned.reason), candidate.severity,
        rule=candidate.rule.name or None, channel=candidate.channel, notification_id=planned.id,
    )  # fmt: skip
    draft.entries.append(entry)


def _settle(draft: Draft, timer: Timer, alert: Alert, verdict: Verdict, fold: Fold) -> None:
    """What was counted will not be told, and why."""
    count = untold(alert, timer.channel_id)
    entry = LedgerEntry(None, alert.id, timer.due, count, verdict, fold.severity)
    draft.entries.append(entry)
    draft.alerts[alert.id] = passed_over(alert, timer.channel_id, count, timer.due)
    ask_whether_quiet(draft, alert, fold)
