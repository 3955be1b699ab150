"""A run as it is read, and what one look at it comes to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run as its tables hold it."""

    id: UUID
    project_id: UUID
    workflow_id: UUID | None
    status: str
    started_at: datetime
    finished_at: datetime | None
    updated_at: datetime | None
    slug: str | None
    events_may_be_missing: bool
    reported: bool
    """Whether something has been said of it, by an earlier look or by a trigger."""
    met_at: datetime
    """When it was first met; stands in for times that are not known."""
    events: Sequence[tuple[Any, ...]]
    """(id, ts, type, node id, node type, attempt, error, HTTP status), oldest first."""

    def completed_after(self, moment: datetime) -> bool:
        """Whether its latest event says, and has said only since then, that it has completed."""
        return (
            bool(self.events)
            and self.events[-1][2] == "run_completed"
            and self.events[-1][1] > moment
        )


@dataclass(frozen=True, slots=True)
class FoundInRun:
    """A failure found in a run, with the reference under which it counts once."""

    kind: str
    ref: str
    at: datetime
    node_id: str | None = None
    node_type: str | None = None
    attempt: str | None = None
    http_status: str | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class RunReport:
    """What one look at a run came to."""

    found: Sequence[FoundInRun]
    clean: bool
    """It ended well: what was said of it is withdrawn, and its workflow is healthy."""
    settled: bool
    """Nothing more can happen to it."""
    look_again_at: datetime | None
    refs: Sequence[tuple[str, datetime | None]] = ()
    """Every reference under which something may have been said of it earlier."""
    disproved: Sequence[tuple[str, datetime | None]] = ()
    """References under which something may have been said that is no longer so, though the run has
    not ended; without a time whatever their time was."""
    known: Sequence[FoundInRun] = ()
    """What was so before we were attached, and is told to nobody."""
