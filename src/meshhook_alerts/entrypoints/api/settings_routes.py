"""``/api/alerts/settings``: create, change and read alert settings."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field

from meshhook_alerts.application.change_settings import SettingsRequest
from meshhook_alerts.application.detection_document import (
    DETECTABLE,
    ExpectedDocument,
    FailureRateDocument,
)
from meshhook_alerts.application.read_settings import SettingsView
from meshhook_alerts.application.settings_ports import StoredChannel
from meshhook_alerts.bootstrap import Service
from meshhook_alerts.domain.expected_interval import ExpectedInterval
from meshhook_alerts.domain.failure_rate import FailureRate
from meshhook_alerts.domain.kinds import KINDS
from meshhook_alerts.domain.policy import AlertRule, EffectiveSettings
from meshhook_alerts.entrypoints.api.identity import SignedIn
from meshhook_alerts.entrypoints.api.problems import storable

router = APIRouter(
    prefix="/api/alerts/settings", tags=["settings"], dependencies=[Depends(storable)]
)


class ChannelAnswer(BaseModel):
    """A channel; of its secrets only which are set."""

    id: UUID
    name: str
    kind: str
    enabled: bool
    version: int
    config: dict[str, Any]
    secrets_set: list[str]
    failing_since: datetime | None = Field(
        description="First failed try since a message was last accepted; null while all is well."
    )
    trouble: str | None = Field(description="The channel's last answer while it fails.")


class EffectiveValue(BaseModel):
    """A value and where it comes from."""

    value: Any
    origin: str = Field(description="default, project or workflow")


class SettingsAnswer(BaseModel):
    """What holds for a project or workflow, and what it says itself."""

    project_id: UUID
    workflow: str | None
    version: int = Field(description="Version of this place's own document; 0 if there is none.")
    document: dict[str, Any] = Field(description="What this place says itself.")
    effective: dict[str, EffectiveValue] = Field(
        description="What holds here, all levels together."
    )
    channels: list[ChannelAnswer]


@router.post("", summary="Create or change alert settings", status_code=200)
async def save(
    request: Request, response: Response, body: SettingsRequest, who: SignedIn
) -> SettingsAnswer:
    """Takes the whole document for a project, or for one workflow by slug or id. Channels named
    in it are created or changed; secrets left out stay as they are. 201 if it is the first."""
    service: Service = request.app.state.service
    slug, created = await service.change_settings(body, who)
    response.status_code = 201 if created else 200
    return _answer(await service.read_settings(body.project_id, slug, who), response)


@router.get("/{project_id}", summary="A project's settings")
async def of_project(
    request: Request, response: Response, project_id: UUID, who: SignedIn
) -> SettingsAnswer:
    """What holds for a project, and where each value comes from."""
    service: Service = request.app.state.service
    return _answer(await service.read_settings(project_id, None, who), response)


@router.get("/{project_id}/{workflow}", summary="A workflow's settings")
async def of_workflow(
    request: Request, response: Response, project_id: UUID, workflow: str, who: SignedIn
) -> SettingsAnswer:
    """What holds for a workflow, named by slug or id, and where each value comes from."""
    service: Service = request.app.state.service
    return _answer(await service.read_settings(project_id, workflow, who), response)


def _answer(view: SettingsView, response: Response) -> SettingsAnswer:
    response.headers["ETag"] = f'"{view.version}"'
    return SettingsAnswer(
        project_id=view.project_id,
        workflow=view.workflow,
        version=view.version,
        document=dict(view.stored.documents.get(view.workflow, {})),
        effective=_effective(view.effective),
        channels=[_channel(each) for each in view.stored.channels],
    )


def _channel(channel: StoredChannel) -> ChannelAnswer:
    return ChannelAnswer(
        id=channel.id,
        name=channel.name,
        kind=channel.kind,
        enabled=channel.enabled,
        version=channel.version,
        config=dict(channel.config),
        secrets_set=list(channel.secret_names),
        failing_since=channel.failing_since,
        trouble=channel.trouble,
    )


def _effective(settings: EffectiveSettings) -> dict[str, EffectiveValue]:
    """Every field under the name it has in a settings document."""
    shown = (each.name for each in fields(settings) if each.name != "origin")
    return {
        _NAMES.get(name, name): EffectiveValue(
            value=_value(settings, name), origin=settings.origin[name]
        )
        for name in shown
    }


_SPANS = ("stall_after", "cooldown", "grace", "no_events_after", "pause_limit", "deadline",
          "queue_lag_limit", "fleet_window")  # fmt: skip
_NAMES = {**{name: f"{name}_seconds" for name in _SPANS}, "rules_on": "detect"}


def _value(settings: EffectiveSettings, name: str) -> Any:
    value = getattr(settings, name)
    match value:
        case timedelta():
            return value.total_seconds()
        case ExpectedInterval():
            return ExpectedDocument.of(value).model_dump(mode="json")
        case FailureRate():
            return FailureRateDocument.of(value).model_dump(mode="json")
    if name == "rules":
        return [_rule(rule) for rule in settings.rules]
    if name == "rules_on":
        return {kind: settings.detects(KINDS[kind]) for kind in sorted(DETECTABLE)}
    return value


def _rule(rule: AlertRule) -> dict[str, Any]:
    conditions = rule.conditions
    return {
        "name": rule.name,
        "enabled": rule.enabled,
        "when": {
            "kinds": sorted(conditions.kinds),
            "minimum_severity": conditions.minimum_severity,
            "workflows": list(conditions.workflows),
            "nodes": list(conditions.nodes),
        },
        "channels": list(rule.channels),
        "severity": rule.severity,
        "cooldown_seconds": None if rule.cooldown is None else rule.cooldown.total_seconds(),
    }
