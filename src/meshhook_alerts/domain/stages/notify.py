"""Notify: what passed every stage becomes a notification."""

from __future__ import annotations

from meshhook_alerts.domain.decision import Candidate, PlannedNotification
from meshhook_alerts.domain.identifiers import derive_id
from meshhook_alerts.domain.life import face_of
from meshhook_alerts.domain.reasons import Reason


def reason_to_tell(candidate: Candidate) -> Reason:
    """Whether the channel hears of it for the first time, again, or again after its end."""
    if candidate.rule.broken:
        return Reason.RULE_BROKEN
    alert, moment = candidate.alert, candidate.fold.at
    told = alert.told.get(candidate.channel.id)
    if told is None or not told.messages:
        escalated = candidate.channel.id in alert.life.escalated
        return Reason.ESCALATED if escalated else Reason.FIRST_FAILURE
    if alert.life.settles_at(moment):
        return Reason.FLAPS
    if not told.open:
        return Reason.CAME_BACK
    if candidate.woken:
        return Reason.SNOOZE_OVER
    if rises(candidate):
        return Reason.VOLUME
    if alert.life.face and alert.life.face != face_of(candidate.fold):
        return Reason.CHANGED
    return Reason.STILL_FAILING


def rises(candidate: Candidate) -> bool:
    """Whether the alert fails clearly more often than the channel knows."""
    told, volume = candidate.alert.told.get(candidate.channel.id), candidate.alert.volume
    return bool(volume and told and not candidate.released and volume.has_risen(told.at))


def notify(candidate: Candidate) -> PlannedNotification:
    """The notification for a candidate; its id follows from fold and channel, so a decision
    taken twice (before a commit that failed) names the same message."""
    alert, channel = candidate.alert, candidate.channel
    told = alert.told.get(channel.id)
    return PlannedNotification(
        id=derive_id(candidate.fold.id, channel.id.hex),
        alert=alert,
        fold=candidate.fold,
        channel=channel,
        rule=candidate.rule,
        reason=reason_to_tell(candidate),
        severity=candidate.severity,
        at=candidate.fold.at,
        new_failures=alert.count - (told.count if told else 0),
        since=told.at if told and told.messages else alert.opened_at,
    )
