"""What a reported signal means: the reporter has judged already; we only look up its kind."""

from __future__ import annotations

from meshhook_alerts.domain.failure import Judgement, SignalGroup
from meshhook_alerts.domain.kinds import CUSTOM, KINDS
from meshhook_alerts.domain.policy import EffectiveSettings
from meshhook_alerts.domain.severity import Severity


def judge(group: SignalGroup, _: EffectiveSettings) -> Judgement:
    """The reported failure; a severity label of the reporter overrides the kind's own."""
    kind = KINDS.get(group.observed, CUSTOM)
    named = (group.labels or {}).get("severity")
    return Judgement(
        kind=group.observed,
        failure_class=kind.failure_class,
        error=group.error or f"Reported: {kind.title}",
        http_status=_status(group.http_status),
        severity=Severity(named) if named in set(Severity) else None,
    )


def _status(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() and len(text) == 3 else None
