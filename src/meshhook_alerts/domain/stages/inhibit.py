"""Inhibition: a larger trouble explains smaller ones; they are counted there, not told."""

from __future__ import annotations

from meshhook_alerts.domain.decision import Candidate, Context, Verdict
from meshhook_alerts.domain.kinds import EXPLAINED_BY, FLEET_SILENT, NEVER_STARTED
from meshhook_alerts.domain.reasons import Reason


def inhibit(candidate: Candidate, context: Context) -> Verdict | None:
    """While all workers are silent, a run that never started is no news of its own, and so for all that
    `EXPLAINED_BY` names. Nor is their silence to whom it has just been told by such a run: then that run is
    the message."""
    kind = candidate.fold.kind
    if context.state.larger:
        for larger in EXPLAINED_BY.get(kind, ()):
            if larger in context.state.larger:
                return Verdict(Reason.INHIBITED, blocked_by=larger)
    if kind == FLEET_SILENT.name and _heard_of_a_run(candidate, context):
        return Verdict(Reason.EXPLAINED, blocked_by=NEVER_STARTED.name)
    return None


def _heard_of_a_run(candidate: Candidate, context: Context) -> bool:
    cooldown = context.policy.project.cooldown
    told = [
        alert.told.get(candidate.channel.id)
        for alert in context.state.alerts.values()
        if alert.kind == NEVER_STARTED.name and alert.resolved_at is None
    ]
    return any(each and each.open and candidate.fold.at < each.at + cooldown for each in told)
