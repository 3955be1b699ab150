"""``/api/alerts/trigger``: the door for failures that tables can never show."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field

from meshhook_alerts.application.problems import InvalidRequest
from meshhook_alerts.bootstrap import Service
from meshhook_alerts.entrypoints.api.identity import reporter
from meshhook_alerts.entrypoints.api.report_formats import read_report
from meshhook_alerts.entrypoints.api.trigger_schema import PROBLEMS, REQUEST_BODY

router = APIRouter(prefix="/api/alerts", tags=["trigger"])


class TriggerAnswer(BaseModel):
    """What became of the failures of a report."""

    accepted: int = Field(description="So many were new.")
    duplicates: int = Field(description="So many had been reported before.")
    unattributed: int = Field(
        description="So many, new or not, belong to no project that could be found. They are "
        "recorded, with the reason `no_settings`, and told to nobody."
    )


@router.post(
    "/trigger",
    summary="Report failures",
    status_code=202,
    dependencies=[Depends(reporter)],
    openapi_extra={"requestBody": REQUEST_BODY},
    responses=PROBLEMS,
)
async def trigger(request: Request) -> TriggerAnswer:
    """Takes one failure or up to 1,000, whole or not at all: our own JSON or CloudEvents 1.0.

    Sending the same id and time again is safe: it counts once. Who calls is known by a token of
    the service role, or by a signature with the shared secret (`MESHHOOK_ALERTS_TRIGGER_SECRET`):
    the headers `webhook-id`, `webhook-timestamp` and `webhook-signature` of Standard Webhooks 1.0.

    Without `project_id`, the project follows from `run_id`, or from `workflow` where exactly one
    project has published that slug (or, if nobody has published it, where one project has it at
    all). Otherwise the failure is recorded as nobody's, and told to nobody.
    """
    service: Service = request.app.state.service
    reading = read_report(request.headers, await request.body())
    try:
        taken = await service.accept_failures(reading.failures)
    except InvalidRequest as problem:
        raise reading.relocated(problem) from None
    return TriggerAnswer(
        accepted=taken.accepted, duplicates=taken.duplicates, unattributed=taken.unattributed
    )
