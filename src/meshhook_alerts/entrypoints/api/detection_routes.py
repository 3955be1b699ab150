"""``/api/alerts/detection`` and ``/api/alerts/baseline``: how detection is doing, and what it began
with."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from meshhook_alerts.application.detection_state import RuleLine
from meshhook_alerts.bootstrap import Service
from meshhook_alerts.domain.kinds import title_of
from meshhook_alerts.entrypoints.api.identity import ServiceOnly, SignedIn

router = APIRouter(prefix="/api/alerts", tags=["detection"])


class RuleAnswer(BaseModel):
    """A detection rule as it stands."""

    rule: str = Field(description="Identifier, as in the reference: M4, Q1, P3, …")
    kind: str
    title: str
    failure_class: str
    critical: bool
    default_on: bool
    evidence: str
    thresholds: list[str] = Field(description="Names of the settings that bound it.")
    state: str = Field(description="on, off, failing or waiting")
    why: str | None
    last_look_at: datetime | None = Field(description="End of its sweep's last good look.")
    last_cost_ms: float | None = Field(description="What the last slice of its sweep took.")


class DetectionAnswer(BaseModel):
    """Every rule, and since when we watch."""

    attached_at: datetime | None
    rules: list[RuleAnswer]


class KnownRunsAnswer(BaseModel):
    """Runs that had failed or gone silent before we were attached."""

    workflow: str | None
    kind: str
    title: str
    runs: int
    examples: list[UUID]


class BaselineAnswer(BaseModel):
    """What was known of a project at the beginning; nobody was told of it."""

    project_id: UUID
    runs: int = Field(description="All together.")
    known: list[KnownRunsAnswer]


@router.get("/detection", summary="Which rules look, and how they are doing")
async def detection(request: Request, who: ServiceOnly) -> DetectionAnswer:
    """Every detection rule with its state, its last good look and its last cost."""
    service: Service = request.app.state.service
    found = await service.read_detection(who)
    return DetectionAnswer(
        attached_at=found.attached_at, rules=[_rule(line) for line in found.rules]
    )


@router.get("/baseline/{project_id}", summary="What was known before attachment")
async def baseline(request: Request, project_id: UUID, who: SignedIn) -> BaselineAnswer:
    """Runs of a project that had failed or gone silent before alerts were attached: counted, with a few
    examples, told to nobody."""
    service: Service = request.app.state.service
    known = await service.read_detection.baseline(project_id, who)
    return BaselineAnswer(
        project_id=project_id,
        runs=sum(each.runs for each in known),
        known=[
            KnownRunsAnswer(
                workflow=each.workflow,
                kind=each.kind,
                title=title_of(each.kind),
                runs=each.runs,
                examples=list(each.examples),
            )
            for each in known
        ],
    )


def _rule(line: RuleLine) -> RuleAnswer:
    kind, sweep = line.kind, line.sweep
    return RuleAnswer(
        rule=kind.rule,
        kind=kind.name,
        title=kind.title,
        failure_class=kind.failure_class,
        critical=kind.critical,
        default_on=kind.default_on,
        evidence=kind.evidence,
        thresholds=list(kind.thresholds),
        state=line.state,
        why=line.why,
        last_look_at=sweep.finished_at if sweep else None,
        last_cost_ms=sweep.took_ms if sweep else None,
    )
