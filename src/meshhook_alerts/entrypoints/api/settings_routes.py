"""``/api/alerts/settings``: create, change and read alert settings."""

from __future__ import annotations

import re
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Request, Response
from pydantic import BaseModel, Field

from meshhook_alerts.application.change_settings import SettingsRequest
from meshhook_alerts.application.conditions_document import ConditionsDocument
from meshhook_alerts.application.detection_document import (
    DETECTABLE,
    ExpectedDocument,
    FailureRateDocument,
)
from meshhook_alerts.application.life_document import EscalationDocument
from meshhook_alerts.application.patch_settings import Saved
from meshhook_alerts.application.quiet_document import QuietPeriodDocument
from meshhook_alerts.application.read_settings import SettingsView
from meshhook_alerts.application.settings_document import ThresholdDocument
from meshhook_alerts.application.settings_ports import StoredChannel
from meshhook_alerts.bootstrap import Service
from meshhook_alerts.domain.expected_interval import ExpectedInterval
from meshhook_alerts.domain.failure_rate import FailureRate
from meshhook_alerts.domain.kinds import KINDS
from meshhook_alerts.domain.policy import AlertRule, EffectiveSettings
from meshhook_alerts.domain.redaction import redact_name
from meshhook_alerts.entrypoints.api.identity import SignedIn
from meshhook_alerts.entrypoints.api.problems import Problem, body_of, json_object, storable

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
    limits: list[dict[str, int]]
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


class ChangeAnswer(BaseModel):
    """One value before and after; null where there was none, or is none any more."""

    pointer: str = Field(description="JSON pointer; rules and channels by name.")
    before: Any = None
    after: Any = None


class WarningAnswer(BaseModel):
    """What may be a mistake, though it could be saved."""

    pointer: str = Field(description="JSON pointer; rules by name.")
    message: str


class SavedAnswer(SettingsAnswer):
    """What holds now, and what this request changed."""

    changed: list[ChangeAnswer]
    warnings: list[WarningAnswer] = Field(
        description="Rules that match nothing or everything, perhaps by mistake."
    )


class SettingsDocumentBody(SettingsRequest):
    """The whole of what a place says; the path names the place."""

    project_id: UUID | None = None  # type: ignore[assignment]


_EXAMPLE: dict[str, Any] = {
    "cooldown_seconds": 1800,
    "rules": [
        {
            "name": "What cannot complete",
            "when": {"minimum_severity": "error"},
            "channels": ["On call"],
        }
    ],
    "channels": [{"name": "On call", "kind": "email", "config": {"to": ["on-call@example.com"]}}],
}

IfMatch = Annotated[
    str | None,
    Header(
        description='The ETag of the settings as you know them, such as "3": changed since, 412.'
    ),
]


CREATED: dict[int | str, dict[str, Any]] = {
    201: {"model": SavedAnswer, "description": "The first of its place."}
}
"""Beside 200."""


@router.post(
    "",
    summary="Create or change alert settings",
    responses=CREATED,
    openapi_extra=body_of(SettingsRequest, {"project_id": str(UUID(int=1)), **_EXAMPLE}),
)
async def save(
    request: Request, response: Response, who: SignedIn, if_match: IfMatch = None
) -> SavedAnswer:
    """Changes what it names, for a project or for one workflow by slug or id; what it leaves out
    stays, and null takes a value away (RFC 7396). Rules and channels are laid over those of their name;
    given as an object by name, null removes one. Secrets left out stay as they are. The answer says
    what has changed; 201 if it is the first of its place."""
    service: Service = request.app.state.service
    saved = await service.patch_settings.patch(await json_object(request), who, _version(if_match))
    return saved_answer(saved, response)


@router.put(
    "/{project_id}",
    summary="Replace a project's settings",
    responses=CREATED,
    openapi_extra=body_of(SettingsDocumentBody, _EXAMPLE),
)
async def replace_project(
    request: Request, response: Response, project_id: UUID, who: SignedIn, if_match: IfMatch = None
) -> SavedAnswer:
    """The whole of what the project says itself; what is left out is as by default. Where it names
    channels, those it does not name are deleted; without that field they all stay."""
    service: Service = request.app.state.service
    whole = {**await json_object(request), "project_id": str(project_id)}
    whole.pop("workflow", None)
    return saved_answer(
        await service.patch_settings.replace(whole, who, _version(if_match)), response
    )


@router.put(
    "/{project_id}/{workflow}",
    summary="Replace a workflow's settings",
    responses=CREATED,
    openapi_extra=body_of(SettingsDocumentBody, _EXAMPLE),
)
async def replace_workflow(
    request: Request,
    response: Response,
    project_id: UUID,
    workflow: str,
    who: SignedIn,
    if_match: IfMatch = None,
) -> SavedAnswer:
    """The whole of what the workflow, named by slug or id, says itself; channels as for a project."""
    service: Service = request.app.state.service
    whole = {**await json_object(request), "project_id": str(project_id), "workflow": workflow}
    return saved_answer(
        await service.patch_settings.replace(whole, who, _version(if_match)), response
    )


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


def _version(if_match: str | None) -> int | None:
    """The version an ``If-Match`` names; None if any will do (RFC 9110 section 13.1.1)."""
    if if_match is None or if_match.strip() == "*":
        return None
    found = _ETAG.fullmatch(if_match.strip())
    if found is None:
        what = 'If-Match: give one ETag as the answer had it, such as "3"'
        raise Problem(400, "malformed_header", what)
    return int(found[1])


_ETAG = re.compile(r'"(\d{1,9})"')


def saved_answer(saved: Saved, response: Response) -> SavedAnswer:
    """What a change answers."""
    response.status_code = 201 if saved.created else 200
    changed = [
        ChangeAnswer(pointer=each.pointer, before=each.before, after=each.after)
        for each in saved.changes
    ]
    warnings = [
        WarningAnswer(pointer=each.pointer, message=redact_name(each.message))
        for each in saved.warnings
    ]
    return SavedAnswer(**dict(_answer(saved.view, response)), changed=changed, warnings=warnings)


def _answer(view: SettingsView, response: Response) -> SettingsAnswer:
    response.headers["ETag"] = f'"{view.version}"'
    return SettingsAnswer(
        project_id=view.project_id,
        workflow=view.workflow,
        version=view.version,
        document=_shown(dict(view.stored.documents.get(view.workflow, {}))),
        effective=_effective(view.effective),
        channels=[_channel(each) for each in view.stored.channels],
    )


def _shown(value: Any, field: str = "") -> Any:
    """A document with its names redacted: one that holds a secret is refused when it is saved, but rows
    may be written past the API."""
    if isinstance(value, dict):
        return {name: _shown(each, name) for name, each in value.items()}
    if isinstance(value, list):
        return [_shown(each, field) for each in value]
    return redact_name(value) if isinstance(value, str) and field in ("name", "channels") else value


def _channel(channel: StoredChannel) -> ChannelAnswer:
    return ChannelAnswer(
        id=channel.id,
        name=redact_name(channel.name),
        kind=channel.kind,
        enabled=channel.enabled,
        version=channel.version,
        config=dict(channel.config),
        secrets_set=list(channel.secret_names),
        limits=[dict(each) for each in channel.limits],
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
          "queue_lag_limit", "fleet_window", "acknowledged_for", "reminders", "close_after")  # fmt: skip
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
    if name == "quiet_periods":
        return [QuietPeriodDocument.of(each).model_dump(mode="json") for each in value]
    if name == "reminders":
        return [each.total_seconds() for each in value]
    if name == "escalation":
        return [EscalationDocument.of(each).model_dump(mode="json") for each in value]
    if name == "rules_on":
        return {kind: settings.detects(KINDS[kind]) for kind in sorted(DETECTABLE)}
    return value


def _rule(rule: AlertRule) -> dict[str, Any]:
    return {
        "name": redact_name(rule.name),
        "enabled": rule.enabled,
        "when": ConditionsDocument.of(rule.conditions).model_dump(mode="json", exclude_none=True),
        "channels": [redact_name(name) for name in rule.channels],
        "severity": rule.severity,
        "cooldown_seconds": None if rule.cooldown is None else rule.cooldown.total_seconds(),
        "after": ThresholdDocument.of(rule.after).model_dump(exclude_none=True)
        if rule.after
        else None,
    }
