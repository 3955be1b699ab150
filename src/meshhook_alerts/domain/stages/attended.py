"""Attended: what somebody has in hand is counted, and told when they have let go of it or it has changed."""

from __future__ import annotations

from meshhook_alerts.domain.alert import AlertStatus
from meshhook_alerts.domain.decision import Candidate, Context, Verdict
from meshhook_alerts.domain.life import face_of
from meshhook_alerts.domain.reasons import Reason
from meshhook_alerts.domain.stages.notify import rises


def attended(candidate: Candidate, context: Context) -> Verdict | None:
    """Folds a failure of an acknowledged or snoozed alert. An acknowledged one that fails far more often, or
    looks different from when it was acknowledged, speaks up all the same."""
    alert = candidate.alert
    if not alert.is_in_hand:
        return None
    acknowledged = alert.status is AlertStatus.ACKNOWLEDGED
    if acknowledged and (has_changed(candidate) or rises(candidate)):
        return None
    reason = Reason.ACKNOWLEDGED if acknowledged else Reason.SNOOZED
    return Verdict(reason, blocked_by=alert.life.by, eligible_at=alert.life.until)


def has_changed(candidate: Candidate) -> bool:
    """Whether it looks different from when it was taken in hand."""
    life = candidate.alert.life
    return life.face is not None and life.face != face_of(candidate.fold)
