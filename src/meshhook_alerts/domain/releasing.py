"""What was counted and not told, and what becomes of it: told when the wait is over; and taken back
into the untold where a message was given up."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from meshhook_alerts.domain.alert import Alert, Told
from meshhook_alerts.domain.decision import Candidate, PlannedNotification
from meshhook_alerts.domain.identifiers import derive_id
from meshhook_alerts.domain.reasons import Reason
from meshhook_alerts.domain.stages.notify import notify
from meshhook_alerts.domain.timers import Timer, TimerKind


def untold(alert: Alert, channel_id: UUID) -> int:
    """Failures of ``alert`` that the channel has not heard of, without those that proved to be none."""
    told = alert.told.get(channel_id)
    return min(alert.count - (told.count if told else 0), alert.count - alert.withdrawn)


def release(candidate: Candidate, due: datetime) -> PlannedNotification:
    """One message about all that the channel was not told; deciding it twice names the same one."""
    planned = notify(candidate)
    id_ = derive_id(candidate.alert.id, f"untold/{candidate.channel.id.hex}/{due.isoformat()}")
    known = planned.reason is Reason.STILL_FAILING
    count = untold(candidate.alert, candidate.channel.id)
    reason = Reason.RELEASED if known else planned.reason
    return replace(planned, id=id_, new_failures=count, reason=reason)


def after_outcome(alert: Alert, timer: Timer) -> Alert:
    """``alert`` once it is known how a message about it ended."""
    told = alert.told.get(timer.channel_id)
    if told is None:
        return alert
    if timer.kind is TimerKind.ACCEPTED:
        return alert.telling({timer.channel_id: replace(told, at=max(told.at, timer.due))})
    others = {id_: each for id_, each in alert.told.items() if id_ != timer.channel_id}
    left = _without(told, timer)
    if left.messages > 0 or left.count > 0:
        others[timer.channel_id] = left
    return replace(alert, told=others)


def passed_over(alert: Alert, channel_id: UUID, count: int, at: datetime) -> Alert:
    """``alert`` with failures that the channel is not to be told of: they wait for nothing."""
    told = alert.told.get(channel_id)
    if told is None:
        told = Told(at, 0, messages=0, open=False)
    return alert.telling({channel_id: replace(told, count=told.count + count)})


def _without(told: Told, timer: Timer) -> Told:
    believes_it_ended = timer.reason == Reason.CAME_BACK
    return replace(
        told,
        count=max(0, told.count - timer.failures),
        messages=told.messages - 1,
        open=told.open and told.messages > 1 and not believes_it_ended,
    )
