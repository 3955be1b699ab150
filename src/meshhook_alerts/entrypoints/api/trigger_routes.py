"""``/api/alerts/trigger``: the door for failures that tables can never show."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Discriminator, Tag

from meshhook_alerts.application.accept_failures import FailureReport, ReportedFailure
from meshhook_alerts.application.problems import InvalidField, InvalidRequest
from meshhook_alerts.bootstrap import Service
from meshhook_alerts.entrypoints.api.identity import ServiceOnly
from meshhook_alerts.entrypoints.api.problems import storable

router = APIRouter(prefix="/api/alerts", tags=["trigger"], dependencies=[Depends(storable)])


class TriggerAnswer(BaseModel):
    """How many failures were new, and how many had been reported before."""

    accepted: int
    duplicates: int


def _form(body: Any) -> str:
    return "FailureReport" if isinstance(body, dict) and "failures" in body else "ReportedFailure"


OneOrMany = Annotated[
    Annotated[ReportedFailure, Tag("ReportedFailure")]
    | Annotated[FailureReport, Tag("FailureReport")],
    Discriminator(_form),
]


@router.post("/trigger", summary="Report failures", status_code=202)
async def trigger(request: Request, body: OneOrMany, who: ServiceOnly) -> TriggerAnswer:
    """Takes one failure, or up to 1,000 as ``{"failures": […]}``, whole or not at all.

    Sending the same id and time again is safe: it counts once.
    """
    service: Service = request.app.state.service
    report = body if isinstance(body, FailureReport) else FailureReport(failures=[body])
    try:
        taken = await service.accept_failures(report)
    except InvalidRequest as problem:
        raise problem if report is body else _of_one(problem) from None
    return TriggerAnswer(accepted=taken.accepted, duplicates=taken.duplicates)


def _of_one(problem: InvalidRequest) -> InvalidRequest:
    """The problem as one sees it who sent a single failure."""
    return InvalidRequest(
        [
            InvalidField(each.pointer.removeprefix("/failures/0"), each.message)
            for each in problem.fields
        ]
    )
