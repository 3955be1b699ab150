"""Inhibition: a larger trouble explains smaller ones; they are counted there, not told."""

from __future__ import annotations

from meshhook_alerts.domain.decision import Candidate, Context, Verdict
from meshhook_alerts.domain.kinds import FLEET_SILENT, NEVER_STARTED
from meshhook_alerts.domain.reasons import Reason


def inhibit(candidate: Candidate, context: Context) -> Verdict | None:
    """While all workers are silent, a run that never started is no news of its own."""
    if candidate.fold.kind == NEVER_STARTED.name and context.state.fleet_silent:
        return Verdict(Reason.INHIBITED, blocked_by=FLEET_SILENT.name)
    return None
