"""``/api/alerts/settings/{project_id}/versions`` and ``/defaults``: what settings said before, and what a
project without any gets."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, Field

from meshhook_alerts.application.settings_defaults import REASONS, DefaultsRequest
from meshhook_alerts.application.settings_history import ChannelVersion, Version
from meshhook_alerts.application.settings_patch import Change
from meshhook_alerts.bootstrap import Service
from meshhook_alerts.domain.redaction import redact_name
from meshhook_alerts.entrypoints.api.identity import SignedIn
from meshhook_alerts.entrypoints.api.problems import storable
from meshhook_alerts.entrypoints.api.settings_routes import (
    CREATED,
    ChangeAnswer,
    SavedAnswer,
    saved_answer,
)

router = APIRouter(
    prefix="/api/alerts/settings", tags=["settings"], dependencies=[Depends(storable)]
)


class VersionAnswer(BaseModel):
    """One version of a place's settings."""

    version: int
    changed_at: datetime
    changed_by: UUID | None = Field(description="User; null: the service itself, or SQL.")
    decisions_from: int | None = Field(
        description="Decisions whose settings_version is this or later, up to the next one's, were made by it."
    )
    document: dict[str, Any]
    changed: list[ChangeAnswer] = Field(description="Against the version before.")


class ChannelVersionAnswer(BaseModel):
    """One version of a channel."""

    channel: str
    version: int
    changed_at: datetime
    changed_by: UUID | None
    deleted: bool
    changed: list[ChangeAnswer] = Field(
        description="Against the version before; nothing at all: saved as it was, or with new secrets."
    )


class VersionsAnswer(BaseModel):
    """Versions of one place's settings, the newest first."""

    versions: list[VersionAnswer]
    channels: list[ChannelVersionAnswer] = Field(
        description="Of the project's channels, without secrets; empty for a workflow."
    )


class DefaultsAnswer(SavedAnswer):
    """What holds now, and why."""

    done: bool = Field(description="False: the project had settings or channels, and they stayed.")
    reasons: dict[str, str] = Field(description="Why each default is as it is.")
    next: str = Field(description="What to do next.")


Workflow = Query(default=None, description="Slug or id; none means the whole project.")


@router.get("/{project_id}/versions", summary="What settings said before")
async def versions(
    request: Request, project_id: UUID, who: SignedIn, workflow: str | None = Workflow
) -> VersionsAnswer:
    """Every version of a project's settings, or of one of its workflows': who, when, what, and what was
    different; the newest hundred."""
    service: Service = request.app.state.service
    found = await service.settings_history.versions(project_id, workflow, who)
    channels = [] if workflow else await service.settings_history.channels(project_id, who)
    return VersionsAnswer(
        versions=[_version(each) for each in found], channels=[_channel(each) for each in channels]
    )


@router.post(
    "/{project_id}/versions/{version}/restore", summary="Back to a version", responses=CREATED
)
async def restore(
    request: Request,
    response: Response,
    project_id: UUID,
    version: int,
    who: SignedIn,
    workflow: str | None = Workflow,
) -> SavedAnswer:
    """Makes the place say again what it said then, as a new version. Channels stay as they are."""
    service: Service = request.app.state.service
    saved = await service.settings_history.restore(project_id, workflow, version, who)
    return saved_answer(saved, response)


@router.post(
    "/{project_id}/defaults",
    summary="Sensible settings for a project without any",
    responses={201: {"model": DefaultsAnswer, "description": "They are the first."}},
)
async def defaults(
    request: Request,
    response: Response,
    project_id: UUID,
    who: SignedIn,
    wanted: DefaultsRequest | None = None,
) -> DefaultsAnswer:
    """One rule (whatever keeps a run from completing), one e-mail channel to the address you are signed in
    with or to those you name, at most one message in half an hour about one trouble. A project that has
    settings or channels keeps them."""
    service: Service = request.app.state.service
    made = await service.set_up_defaults(project_id, wanted or DefaultsRequest(), who)
    answer = dict(saved_answer(made.saved, response))
    return DefaultsAnswer(**answer, done=made.done, reasons=dict(REASONS), next=made.next)


def _version(version: Version) -> VersionAnswer:
    kept = version.kept
    return VersionAnswer(
        version=kept.version,
        changed_at=kept.changed_at,
        changed_by=kept.changed_by,
        decisions_from=kept.settings_version,
        document=dict(kept.document),
        changed=_changes(version.changes),
    )


def _channel(version: ChannelVersion) -> ChannelVersionAnswer:
    kept = version.kept
    return ChannelVersionAnswer(
        channel=redact_name(kept.name),
        version=kept.version,
        changed_at=kept.changed_at,
        changed_by=kept.changed_by,
        deleted=kept.document is None,
        changed=_changes(version.changes),
    )


def _changes(changes: Sequence[Change]) -> list[ChangeAnswer]:
    return [
        ChangeAnswer(pointer=each.pointer, before=each.before, after=each.after) for each in changes
    ]
