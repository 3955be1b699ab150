"""A digest: one message about all that was held back for a channel, what is still open first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from meshhook_alerts.domain.alert import Alert, AlertStatus
from meshhook_alerts.domain.failure import Fold
from meshhook_alerts.domain.kinds import title_of
from meshhook_alerts.domain.redaction import redact_name
from meshhook_alerts.domain.severity import Severity

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


def failure_of(covered: Sequence[Covered]) -> dict[str, Any]:
    """What a digest says in place of one failure: a line for each alert."""
    return {
        "kind": "digest",
        "title": "What had been held back until now",
        "class": covered[0].fold.failure_class,
        "error": "\n".join(_lines(covered)),
        "error_class": "unknown",
        "http_status": None,
        "attempts": None,
        "hint": "",
    }


def headline_of(covered: Sequence[Covered], project: str | None) -> str:
    """How much it is, and how much of it goes on."""
    open_ = sum(each.is_open for each in covered)
    failures = sum(each.failures for each in covered)
    over = f", {len(covered) - open_:,} recovered meanwhile" if open_ < len(covered) else ""
    return f"{redact_name(project) if project else 'MeshHook'}: {failures:,} failures held back, {open_:,} {'trouble' if open_ == 1 else 'troubles'} still open{over}"


def for_programs(covered: Sequence[Covered]) -> dict[str, Any]:
    """The same for programs; bounded, with the true number."""
    return {
        "alerts": [_entry(each) for each in covered[:MOST_LINES]],
        "total": len(covered),
        "open": sum(each.is_open for each in covered),
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
        "opened_at": _instant(alert.opened_at),
        "last_failure_at": _instant(alert.last_failure_at),
    }


def _lines(covered: Sequence[Covered]) -> list[str]:
    lines = [_line(each) for each in covered[:MOST_LINES]]
    if left := covered[MOST_LINES:]:
        lines.append(
            f"and {len(left):,} more with {sum(each.failures for each in left):,} failures"
        )
    return lines


def _line(covered: Covered) -> str:
    fold = covered.fold
    place = " › ".join(part for part in (_clean(fold.workflow), _clean(fold.node_id)) if part)
    what = fold.sample.split("\n", 1)[0] or title_of(fold.kind)
    mark = covered.severity.upper() if covered.is_open else "recovered"
    return f"{mark}  {place or 'MeshHook'}: {what} (×{covered.failures:,})"


def ids_of(covered: Sequence[Covered]) -> list[dict[str, Any]]:
    """Every alert with its failures, to be kept: what the channel knows if it arrives."""
    return [{"alert": str(each.alert.id), "failures": each.failures} for each in covered]


def span_of(covered: Sequence[Covered]) -> tuple[datetime, datetime]:
    """From the first failure to the last."""
    alerts = [each.alert for each in covered]
    return min(a.opened_at for a in alerts), max(a.last_failure_at for a in alerts)


def _clean(text: str | None) -> str | None:
    return redact_name(text) if text else text


def _instant(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")
