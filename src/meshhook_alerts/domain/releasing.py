"""What was counted and not told, and what becomes of it: told when the wait is over; and taken back
into the untold where a message was given up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from meshhook_alerts.domain.alert import Alert, AlertStatus, Told
from meshhook_alerts.domain.decision import Candidate, PlannedNotification
from meshhook_alerts.domain.digest import Covered, in_order
from meshhook_alerts.domain.failure import Fold
from meshhook_alerts.domain.identifiers import derive_id
from meshhook_alerts.domain.life import face_of
from meshhook_alerts.domain.policy import Channel
from meshhook_alerts.domain.reasons import Reason
from meshhook_alerts.domain.stages.notify import notify
from meshhook_alerts.domain.storm import Storm
from meshhook_alerts.domain.timers import Timer, TimerKind


def untold(alert: Alert, channel_id: UUID) -> int:
    """Failures of ``alert`` that the channel has not heard of, without those that proved to be none."""
    told = alert.told.get(channel_id)
    return min(alert.count - (told.count if told else 0), alert.count - alert.withdrawn)


def is_owed(alert: Alert, channel_id: UUID, moment: datetime) -> bool:
    """Whether the channel has something to hear of ``alert`` by ``moment``, be it a reminder. What ended
    meanwhile is told by its closing message where the channel knew of it, and in a digest where it did not."""
    told = alert.told.get(channel_id)
    if untold(alert, channel_id) <= 0:
        return is_reminded(alert, told, moment)
    return alert.status is not AlertStatus.RESOLVED or told is None or not told.messages


def is_reminded(alert: Alert, told: Told | None, moment: datetime) -> bool:
    """Whether it is time to remind the channel, and there is reason to."""
    if told is None or told.remind_at is None or not told.open:
        return False
    return alert.status is AlertStatus.FIRING and told.remind_at <= moment


def seen_again(alert: Alert, fold: Fold) -> Alert:
    """``alert`` once somebody was told how it looks: that is no change any more."""
    if alert.life.face is None:
        return alert
    return replace(alert, life=replace(alert.life, face=face_of(fold)))


def release(candidate: Candidate, last: Fold) -> PlannedNotification:
    """One message about all that the channel was not told; deciding it twice names the same one.
    ``last``: the alert's latest fold as it came."""
    planned, due = notify(candidate), candidate.fold.at
    id_ = derive_id(candidate.alert.id, f"untold/{candidate.channel.id.hex}/{due.isoformat()}")
    count = untold(candidate.alert, candidate.channel.id)
    reason = planned.reason
    if reason is Reason.STILL_FAILING:
        told = candidate.alert.told.get(candidate.channel.id)
        reminded = is_reminded(candidate.alert, told, due)
        reason = Reason.REMINDER if reminded else Reason.RELEASED
    return replace(planned, id=id_, fold=last, new_failures=count, reason=reason)


def digest_of(ready: Sequence[Candidate]) -> PlannedNotification:
    """One message about all of these, which are for one channel and one moment."""
    channel, at = ready[0].channel, ready[0].fold.at
    covered = in_order(
        [
            Covered(each.alert, each.fold, each.severity, untold(each.alert, channel.id))
            for each in ready
        ]
    )
    return PlannedNotification(
        id=derive_id(channel.id, f"digest/{at.isoformat()}/{covered[0].alert.id.hex}"),
        alert=covered[0].alert,
        fold=covered[0].fold,
        channel=channel,
        rule=None,
        reason=Reason.DIGEST,
        severity=max((each.severity for each in covered), key=lambda each: each.rank),
        at=at,
        new_failures=sum(each.failures for each in covered),
        since=min(each.alert.opened_at for each in covered),
        covers=covered,
    )


def farewell_of(
    storm: Storm, channel: Channel, covered: Sequence[Covered], at: datetime
) -> PlannedNotification:
    """The last message about a storm: what it was, and what of it goes on. It tells of no new failure."""
    first = covered[0]
    return PlannedNotification(
        id=derive_id(channel.id, f"storm/{storm.started_at.isoformat()}"),
        alert=first.alert,
        fold=first.fold,
        channel=channel,
        rule=None,
        reason=Reason.STORM_OVER,
        severity=max((each.severity for each in covered), key=lambda each: each.rank),
        at=at,
        new_failures=0,
        since=storm.started_at,
        covers=covered,
        storm=storm,
    )


def after_outcome(alert: Alert, timer: Timer) -> Alert:
    """``alert`` once it is known how a message about it ended."""
    told = alert.told.get(timer.channel_id)
    if told is None:
        return alert
    if timer.kind is TimerKind.ACCEPTED:
        return alert.telling({timer.channel_id: replace(told, at=max(told.at, timer.due))})
    others = {id_: each for id_, each in alert.told.items() if id_ != timer.channel_id}
    if timer.kind is TimerKind.DOUBTFUL:
        left = replace(told, count=max(0, told.count - timer.failures))
        return alert.telling({timer.channel_id: left})
    left = _without(told, timer)
    if left.messages > 0 or left.count > 0:
        others[timer.channel_id] = left
    return replace(alert, told=others)


def heard_again(alert: Alert, channel_id: UUID) -> Alert:
    """``alert`` with what a silence kept back counted as untold, as long as it goes on."""
    told = alert.told.get(channel_id)
    if told is None or not told.silenced or alert.status is AlertStatus.RESOLVED:
        return alert
    return alert.telling({channel_id: replace(told, count=told.count - told.silenced, silenced=0)})


def passed_over(
    alert: Alert, channel_id: UUID, count: int, at: datetime, *, silenced: bool = False
) -> Alert:
    """``alert`` with failures that the channel is not to be told of: they wait for nothing, but for the
    end of a silence if one kept them back."""
    told = alert.told.get(channel_id)
    if told is None:
        told = Told(at, 0, messages=0, open=False)
    kept = told.silenced + (count if silenced else 0)
    return alert.telling({channel_id: replace(told, count=told.count + count, silenced=kept)})


def _without(told: Told, timer: Timer) -> Told:
    believes_it_ended = timer.reason == Reason.CAME_BACK
    return replace(
        told,
        count=max(0, told.count - timer.failures),
        messages=told.messages - 1,
        open=told.open and told.messages > 1 and not believes_it_ended,
    )
