"""The end of an alert: everyone told of it is told of its end, once; nobody else is. Silences keep no end
back; what would be one message too many, or comes in a quiet period, joins the digest."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from meshhook_alerts.domain.alert import Alert, AlertStatus, Told
from meshhook_alerts.domain.decision import Candidate, LedgerEntry, PlannedNotification, Verdict
from meshhook_alerts.domain.draft import Draft
from meshhook_alerts.domain.failure import Fold, Recovery
from meshhook_alerts.domain.identifiers import derive_id
from meshhook_alerts.domain.policy import AlertRule, Channel
from meshhook_alerts.domain.quiet_period import quiet_until
from meshhook_alerts.domain.reasons import Reason
from meshhook_alerts.domain.stages.cap import cap
from meshhook_alerts.domain.stages.flapping import flapping
from meshhook_alerts.domain.stages.storm import storm

_ON_ITS_WAY = timedelta(seconds=5)
"""Until an end asks again whether the message before it has arrived."""
_ANY_RULE = AlertRule("")
"""An end goes to whoever was told, whatever rule said so."""


def end(draft: Draft, alert: Alert, fold: Fold, recovery: Recovery) -> None:
    """A ledger entry for every channel that is owed the end, with its message or what keeps it back; if
    none is owed it, one entry without a channel. A channel that has been removed is named, and not written
    to."""
    owed = [id_ for id_ in alert.told if is_owed_the_end(alert, id_)]
    if not owed:
        draft.entries.append(_entry(alert, recovery.at, Verdict(Reason.RECOVERED_UNTOLD), recovery))
    for channel_id in owed:
        _end_for(draft, alert, fold, channel_id, recovery)


def is_owed_the_end(alert: Alert, channel_id: UUID) -> bool:
    """Whether the channel still believes the alert, which has ended, to be open."""
    told = alert.told.get(channel_id)
    return alert.status is AlertStatus.RESOLVED and told is not None and told.open


def candidate_of_end(
    draft: Draft, alert: Alert, fold: Fold, channel_id: UUID, at: datetime, *, released: bool
) -> Candidate | None:
    """The end as something to be told to a channel; None if there is no such channel any more."""
    channels = draft.context.policy.channels.values()
    channel = next((each for each in channels if each.id == channel_id), None)
    if channel is None:
        return None
    fold = replace(fold, at=at)
    return Candidate(fold, alert, _ANY_RULE, channel, alert.severity, released=released)


def held(draft: Draft, candidate: Candidate) -> Verdict | None:
    """What keeps the end back for a while."""
    return (
        _under_way(draft, candidate)
        or (None if candidate.alert.life.closed else flapping(candidate, draft.context))
        or _quiet(draft, candidate)
        or cap(candidate, draft.context)
        or storm(candidate, draft.context)
    )


def _under_way(draft: Draft, candidate: Candidate) -> Verdict | None:
    """A message that the end must not overtake, on its way to the channel."""
    alert, channel = candidate.alert, candidate.channel
    if channel.id in alert.under_way or draft.has_planned(alert.id, channel.id):
        soon = max(candidate.fold.at, draft.context.now) + _ON_ITS_WAY
        return Verdict(Reason.UNDER_WAY, blocked_by=channel.name, eligible_at=soon)
    return None


def say_end(draft: Draft, candidate: Candidate, run_id: UUID | None = None) -> None:
    """One message that says it is over."""
    alert, channel = candidate.alert, candidate.channel
    fold = draft.last_fold(alert) or candidate.fold
    planned = _message(alert, fold, channel, alert.told[channel.id], candidate.fold.at)
    draft.plan(planned)
    blocked_by = alert.life.closed or (f"run {run_id}" if run_id else None)
    entry = LedgerEntry(
        None, alert.id, planned.at, 0, Verdict(planned.reason, blocked_by), alert.severity,
        channel=channel, notification_id=planned.id,
    )  # fmt: skip
    draft.entries.append(entry)
    close(draft, alert.id, channel.id)


def close(draft: Draft, alert_id: UUID, channel_id: UUID) -> None:
    """The channel knows that it is over, or is not there to know it."""
    alert = draft.alerts[alert_id]
    told = replace(alert.told[channel_id], open=False)
    draft.alerts[alert_id] = alert.telling({channel_id: told})


def _end_for(draft: Draft, alert: Alert, fold: Fold, channel_id: UUID, recovery: Recovery) -> None:
    candidate = candidate_of_end(draft, alert, fold, channel_id, recovery.at, released=False)
    if candidate is None:
        draft.entries.append(_entry(alert, recovery.at, Verdict(Reason.NO_CHANNEL), recovery))
        close(draft, alert.id, channel_id)
    elif verdict := held(draft, candidate):
        hold(draft, candidate, verdict)
    else:
        say_end(draft, candidate, recovery.run_id)


def hold(draft: Draft, candidate: Candidate, verdict: Verdict) -> None:
    """Keeps the end for the digest."""
    alert, channel = candidate.alert, candidate.channel
    entry = LedgerEntry(
        None, alert.id, candidate.fold.at, 0, verdict, alert.severity, channel=channel
    )
    draft.entries.append(entry)
    draft.wait(candidate, verdict)
    if verdict.reason is Reason.STORM and not candidate.released:
        pace, at = draft.context.state.pace, candidate.fold.at
        on = pace.in_storm(at).holding(alert.id, [channel.id], 0, at)
        draft.keep_pace(replace(pace, storm=on))


def _quiet(draft: Draft, candidate: Candidate) -> Verdict | None:
    """Until the end of what is on, be it one that only records: who was told is owed the end."""
    settings = draft.context.policy.for_workflow(candidate.fold.workflow)
    name, severity = candidate.channel.name, candidate.severity
    periods = [each for each in settings.quiet_periods if each.concerns("", name, severity)]
    found = quiet_until(periods, candidate.fold.at) if periods else None
    if found is None:
        return None
    period, over = found
    return Verdict(Reason.QUIET_PERIOD, blocked_by=period.name, eligible_at=over)


def _message(
    alert: Alert, fold: Fold, channel: Channel, told: Told, at: datetime
) -> PlannedNotification:
    return PlannedNotification(
        # One end per opening: how often the channel was told tells the openings apart.
        id=derive_id(alert.id, f"end/{channel.id.hex}/{told.messages}"),
        alert=alert,
        fold=fold,
        channel=channel,
        rule=None,
        reason=Reason.CLOSED if alert.life.closed else Reason.RECOVERED,
        severity=fold.severity,
        at=at,
        new_failures=alert.count - told.count,
        since=alert.opened_at,
    )


def _entry(alert: Alert, at: datetime, verdict: Verdict, recovery: Recovery) -> LedgerEntry:
    blocked_by = f"run {recovery.run_id}" if recovery.run_id else None
    return LedgerEntry(
        None, alert.id, at, 0, replace(verdict, blocked_by=blocked_by), alert.severity
    )
