"""Throttle: at most one message per alert, channel and cooldown; the rest is counted."""

from __future__ import annotations

from meshhook_alerts.domain.decision import Candidate, Context, Verdict
from meshhook_alerts.domain.reasons import Reason


def throttle(candidate: Candidate, context: Context) -> Verdict | None:
    """Folds a failure into the next message while the channel's cooldown for its alert runs. A channel
    that has been told of the end believes all is well: what comes then is news at once."""
    told = candidate.alert.told.get(candidate.channel.id)
    if told is None or not told.open:
        return None
    settings = context.policy.for_workflow(candidate.fold.workflow)
    cooldown = candidate.rule.cooldown
    eligible_at = told.at + (settings.cooldown if cooldown is None else cooldown)
    if candidate.fold.at >= eligible_at:
        return None
    return Verdict(Reason.COOLDOWN, blocked_by=candidate.rule.name, eligible_at=eligible_at)
