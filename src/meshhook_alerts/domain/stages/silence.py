"""Silence: what one covers is not told; what still fails at its end is."""

from __future__ import annotations

from meshhook_alerts.domain.decision import Candidate, Context, Verdict
from meshhook_alerts.domain.reasons import Reason


def silence(candidate: Candidate, context: Context) -> Verdict | None:
    """Blocks what a silence covers at the failure's moment, until the last of them ends."""
    fold = candidate.fold
    on = [each for each in context.policy.silences if each.covers(fold, fold.at)]
    if not on:
        return None
    last = max(on, key=lambda each: each.ends_at)
    return Verdict(Reason.SILENCED, blocked_by=f"silence {last.id}", eligible_at=last.ends_at)
