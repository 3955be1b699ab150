"""Failures of the last days as conditions see them, for what shows people what conditions would match."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from meshhook_alerts.domain.severity import Criticality, FailureClass, Severity


@dataclass(frozen=True, slots=True)
class SeenFailures:
    """Failures that look alike to conditions: an alert, or what was counted in the last days."""

    kind: str
    failure_class: FailureClass
    severity: Severity
    workflow: str | None
    node_id: str | None
    node_type: str | None
    http_status: int | None
    error_class: str
    error: str
    labels: Mapping[str, str] = field(default_factory=dict)
    count: int = 1
    alert_id: UUID | None = None
    criticality: Criticality = Criticality.NORMAL
    """Not kept with failures: conditions on it are previewed as if every workflow were ordinary."""
