"""Flapping: what keeps ending and coming back is one notice, until it has settled."""

from __future__ import annotations

from meshhook_alerts.domain.decision import Candidate, Context, Verdict
from meshhook_alerts.domain.reasons import Reason


def flapping(candidate: Candidate, context: Context) -> Verdict | None:
    """Folds what happens to a flapping alert, once the channel has been told that it flaps."""
    alert, moment = candidate.alert, candidate.fold.at
    settles_at = alert.life.settles_at(moment)
    told = alert.told.get(candidate.channel.id)
    if settles_at is None or told is None or not told.flaps:
        return None
    return Verdict(Reason.FLAPPING, eligible_at=settles_at)
