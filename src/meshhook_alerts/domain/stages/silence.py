"""Silence: what one covers is not told; what still fails at its end is."""

from __future__ import annotations

import logging

from meshhook_alerts.domain.decision import Candidate, Context, Verdict
from meshhook_alerts.domain.failure import Fold
from meshhook_alerts.domain.reasons import Reason
from meshhook_alerts.domain.silence import Silence

_log = logging.getLogger(__name__)


def silence(candidate: Candidate, context: Context) -> Verdict | None:
    """Blocks what a silence covers at the failure's moment, until the last of them ends."""
    fold = candidate.fold
    on = [each for each in context.policy.silences if _covers(each, fold)]
    if not on:
        return None
    last = max(on, key=lambda each: each.ends_at)
    return Verdict(Reason.SILENCED, blocked_by=f"silence {last.id}", eligible_at=last.ends_at)


def _covers(silence: Silence, fold: Fold) -> bool:
    """One that breaks covers nothing: it must not keep anything back by mistake."""
    try:
        return silence.covers(fold, fold.at)
    except Exception:  # whatever it is, failures go on being told
        _log.exception("the silence %s broke", silence.id)
        return False
