"""Quiet period: while one is on, a message waits for its end, or is only recorded."""

from __future__ import annotations

from datetime import datetime

from meshhook_alerts.domain.decision import Candidate, Context, Verdict
from meshhook_alerts.domain.policy import EffectiveSettings
from meshhook_alerts.domain.quiet_period import QuietMode, quiet_until
from meshhook_alerts.domain.reasons import Reason
from meshhook_alerts.domain.severity import Severity


def quiet_period(candidate: Candidate, context: Context) -> Verdict | None:
    """Keeps back what a period concerns that is on at the failure's moment."""
    settings = context.policy.for_workflow(candidate.fold.workflow)
    if not settings.quiet_periods:
        return None
    rule, channel = candidate.rule.name, candidate.channel.name
    return quiet_for(settings, candidate.fold.at, rule, channel, candidate.severity)


def quiet_for(
    settings: EffectiveSettings, moment: datetime, rule: str, channel: str, severity: Severity
) -> Verdict | None:
    """The verdict of the periods that concern such a message, if one is on at ``moment``."""
    periods = [each for each in settings.quiet_periods if each.concerns(rule, channel, severity)]
    found = quiet_until(periods, moment)
    if found is None:
        return None
    period, over = found
    if period.mode is QuietMode.RECORD_ONLY:
        return Verdict(Reason.QUIET_RECORD_ONLY, blocked_by=period.name)
    return Verdict(Reason.QUIET_PERIOD, blocked_by=period.name, eligible_at=over)
