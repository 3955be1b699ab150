"""``/api/alerts/trigger``: the door for failures that tables can never show."""

from __future__ import annotations

from fastapi import APIRouter, Request
from pydantic import BaseModel

from meshhook_alerts.application.accept_failures import FailureReport, ReportedFailure
from meshhook_alerts.bootstrap import Service
from meshhook_alerts.entrypoints.api.identity import ServiceOnly

router = APIRouter(prefix="/api/alerts", tags=["trigger"])


class TriggerAnswer(BaseModel):
    """How many failures were new, and how many had been reported before."""

    accepted: int
    duplicates: int


@router.post("/trigger", summary="Report failures", status_code=202)
async def trigger(
    request: Request, body: FailureReport | ReportedFailure, who: ServiceOnly
) -> TriggerAnswer:
    """Takes one failure, or up to 1,000 as ``{"failures": […]}``, whole or not at all.

    Sending the same id and time again is safe: it counts once.
    """
    service: Service = request.app.state.service
    report = body if isinstance(body, FailureReport) else FailureReport(failures=[body])
    taken = await service.accept_failures(report)
    return TriggerAnswer(accepted=taken.accepted, duplicates=taken.duplicates)
