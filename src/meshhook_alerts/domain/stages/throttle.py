"""Throttle: at most one message per alert, channel and cooldown; the rest is counted."""

from __future__ import annotations

from datetime import timedelta

from meshhook_alerts.domain.decision import Candidate, Context, Verdict
from meshhook_alerts.domain.reasons import Reason
from meshhook_alerts.domain.stages.attended import has_changed
from meshhook_alerts.domain.stages.notify import rises

BETWEEN_TRIES = timedelta(minutes=1)
"""Least time between two messages to a channel that accepts none."""


def throttle(candidate: Candidate, context: Context) -> Verdict | None:
    """Folds a failure into the next message while the channel's cooldown for its alert runs, which
    begins when the channel accepts a message, unless it fails far more often than before, has changed while
    somebody had it in hand, or did what its snooze waited for. A channel that has been told of the end believes all is
    well: what comes then is news at once."""
    return _refuses(candidate, context) or _was_told(candidate, context)


def _refuses(candidate: Candidate, context: Context) -> Verdict | None:
    tried_at = context.state.refusing.get(candidate.channel.id)
    if tried_at is None or candidate.fold.at >= tried_at + BETWEEN_TRIES:
        return None
    again = tried_at + BETWEEN_TRIES
    return Verdict(Reason.CHANNEL_REFUSES, blocked_by=candidate.channel.name, eligible_at=again)


def _was_told(candidate: Candidate, context: Context) -> Verdict | None:
    told = candidate.alert.told.get(candidate.channel.id)
    if told is None or not told.open:
        return None
    settings = context.policy.for_workflow(candidate.fold.workflow)
    cooldown = settings.cooldown if candidate.rule.cooldown is None else candidate.rule.cooldown
    eligible_at = told.at + cooldown
    if candidate.fold.at >= eligible_at:
        if cooldown and candidate.channel.id in candidate.alert.under_way:
            return Verdict(Reason.UNDER_WAY, blocked_by=candidate.channel.name)
        return None
    speaks_up = rises(candidate) or candidate.woken or has_changed(candidate)
    if speaks_up and candidate.channel.id not in candidate.alert.under_way:
        return None
    return Verdict(Reason.COOLDOWN, blocked_by=candidate.rule.name, eligible_at=eligible_at)
