"""Cap: no more than so many messages to a channel in so long; what is beyond waits for one digest."""

from __future__ import annotations

from meshhook_alerts.domain.decision import Candidate, Context, Verdict
from meshhook_alerts.domain.reasons import Reason


def cap(candidate: Candidate, context: Context) -> Verdict | None:
    """Holds a message while one of its channel's windows is full: sliding, exact, each by itself."""
    limits = candidate.channel.limits
    if not limits:
        return None
    moment = candidate.fold.at
    sends = sorted(context.state.sends.get(candidate.channel.id, ()))
    full = []
    for limit in limits:
        within = [sent for sent in sends if sent > moment - limit.span]
        if len(within) >= limit.messages:
            full.append((within[-limit.messages] + limit.span, limit))
    if not full:
        return None
    opens_at, limit = max(full, key=lambda each: each[0])
    return Verdict(Reason.CHANNEL_CAP, blocked_by=str(limit), eligible_at=opens_at)
