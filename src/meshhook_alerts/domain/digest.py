"""A digest: one message about all that was held back for a channel, what is still open first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from meshhook_alerts.domain.alert import Alert, AlertStatus
from meshhook_alerts.domain.failure import Fold
from meshhook_alerts.domain.kinds import title_of
from meshhook_alerts.domain.reasons import Reason
from meshhook_alerts.domain.redaction import redact_name
from meshhook_alerts.domain.severity import Severity
from meshhook_alerts.domain.storm import Storm

_TITLE = {
    Reason.STORM_SUMMARY: "Too many messages at once; this one stands in for them",
    Reason.STORM_OVER: "The messages have slowed down again; this is what it was",
}

MOST_LINES = 20
"""Alerts a digest describes; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Covered:
    """One alert in a digest, and how many of its failures are news."""

    alert: Alert
    fold: Fold
    severity: Severity
    failures: int

    @property
    def is_open(self) -> bool:
        """Whether it goes on; otherwise it recovered meanwhile."""
        return self.alert.status is not AlertStatus.RESOLVED


def in_order(covered: Sequence[Covered]) -> list[Covered]:
    """What is open first, of these the loudest and latest."""
    return sorted(
        covered,
        key=lambda each: (
            not each.is_open,
            -each.severity.rank,
            -each.alert.last_failure_at.timestamp(),
            each.alert.id.int,
        ),
    )


def failure_of(covered: Sequence[Covered], reason: Reason) -> dict[str, Any]:
    """What a digest says in place of one failure: a line for each alert."""
    return {
        "kind": "digest",
        "title": _TITLE.get(reason, "What had been held back until now"),
        "class": covered[0].fold.failure_class,
        "error": "\n".join(_lines(covered)),
        "error_class": "unknown",
        "http_status": None,
        "attempts": None,
        "hint": "",
    }


def headline_of(
    covered: Sequence[Covered], project: str | None, storm: Storm | None, *, over: bool
) -> str:
    """How much it is, and how much of it goes on."""
    if storm and over:
        return _headline_of_storm(covered, project, storm)
    during = f"; a storm since {storm.started_at:%H:%M} UTC" if storm else ""
    open_ = sum(each.is_open for each in covered)
    failures = sum(each.failures for each in covered)
    ended = f", {len(covered) - open_:,} recovered meanwhile" if open_ < len(covered) else ""
    if not failures:  # reminders alone, or ends
        asked = " and in nobody's hand" if open_ else ""
        return f"{_whose(project)}: {_troubles(open_)} still open{asked}{ended}{during}"
    return f"{_whose(project)}: {failures:,} failures held back, {_troubles(open_)} still open{ended}{during}"


def _headline_of_storm(covered: Sequence[Covered], project: str | None, storm: Storm) -> str:
    open_ = sum(each.is_open for each in covered)
    more = " or more" if storm.troubles > len(covered) else ""
    return f"{_whose(project)}: the storm of {storm.started_at:%H:%M} UTC is over: {storm.failures:,} failures of {_troubles(storm.troubles)}, {open_:,}{more} still open"


def _whose(project: str | None) -> str:
    return redact_name(project) if project else "MeshHook"


def _troubles(number: int) -> str:
    return f"{number:,} {'trouble' if number == 1 else 'troubles'}"


def for_programs(covered: Sequence[Covered], storm: Storm | None) -> dict[str, Any]:
    """The same for programs; bounded, with the true number."""
    return {
        "alerts": [_entry(each) for each in covered[:MOST_LINES]],
        "total": len(covered),
        "open": sum(each.is_open for each in covered),
        "storm": _storm(storm) if storm else None,
    }


def _storm(storm: Storm) -> dict[str, Any]:
    return {
        "started_at": _instant(storm.started_at),
        "failures": storm.failures,
        "troubles": storm.troubles,
    }


def _entry(covered: Covered) -> Mapping[str, Any]:
    alert, fold = covered.alert, covered.fold
    return {
        "id": str(alert.id),
        "state": "open" if covered.is_open else "recovered",
        "severity": covered.severity,
        "workflow": _clean(fold.workflow),
        "node": _clean(fold.node_id),
        "kind": fold.kind,
        "error": fold.sample.split("\n", 1)[0],
        "new_failures": covered.failures,
        "failures": covered.alert.count,
        "opened_at": _instant(alert.opened_at),
        "last_failure_at": _instant(alert.last_failure_at),
    }


def _lines(covered: Sequence[Covered]) -> list[str]:
    lines = [_line(each) for each in covered[:MOST_LINES]]
    if left := covered[MOST_LINES:]:
        lines.append(
            f"and {len(left):,} more with {sum(each.failures or each.alert.count for each in left):,} failures"
        )
    return lines


def _line(covered: Covered) -> str:
    fold = covered.fold
    place = " › ".join(part for part in (_clean(fold.workflow), _clean(fold.node_id)) if part)
    what = fold.sample.split("\n", 1)[0] or title_of(fold.kind)
    mark = covered.severity.upper() if covered.is_open else "recovered"
    return f"{mark}  {place or 'MeshHook'}: {what} (×{covered.failures or covered.alert.count:,})"


def ids_of(covered: Sequence[Covered]) -> list[dict[str, Any]]:
    """Every alert with its failures, to be kept: what the channel knows if it arrives."""
    return [
        {"alert": str(each.alert.id), "failures": each.failures}
        for each in covered
        if each.failures
    ]


def span_of(covered: Sequence[Covered]) -> tuple[datetime, datetime]:
    """From the first failure to the last."""
    alerts = [each.alert for each in covered]
    return min(a.opened_at for a in alerts), max(a.last_failure_at for a in alerts)


def _clean(text: str | None) -> str | None:
    return redact_name(text) if text else text


def _instant(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")
