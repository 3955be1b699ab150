"""``/api/alerts/channels``: which kinds there are, and trying one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from meshhook_alerts.application.channel_document import is_secret
from meshhook_alerts.application.try_channel import Step, TooSoon, TryChannel
from meshhook_alerts.bootstrap import Service
from meshhook_alerts.channels import help_of
from meshhook_alerts.entrypoints.api.identity import SignedIn
from meshhook_alerts.entrypoints.api.problems import Problem

router = APIRouter(prefix="/api/alerts/channels", tags=["channels"])


class KindAnswer(BaseModel):
    """A kind of channel that is installed."""

    kind: str
    title: str
    form: dict[str, Any] = Field(description="JSON Schema of `config`: what a form shows.")
    secrets: list[str] = Field(description="Fields that are stored encrypted and never returned.")
    help: str = Field(description="How to set it up, as Markdown.")


class KindsAnswer(BaseModel):
    """Every kind of channel."""

    kinds: list[KindAnswer]


class StepAnswer(BaseModel):
    """One line of a test's answer."""

    step: str = Field(description="rendered, queued, connected, answered or result")
    ok: bool | None = Field(description="null: not known yet")
    detail: str


@router.get("/kinds", summary="Which kinds of channel there are, and their forms")
async def kinds(request: Request, who: SignedIn) -> KindsAnswer:
    """Each installed kind with its form's schema and its help."""
    service: Service = request.app.state.service
    return KindsAnswer(
        kinds=[
            KindAnswer(
                kind=kind,
                title=plugin.title,
                form=plugin.config_model.model_json_schema(),
                secrets=[
                    name
                    for name in plugin.config_model.model_fields
                    if is_secret(plugin.config_model, name)
                ],
                help=help_of(plugin),
            )
            for kind, plugin in sorted(service.channels.items())
        ]
    )


class PreviewAnswer(BaseModel):
    """One message that was not sent."""

    at: datetime
    headline: str
    text: str = Field(description="What would be sent, or the most telling part of it.")
    size: int = Field(description="Of text messages, segments for all recipients; of others 1.")
    note: str = Field(description="The size in words.")


class PreviewsAnswer(BaseModel):
    """What the project's last failures would have made of the channel."""

    previews: list[PreviewAnswer] = Field(
        description="The most expensive first; of 20 failures at most."
    )


@router.post("/{channel_id}/preview", summary="What would be sent, and what it would cost")
async def preview(request: Request, channel_id: UUID, who: SignedIn) -> PreviewsAnswer:
    """The messages about the project's last 20 failures, as this channel would send them. Nothing is sent."""
    service: Service = request.app.state.service
    found = await service.preview_channel(channel_id, who)
    return PreviewsAnswer(
        previews=[
            PreviewAnswer(
                at=each.at, headline=each.headline, text=each.preview.text, size=each.preview.size,
                note=each.preview.note,
            )
            for each in found
        ]
    )  # fmt: skip


_LINES = "application/x-ndjson"


@router.post(
    "/{channel_id}/test",
    summary="Send a test message and watch every step",
    response_class=StreamingResponse,
    responses={200: {"content": {_LINES: {"schema": StepAnswer.model_json_schema()}}}},
)
async def test(request: Request, channel_id: UUID, who: SignedIn) -> StreamingResponse:
    """One JSON object a line, as it happens: rendered, queued, connected, answered (the other side's own
    words, redacted), and at last the result. `ok` is true only once the channel has accepted it."""
    service: Service = request.app.state.service
    try:
        notification_id, begun = await service.try_channel.begin(channel_id, who)
    except TooSoon as problem:
        detail = f"Not sent: {problem}."
        raise Problem(429, "too_many_requests", detail, headers={"Retry-After": "5"}) from None
    return StreamingResponse(_lines(service.try_channel, notification_id, begun), media_type=_LINES)


async def _lines(
    trying: TryChannel, notification_id: UUID, begun: list[Step]
) -> AsyncIterator[bytes]:
    for step in begun:
        yield _line(step)
    async for step in trying.watch(notification_id):
        yield _line(step)


def _line(step: Step) -> bytes:
    return orjson.dumps(asdict(step)) + b"\n"
