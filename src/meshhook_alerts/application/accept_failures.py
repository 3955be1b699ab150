"""Accept failures that tables can never show: what callers of the trigger endpoint report.

Whose failure is it? The first of these that answers:

1. the project the report names;
2. the project of the run it names;
3. the project whose workflow has the slug it names, if that is one project only: one with a
   published definition, or, where nobody has published any, one with a definition at all.

MeshHook looks a slug up across all projects, so two may share one. Then nobody can say whose
delivery it was, and telling both would show each what the other does: the failure is nobody's. It is
recorded under ``NOBODY``, told to no one, and counted in the answer as unattributed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from meshhook_alerts.application.ports import Clock
from meshhook_alerts.application.problems import InvalidField, InvalidRequest
from meshhook_alerts.application.reported_failure import ReportedFailure
from meshhook_alerts.domain.redaction import redact, redact_value

_EARLY = timedelta(minutes=10)
_LATE = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a reported failure belongs."""

    project_id: UUID | None
    """None: nobody's."""
    workflow_id: UUID | None
    """The run's definition, or the newest published one; for its name and version."""
    named_exists: bool
    """False if the report names a project that does not exist."""
    run_fits: bool
    """False if the report names a project and a run of another."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """How many were new, how many had been reported before, and how many belong to nobody."""

    accepted: int
    duplicates: int
    unattributed: int


class SignalInbox(Protocol):
    """Where signals are put."""

    async def places(self, failures: Sequence[ReportedFailure]) -> Sequence[Place]:
        """Where each of ``failures`` belongs, in order."""

    async def add(self, failures: Sequence[tuple[ReportedFailure, Place]]) -> int:
        """Adds what is new, and wakes a worker; returns how many were new."""


@dataclass(frozen=True, slots=True)
class AcceptFailures:
    """``POST /api/alerts/trigger``."""

    inbox: SignalInbox
    clock: Clock

    async def __call__(self, failures: Sequence[ReportedFailure]) -> Accepted:
        """Takes in a report, whole or not at all. Problems are named ``/failures/3/kind``.

        Raises:
            InvalidRequest
        """
        places = await self.inbox.places(failures)
        problems = [*_bad_times(failures, self.clock.now()), *_bad_places(places)]
        if problems:
            raise InvalidRequest(problems)
        cleaned = [_redacted(each) for each in failures]
        added = await self.inbox.add(list(zip(cleaned, places, strict=True)))
        unattributed = sum(place.project_id is None for place in places)
        return Accepted(added, len(failures) - added, unattributed)


def _bad_times(failures: Sequence[ReportedFailure], now: datetime) -> Iterator[InvalidField]:
    for number, each in enumerate(failures):
        pointer = f"/failures/{number}/occurred_at"
        if each.occurred_at > now + _EARLY:
            yield InvalidField(pointer, "lies in the future; is the reporter's clock right?")
        elif each.occurred_at < now - _LATE:
            yield InvalidField(pointer, "lies more than 7 days back")


def _bad_places(places: Sequence[Place]) -> Iterator[InvalidField]:
    for number, place in enumerate(places):
        if not place.named_exists:
            yield InvalidField(f"/failures/{number}/project_id", "no such project")
        elif not place.run_fits:
            yield InvalidField(f"/failures/{number}/run_id", "is a run of another project")


def _redacted(failure: ReportedFailure) -> ReportedFailure:
    """Foreign text passes the gate before it is stored anywhere."""
    labels = {redact(name): redact_value(name, text) for name, text in failure.labels.items()}
    error = redact(failure.error) if failure.error else None
    return failure.model_copy(update={"error": error, "labels": labels})
