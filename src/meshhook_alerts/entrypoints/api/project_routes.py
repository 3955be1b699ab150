"""``/api/alerts/projects``: which projects a caller may read, and what one needs to know to choose within them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from meshhook_alerts.bootstrap import Service
from meshhook_alerts.entrypoints.api.identity import SignedIn

router = APIRouter(prefix="/api/alerts/projects", tags=["projects"])


class ProjectAnswer(BaseModel):
    """A project whose alerts the caller may read."""

    id: UUID
    name: str
    may_edit: bool = Field(
        description="Whether the caller may act on its alerts and change its settings."
    )
    channels: int
    open: int = Field(description="Alerts that are open.")


class ChannelWeek(BaseModel):
    """What became of a channel's messages in the last seven days."""

    channel_id: UUID
    delivered: int
    undelivered: int = Field(description="Refused, or not accepted before they were out of date.")
    last_delivered_at: datetime | None


@router.get("", summary="Projects whose alerts one may read")
async def projects(request: Request, who: SignedIn) -> list[ProjectAnswer]:
    """By name; 500 at most."""
    service: Service = request.app.state.service
    return [ProjectAnswer(**row) for row in await service.alert_reader.projects(who)]


@router.get("/{project_id}/workflows", summary="A project's workflows")
async def workflows(request: Request, project_id: UUID, who: SignedIn) -> list[str]:
    """Their slugs, in order."""
    service: Service = request.app.state.service
    return await service.read_settings.workflows(project_id, who)


@router.get("/{project_id}/channels", summary="How its channels have done in seven days")
async def channels(request: Request, project_id: UUID, who: SignedIn) -> list[ChannelWeek]:
    """Those that were used; tests do not count."""
    service: Service = request.app.state.service
    await service.read_settings(project_id, None, who)  # 404 where it cannot be seen
    return [ChannelWeek(**row) for row in await service.alert_reader.channel_weeks(who, project_id)]
