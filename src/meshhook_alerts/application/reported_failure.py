"""A failure as its reporter saw it: the shape that callers of the trigger endpoint send."""

from __future__ import annotations

import re
from typing import Annotated
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

from meshhook_alerts.domain.kinds import REPORTABLE
from meshhook_alerts.domain.severity import Severity

MOST = 1_000
"""Failures in one report."""

_OWN_LABELS = ("severity", "count")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")


def _one_line(text: str) -> str:
    """Names come from foreign systems; a NUL would stop the whole report at the database."""
    return _CONTROL.sub(" ", text)


Short = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
    AfterValidator(_one_line),
]


class ReportedFailure(BaseModel):
    """One failure. Sent twice with the same id and time it counts once."""

    model_config = ConfigDict(extra="forbid")

    id: Short = Field(
        description="The reporter's own id of the failure; makes sending it again safe."
    )
    kind: str = Field(default="custom", description=f"One of {', '.join(sorted(REPORTABLE))}.")
    occurred_at: AwareDatetime = Field(description="When it happened, with a time zone.")
    project_id: UUID | None = Field(
        default=None,
        description="May be left out: the project then follows from `run_id`, or from `workflow` "
        "where only one project has that slug.",
    )
    workflow: Short | None = Field(default=None, description="The workflow's slug.")
    run_id: UUID | None = None
    node_id: Short | None = None
    node_type: Short | None = None
    error: str | None = Field(
        default=None, max_length=20_000, description="What went wrong; shortened and redacted."
    )
    http_status: int | None = Field(default=None, ge=100, le=599)
    severity: Severity | None = Field(
        default=None, description="Overrides the kind's own severity."
    )
    labels: dict[Short, Short] = Field(
        default={},
        max_length=20,
        description="Words about it. `intake_rejected` bears `reason`: signature, unknown_slug, "
        "payload, rate_limit, framework or exception.",
    )
    count: int = Field(
        default=1,
        ge=1,
        le=1_000_000,
        description="So many equal ones, this included. They are recorded as one failure with "
        "the label `count`.",
    )

    @field_validator("kind")
    @classmethod
    def _reportable(cls, kind: str) -> str:
        if kind not in REPORTABLE:
            raise ValueError(f"cannot be reported; these can: {', '.join(sorted(REPORTABLE))}")
        return kind

    @field_validator("labels")
    @classmethod
    def _no_field(cls, labels: dict[str, str]) -> dict[str, str]:
        for name in _OWN_LABELS:
            if name in labels:
                raise ValueError(f"the label {name!r} is ours: set the field {name!r} instead")
        return labels


class FailureReport(BaseModel):
    """Up to 1,000 failures, taken whole or not at all."""

    model_config = ConfigDict(extra="forbid")

    failures: list[ReportedFailure] = Field(min_length=1, max_length=MOST)
