"""How bad a failure is, and how it follows from what failed and how much the workflow matters."""

from __future__ import annotations

from enum import StrEnum


class FailureClass(StrEnum):
    """What can be expected of a failure if nobody acts."""

    TRANSIENT = "transient"  # the engine will try again without help
    TERMINAL = "terminal"  # no pending actor can move the run any more
    HAZARD = "hazard"  # nothing is broken yet, something is wrong
    PLATFORM = "platform"  # the engine itself, not one run


class Criticality(StrEnum):
    """How much a workflow matters; set by its owner."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    CRITICAL = "critical"


class Severity(StrEnum):
    """How loud a failure is. Ordered: ``rank`` grows with severity."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 (info) to 3 (critical)."""
        return _RANK[self]

    def at_least(self, floor: Severity) -> bool:
        """Whether this severity is as loud as ``floor`` or louder."""
        return _RANK[self] >= _RANK[floor]


_RANK = {severity: rank for rank, severity in enumerate(Severity)}

_BY_CLASS = {
    FailureClass.TRANSIENT: Severity.INFO,
    FailureClass.HAZARD: Severity.WARNING,
    FailureClass.TERMINAL: Severity.ERROR,
    FailureClass.PLATFORM: Severity.CRITICAL,
}

_LOUD = frozenset({Criticality.HIGH, Criticality.CRITICAL})


def severity_of(failure_class: FailureClass, criticality: Criticality) -> Severity:
    """Severity of a failure unless a rule says otherwise.

    A terminal failure in a workflow of high or critical criticality is critical.
    """
    if failure_class is FailureClass.TERMINAL and criticality in _LOUD:
        return Severity.CRITICAL
    return _BY_CLASS[failure_class]
