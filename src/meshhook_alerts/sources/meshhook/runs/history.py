"""One run as its tables tell it, and the words for what is found in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from meshhook_alerts.domain.kinds import Kind

KNOWN_EVENTS = frozenset(
    {
        "run_created",
        "step_started",
        "http_attempted",
        "step_succeeded",
        "step_failed",
        "run_completed",
    }
)

START_UNKNOWN = datetime(1970, 1, 1, tzinfo=UTC)
"""Stands for the start of a run that the old schema left null."""
LENGTH_OF_ATTEMPT = 20
"""Characters of an attempt that the trigger passes on; both must read the same number."""


@dataclass(frozen=True, slots=True)
class Event:
    """One row of ``workflow_events``, its payload cut to what rules look at, as found."""

    id: int
    ts: datetime
    type: str
    node_id: str | None = None
    node_type: str | None = None
    attempt: str | None = None
    error: str | None = None
    http_status: str | None = None

    @property
    def attempt_number(self) -> int | None:
        """The attempt, or None where foreign data has no readable one."""
        text = (self.attempt or "")[:LENGTH_OF_ATTEMPT]
        return int(text) if text.isdecimal() else None

    @property
    def name(self) -> str:
        """The type, which is free text, cut to what people can read."""
        return self.type[:100]

    @property
    def succeeded_remotely(self) -> bool:
        """An answer of 2xx."""
        return self.type == "http_attempted" and bool(
            self.http_status
            and self.http_status.isdecimal()
            and self.http_status[:1] == "2"
            and len(self.http_status) == 3
        )


@dataclass(frozen=True, slots=True)
class RunHistory:
    """A run and its events, all times the database's."""

    id: UUID
    project_id: UUID
    workflow_id: UUID | None
    status: str
    started_at: datetime
    finished_at: datetime | None
    updated_at: datetime | None
    events: Sequence[Event]
    """In the order they happened: by (ts, id)."""
    events_may_be_missing: bool = False
    """The run is older than the oldest partition of events."""
    met_at: datetime | None = None
    """When we first met it."""

    @property
    def is_open(self) -> bool:
        """Whether anything can still happen to it."""
        return self.status == "running" and self.finished_at is None

    @property
    def begun_at(self) -> datetime:
        """When it began, as far as anybody knows; ``started_at`` may be a stand-in."""
        return self.started_at if self.start_is_known else self.met_at or self.started_at

    @property
    def changed_at(self) -> datetime:
        """When its status became what it is, as far as its row tells."""
        last = self.events[-1].ts if self.events else self.started_at
        return self.finished_at or self.updated_at or last

    @property
    def start_is_known(self) -> bool:
        """Whether ``started_at`` is a time, not a stand-in."""
        return self.started_at != START_UNKNOWN


@dataclass(frozen=True, slots=True)
class Limits:
    """The thresholds that hold for the run's workflow."""

    grace: timedelta = timedelta(seconds=60)
    no_events_after: timedelta = timedelta(seconds=30)
    closing: timedelta = timedelta(seconds=30)
    """Between run_completed and the status that should follow."""
    attempt_limit: int = 5
    stall_after: timedelta = timedelta(minutes=5)
    pause_limit: timedelta = timedelta(days=1)
    deadline: timedelta | None = None

    @property
    def patience(self) -> timedelta:
        """Silence after which a live worker would have written something.

        The grace time; a stall limit below it holds for every silence, so that one silence is one
        failure whatever the limits.
        """
        return min(self.grace, self.stall_after)


@dataclass(frozen=True, slots=True)
class Finding:
    """A failure found in a run, with the reference under which it counts once."""

    kind: Kind
    ref: str
    at: datetime
    """Source time: of the event or run the reference names, so that it is the same each time."""
    event: Event | None = None
    """The event that shows it, for node, attempt and error."""
    detail: str | None = None
    """What to say where the event bears no error text."""


@dataclass(frozen=True, slots=True)
class Examination:
    """Everything one look at a run came to."""

    findings: Sequence[Finding]
    look_again_at: datetime | None
    """When, without any new event, the answer could change, be it that the run is settled then;
    None: never."""
    settled: bool
    """Nothing more can happen to it: closed, and old enough for late events."""
    clean: bool
    """It completed, succeeded, and no step of it stayed failed: it proves its workflow healthy."""
    known: Sequence[Finding] = ()
    """What was so before we were attached."""
