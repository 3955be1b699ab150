"""Failures on their way to a decision: what a source saw, what it means, and who is hit by it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from meshhook_alerts.domain.severity import Criticality, FailureClass, Severity

MOST_ATTEMPTS = 1_000_000
"""Nobody makes more; a foreign number beyond it counts as this many."""


@dataclass(frozen=True, slots=True)
class SignalGroup:
    """Raw signals of one project that agree in everything a judge can look at.

    Grouped by the database on exact equality, the second of their recording included. All times
    are the database's, in UTC.
    """

    id: UUID
    project_id: UUID
    source: str
    """Which source's judge decides on it: ``meshhook`` or ``api``."""
    observed: str
    """What was seen, in the source's own words (``step_failed``, ``silent``, a reported kind)."""
    at: datetime
    """The second of recording; decisions reckon with it, so splitting a batch changes none."""
    first_at: datetime
    """When the first of them happened, by its own time; never later than its recording."""
    last_at: datetime
    count: int
    workflow: str | None = None
    """Slug; None if the definition is gone or was never found."""
    workflow_name: str | None = None
    workflow_version: int | None = None
    node_id: str | None = None
    node_type: str | None = None
    attempt: str | None = None
    """As found: foreign data may not be a number."""
    http_status: str | None = None
    error: str | None = None
    labels: Mapping[str, str] | None = None
    run_id: UUID | None = None
    """One run of the group, as a sample."""
    decided_by: UUID | None = None
    """The alert that an earlier failure of the same run belongs to; NIL: the run was lost before we
    were attached."""
    canceled: bool = False
    """Its run has been canceled by now."""
    runs: str = ""
    """The signals' runs, comma-separated, in the order of ``members``; empty for those without."""
    members: str = ""
    """The signals' ids as the database listed them; handed back unread."""

    def attempt_number(self) -> int | None:
        """The attempt as a number, or None where it is missing or not one."""
        if not self.attempt or not self.attempt.isdecimal():
            return None
        return min(int(self.attempt), MOST_ATTEMPTS)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a judge says of a signal group that is a failure."""

    kind: str
    failure_class: FailureClass
    error: str
    """Raw text; the engine redacts it."""
    http_status: int | None = None
    severity: Severity | None = None
    """Set only if the reporter named one."""


@dataclass(frozen=True, slots=True)
class Recovery:
    """Proof that the trouble of an alert is over, or that some of its failures were none."""

    alert_id: UUID
    at: datetime
    """The second of recording, as for failures."""
    failures: int | None = None
    """How many of the alert's failures are withdrawn; None: its trouble is over as a whole."""
    run_id: UUID | None = None
    """The run that proves it."""
    noticed_at: datetime | None = None
    """When exactly; ``at`` is that second's beginning."""


@dataclass(frozen=True, slots=True)
class Fold:
    """Failures of one batch that agree in every field a rule can look at; decided together."""

    id: UUID
    project_id: UUID
    fingerprint: str
    kind: str
    failure_class: FailureClass
    severity: Severity
    criticality: Criticality
    error: str
    """Normalised and redacted: the same for every failure of the fold."""
    error_class: str
    at: datetime
    first_at: datetime
    last_at: datetime
    count: int
    workflow: str | None = None
    workflow_name: str | None = None
    workflow_version: int | None = None
    node_id: str | None = None
    node_type: str | None = None
    http_status: int | None = None
    attempt: int | None = None
    labels: Mapping[str, str] | None = None
    run_id: UUID | None = None
    sample: str = ""
    """One failure's own text, redacted but not normalised, for the reader."""
    decided_by: UUID | None = None
    """Evidence on this alert, which an earlier failure of the same run belongs to; NIL: on none, the
    run was lost before we were attached."""
    follows: UUID | None = None
    """Evidence on the alert of this other fold of the batch, whose runs these are."""

    older: tuple[str, ...] = ()
    """Its fingerprints by earlier normalisers, the latest first."""

    @property
    def is_evidence(self) -> bool:
        """Whether the runs' alerts are decided already, so that nobody hears of this again."""
        return self.decided_by is not None or self.follows is not None
