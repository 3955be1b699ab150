"""Accept failures that tables can never show: what callers of the trigger endpoint report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Protocol
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
)

from meshhook_alerts.application.ports import Clock
from meshhook_alerts.application.problems import InvalidField, InvalidRequest
from meshhook_alerts.domain.kinds import REPORTABLE
from meshhook_alerts.domain.redaction import redact
from meshhook_alerts.domain.severity import Severity

_EARLY = timedelta(minutes=10)
_LATE = timedelta(days=7)
Short = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("may hold printable characters only")
    return text


Printable = Annotated[Short, AfterValidator(_printable)]


class ReportedFailure(BaseModel):
    """One failure, as its reporter saw it. Sent twice with the same id and time it counts once."""

    model_config = ConfigDict(extra="forbid")

    id: Printable = Field(
        description="The reporter's own id of the failure; makes sending it again safe."
    )
    project_id: UUID
    kind: str = Field(
        default="custom", description="intake_rejected, circuit_open, loop_item_failed or custom."
    )
    occurred_at: AwareDatetime = Field(description="When it happened, with a time zone.")
    workflow: Short | None = Field(default=None, description="The workflow's slug.")
    node_id: Short | None = None
    node_type: Short | None = None
    run_id: UUID | None = None
    error: str | None = Field(
        default=None, max_length=20_000, description="What went wrong; shortened and redacted."
    )
    http_status: int | None = Field(default=None, ge=100, le=599)
    severity: Severity | None = Field(
        default=None, description="Overrides the kind's own severity."
    )
    labels: dict[Short, Short] = Field(default={}, max_length=20)

    @field_validator("kind")
    @classmethod
    def _reportable(cls, kind: str) -> str:
        if kind not in REPORTABLE:
            raise ValueError(f"cannot be reported; these can: {', '.join(sorted(REPORTABLE))}")
        return kind


class FailureReport(BaseModel):
    """One or more failures."""

    model_config = ConfigDict(extra="forbid")

    failures: list[ReportedFailure] = Field(min_length=1, max_length=1_000)


@dataclass(frozen=True, slots=True)
class Accepted:
    """How many were new and how many had been reported before."""

    accepted: int
    duplicates: int


class SignalInbox(Protocol):
    """Where signals are put."""

    async def unknown_projects(self, projects: Sequence[UUID]) -> set[UUID]:
        """Those of ``projects`` that do not exist."""

    async def add(self, failures: Sequence[ReportedFailure]) -> int:
        """Adds what is new, and wakes a worker; returns how many were new."""


@dataclass(frozen=True, slots=True)
class AcceptFailures:
    """``POST /api/alerts/trigger``."""

    inbox: SignalInbox
    clock: Clock

    async def __call__(self, report: FailureReport) -> Accepted:
        """Takes in a report, whole or not at all.

        Raises:
            InvalidRequest
        """
        problems = self._bad_times(report, self.clock.now())
        unknown = await self.inbox.unknown_projects([each.project_id for each in report.failures])
        problems += [
            InvalidField(f"/failures/{place}/project_id", "no such project")
            for place, each in enumerate(report.failures)
            if each.project_id in unknown
        ]
        if problems:
            raise InvalidRequest(problems)
        added = await self.inbox.add([_redacted(each) for each in report.failures])
        return Accepted(added, len(report.failures) - added)

    def _bad_times(self, report: FailureReport, now: datetime) -> list[InvalidField]:
        return [
            InvalidField(
                f"/failures/{place}/occurred_at",
                "lies in the future; is the reporter's clock right?"
                if each.occurred_at > now
                else "lies more than 7 days back",
            )
            for place, each in enumerate(report.failures)
            if not now - _LATE <= each.occurred_at <= now + _EARLY
        ]


def _redacted(failure: ReportedFailure) -> ReportedFailure:
    """Foreign text passes the gate before it is stored anywhere."""
    labels = {redact(key): redact(value) for key, value in failure.labels.items()}
    error = redact(failure.error) if failure.error else None
    return failure.model_copy(update={"error": error, "labels": labels})
