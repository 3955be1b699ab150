"""Threshold: a rule may wait until a trouble has failed so many times, in a span or in a row."""

from __future__ import annotations

from meshhook_alerts.domain.decision import Candidate, Context, Verdict
from meshhook_alerts.domain.reasons import Reason


def threshold(candidate: Candidate, context: Context) -> Verdict | None:
    """Counts a failure for the message that the rule waits for. Once it may be told, another stage may
    hold it: what is released has met its threshold before."""
    wanted = candidate.rule.after
    if wanted is None or candidate.released:
        return None
    if wanted.within is None:
        failures = candidate.alert.in_a_row
    else:
        since = candidate.fold.at - wanted.within
        recent = context.state.recent.get(candidate.alert.id, ())
        failures = sum(count for at, count in recent if since < at <= candidate.fold.at)
    if failures >= wanted.failures:
        return None
    return Verdict(Reason.BELOW_THRESHOLD, blocked_by=f"{candidate.rule.name}: {wanted}")
