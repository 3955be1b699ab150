"""Sends alerts to a topic (https://docs.ntfy.sh/publish/#publish-as-json)."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, ClassVar, cast
from uuid import UUID

from pydantic import BaseModel

from meshhook_alerts.application.ports import ChannelTools
from meshhook_alerts.channels.http import check_address, post
from meshhook_alerts.channels.masking import detail
from meshhook_alerts.domain.delivery import Outcome
from meshhook_alerts.domain.message import Content
from meshhook_alerts_ntfy.config import NtfyConfig

_PRIORITY = {"info": 2, "warning": 3, "error": 4, "critical": 5}
_MOST = 3_500  # bytes of text; the public server cuts what is longer than 4,096


class NtfyChannel:
    """The channel kind ``ntfy``."""

    kind: ClassVar[str] = "ntfy"
    title: ClassVar[str] = "ntfy"
    config_model: ClassVar[type[BaseModel]] = NtfyConfig

    async def check(self, config: BaseModel, tools: ChannelTools) -> None:
        """Raises ``ForbiddenDestination`` for a server the guard would refuse to call."""
        await check_address(cast(NtfyConfig, config).server, tools)

    async def send(
        self, notification_id: UUID, content: Content, config: BaseModel, tools: ChannelTools
    ) -> Outcome:
        """Publishes once. A repeat after a lost answer shows twice: ntfy knows no idempotency."""
        settings = cast(NtfyConfig, config)
        headers = {"content-type": "application/json"}
        if settings.token:
            headers["authorization"] = f"Bearer {settings.token}"
        outcome = await post(settings.server, body_of(content, settings), headers, tools)
        return replace(outcome, detail=detail(outcome.detail, settings, settings.topic))


def body_of(content: Content, config: NtfyConfig) -> bytes:
    """What is published: the same bytes for the same message."""
    message: dict[str, Any] = {
        "topic": config.topic,
        "title": content["headline"],
        "message": _text(content),
        "priority": 2 if content["reason"] == "recovered" else _PRIORITY[content["severity"]],
        "tags": ["white_check_mark" if content["reason"] == "recovered" else "rotating_light"],
    }
    if content["links"]["alert"]:
        message["click"] = content["links"]["alert"]
    return json.dumps(message, sort_keys=True, ensure_ascii=False).encode()


def _text(content: Content) -> str:
    failure, alert = content["failure"], content["alert"]
    lines = [failure["title"], failure["error"], failure["hint"]]
    lines.append(f"{alert['failures']:,} failures so far, the last at {alert['last_failure_at']}")
    text = "\n".join(line for line in lines if line)
    return text.encode()[:_MOST].decode(errors="ignore")
