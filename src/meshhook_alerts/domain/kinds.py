"""What can fail: the closed list of failure kinds, each with the detection rule behind it.

This is the place to add a kind. A source names it (``sources/``), people read its ``title``,
rules match on its ``name``; nothing else needs to change.
"""

from __future__ import annotations

from dataclasses import dataclass

from meshhook_alerts.domain.severity import FailureClass


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of failure."""

    name: str
    """The word in rules, tables, API and messages."""
    rule: str
    """Identifier of the detection rule that finds it; ``API`` for the trigger endpoint."""
    failure_class: FailureClass
    title: str
    """What happened, as the end of "Workflow orders …"."""


RUN_FAILED = Kind("run_failed", "M1", FailureClass.TERMINAL, "run was marked failed")
RETRIES_EXHAUSTED = Kind(
    "retries_exhausted", "M4", FailureClass.TERMINAL, "step failed and its retries are used up"
)
DEAD_LETTER = Kind(
    "dead_letter", "Q2", FailureClass.TERMINAL, "job was moved to the dead-letter queue"
)
STALLED = Kind("stalled", "CATCH-ALL", FailureClass.TERMINAL, "run went silent before its end")
INTAKE_REJECTED = Kind(
    "intake_rejected", "API", FailureClass.TERMINAL, "incoming webhook was rejected"
)
CIRCUIT_OPEN = Kind(
    "circuit_open", "API", FailureClass.HAZARD, "calls to a destination are suspended"
)
LOOP_ITEM_FAILED = Kind(
    "loop_item_failed", "API", FailureClass.HAZARD, "items of a loop failed while the run went on"
)
CUSTOM = Kind("custom", "API", FailureClass.TERMINAL, "failure was reported")

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        RUN_FAILED,
        RETRIES_EXHAUSTED,
        DEAD_LETTER,
        STALLED,
        INTAKE_REJECTED,
        CIRCUIT_OPEN,
        LOOP_ITEM_FAILED,
        CUSTOM,
    )
}

REPORTABLE = frozenset(kind.name for kind in KINDS.values() if kind.rule == "API")
"""Kinds that a caller of the trigger endpoint may report."""


def title_of(kind: str) -> str:
    """The title of a kind; a readable form of the name for one this version does not know."""
    known = KINDS.get(kind)
    return known.title if known else kind.replace("_", " ")
