"""Sends alerts as signed HTTP posts (Standard Webhooks 1.0.0)."""

from __future__ import annotations

import base64
import hmac
from dataclasses import replace
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from typing import ClassVar, cast
from uuid import UUID

import orjson
from pydantic import BaseModel

from meshhook_alerts.application.ports import ChannelTools
from meshhook_alerts.channels.http import check_address, post, secret_parts
from meshhook_alerts.channels.masking import detail
from meshhook_alerts.channels.webhook.config import WebhookConfig, signing_key
from meshhook_alerts.domain.delivery import Outcome
from meshhook_alerts.domain.message import Content


def _version() -> str:
    try:
        return version("meshhook-alerts")
    except PackageNotFoundError:  # run from source
        return "source"


_USER_AGENT = f"MeshHook-Alerts/{_version()}"


class WebhookChannel:
    """The channel kind ``webhook``."""

    kind: ClassVar[str] = "webhook"
    title: ClassVar[str] = "Webhook"
    config_model: ClassVar[type[BaseModel]] = WebhookConfig

    async def check(self, config: BaseModel, tools: ChannelTools) -> None:
        """Raises ``ForbiddenDestination`` for an address the guard would refuse to call."""
        await check_address(cast(WebhookConfig, config).url, tools)

    async def send(
        self, notification_id: UUID, content: Content, config: BaseModel, tools: ChannelTools
    ) -> Outcome:
        """Posts once. The receiver knows a repeat by its ``webhook-id``, so silence after the
        request is worth another try, not a doubt."""
        settings = cast(WebhookConfig, config)
        body = body_of(content)
        headers = _headers(notification_id, body, settings, tools.now())
        outcome = await post(settings.url, body, headers, tools)
        shown = detail(outcome.detail, settings, *secret_parts(settings.url))
        return replace(outcome, detail=shown)


def body_of(content: Content) -> bytes:
    """The body: canonical JSON (keys sorted, no spaces), so every try sends the same bytes."""
    event = {
        "type": content["type"],
        "timestamp": content["alert"]["last_failure_at"],
        "data": content,
    }
    return orjson.dumps(event, option=orjson.OPT_SORT_KEYS)


def sign(message_id: str, timestamp: int, body: bytes, secret: str) -> str:
    """The ``v1`` signature (HMAC-SHA256) over id, time (Unix seconds) and body."""
    signed = b"%b.%d.%b" % (message_id.encode(), timestamp, body)
    digest = hmac.digest(signing_key(secret), signed, "sha256")
    return f"v1,{base64.b64encode(digest).decode()}"


def _headers(
    notification_id: UUID, body: bytes, config: WebhookConfig, now: datetime
) -> dict[str, str]:
    message_id, timestamp = f"msg_{notification_id.hex}", int(now.timestamp())
    secrets = [secret for secret in (config.secret, config.previous_secret) if secret]
    return {
        **(config.headers or {}),
        "content-type": "application/json",
        "user-agent": _USER_AGENT,
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(sign(message_id, timestamp, body, each) for each in secrets),
    }
