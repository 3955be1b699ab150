"""``/api/alerts/silences``: one-off mutes, with an end, a reason and what they do."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field

from meshhook_alerts.application.silences import Preview, SilenceRequest, StoredSilence
from meshhook_alerts.bootstrap import Service
from meshhook_alerts.entrypoints.api.identity import SignedIn
from meshhook_alerts.entrypoints.api.problems import storable

router = APIRouter(
    prefix="/api/alerts/silences", tags=["silences"], dependencies=[Depends(storable)]
)


class SilenceAnswer(BaseModel):
    """A silence as it stands."""

    id: UUID
    project_id: UUID
    when: dict[str, Any]
    starts_at: datetime
    ends_at: datetime
    reason: str
    state: str = Field(description="active, future or ended")
    created_at: datetime
    created_by: UUID | None


class PreviewAnswer(BaseModel):
    """What a silence does."""

    open_alerts: list[UUID] = Field(description="Open alerts that it matches now.")
    failures_of_7_days: int = Field(
        description="Failures of the last 7 days it would have covered."
    )
    of: int = Field(description="How many there were in all.")
    warning: str | None = Field(
        description="If it matches nothing or everything, perhaps by mistake."
    )


class AddedAnswer(SilenceAnswer):
    """A silence that was added, and what it does."""

    preview: PreviewAnswer


class SilencesAnswer(BaseModel):
    """Silences of a project, the latest end first."""

    silences: list[SilenceAnswer]


@router.post("", status_code=201, summary="Silence failures until a moment")
async def add(request: Request, body: SilenceRequest, who: SignedIn) -> AddedAnswer:
    """From now or ``starts_at`` on, until its end; what still fails then is told. The answer says what it
    matches now, and what it would have covered in the last seven days."""
    service: Service = request.app.state.service
    silence, preview = await service.silences.add(body, who)
    assert silence is not None
    shown = _answer(silence, service.clock.now())
    return AddedAnswer(**dict(shown), preview=_preview(preview))


@router.post("/preview", summary="What a silence would do")
async def look(request: Request, body: SilenceRequest, who: SignedIn) -> PreviewAnswer:
    """The same, and nothing is silenced."""
    service: Service = request.app.state.service
    _, preview = await service.silences.add(body, who, only_look=True)
    return _preview(preview)


@router.get("/{project_id}", summary="A project's silences")
async def of_project(request: Request, project_id: UUID, who: SignedIn) -> SilencesAnswer:
    """Those that are on, will be and were, the latest end first."""
    service: Service = request.app.state.service
    now = service.clock.now()
    found = await service.silences.all(project_id, who)
    return SilencesAnswer(silences=[_answer(each, now) for each in found])


@router.delete("/{silence_id}", summary="End a silence now")
async def end(
    request: Request, response: Response, silence_id: UUID, who: SignedIn
) -> SilenceAnswer:
    """What still fails is told at once. A silence that has ended stays as it is."""
    service: Service = request.app.state.service
    return _answer(await service.silences.end(silence_id, who), service.clock.now())


def _answer(silence: StoredSilence, now: datetime) -> SilenceAnswer:
    return SilenceAnswer(
        id=silence.id,
        project_id=silence.project_id,
        when=silence.when,
        starts_at=silence.starts_at,
        ends_at=silence.ends_at,
        reason=silence.reason,
        state=silence.state(now),
        created_at=silence.created_at,
        created_by=silence.created_by,
    )


def _preview(preview: Preview) -> PreviewAnswer:
    warning = None
    if preview.of and preview.failures == preview.of:
        warning = "it matches every failure of the last 7 days"
    elif not preview.failures and not preview.open_alerts:
        warning = "it matches no open alert, and no failure of the last 7 days"
    return PreviewAnswer(
        open_alerts=list(preview.open_alerts),
        failures_of_7_days=preview.failures,
        of=preview.of,
        warning=warning,
    )
