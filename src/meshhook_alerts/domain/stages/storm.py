"""Storm cap: too many messages of a project at once become a few and then summaries."""

from __future__ import annotations

from meshhook_alerts.domain.decision import Candidate, Context, Verdict
from meshhook_alerts.domain.reasons import Reason
from meshhook_alerts.domain.stages.notify import reason_to_tell
from meshhook_alerts.domain.storm import WITHIN


def storm(candidate: Candidate, context: Context) -> Verdict | None:
    """Holds a message for the next summary while a storm is on, or where this one would begin it, but
    for its first new troubles."""
    pace, at, settings = context.state.pace, candidate.fold.at, context.policy.project
    if not settings.storm_summaries:
        return None
    if pace.storm is None and not pace.is_full(at, settings.storm_limit):
        return None
    on = pace.in_storm(at)
    if candidate.released and on.is_summary(at):
        return None
    new = not candidate.released and reason_to_tell(candidate) is Reason.FIRST_FAILURE
    if new and on.lets(candidate.alert.id):
        return None
    why = f"more than {settings.storm_limit} messages in {int(WITHIN.total_seconds())} s"
    return Verdict(Reason.STORM, blocked_by=why, eligible_at=on.next_summary(at))
