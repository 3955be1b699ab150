"""Notify: what passed every stage becomes a notification."""

from __future__ import annotations

from meshhook_alerts.domain.decision import Candidate, PlannedNotification
from meshhook_alerts.domain.identifiers import derive_id
from meshhook_alerts.domain.reasons import Reason


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
        reason=Reason.STILL_FAILING if told else Reason.FIRST_FAILURE,
        severity=candidate.severity,
        at=candidate.fold.at,
        new_failures=alert.count - (told.count if told else 0),
        since=told.at if told else alert.opened_at,
    )
