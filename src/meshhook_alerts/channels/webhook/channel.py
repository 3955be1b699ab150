"""Sends alerts as signed HTTP posts (Standard Webhooks 1.0.0)."""

from __future__ import annotations

import base64
import hmac
import re
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from typing import ClassVar, cast
from uuid import UUID

import orjson
from pydantic import BaseModel
from yarl import URL

from meshhook_alerts.application.ports import (
    ChannelTools,
    ForbiddenDestination,
    HttpSilent,
    HttpUnreachable,
)
from meshhook_alerts.channels.masking import detail
from meshhook_alerts.channels.webhook.answers import outcome_of
from meshhook_alerts.channels.webhook.config import WebhookConfig, signing_key
from meshhook_alerts.domain.delivery import Outcome, Rejected, TryAgain
from meshhook_alerts.domain.message import Content


def _version() -> str:
    try:
        return version("meshhook-alerts")
    except PackageNotFoundError:  # run from source
        return "source"


_PARTS = re.compile(r"[/?&=#]")
_USER_AGENT = f"MeshHook-Alerts/{_version()}"


class WebhookChannel:
    """The channel kind ``webhook``."""

    kind: ClassVar[str] = "webhook"
    title: ClassVar[str] = "Webhook"
    config_model: ClassVar[type[BaseModel]] = WebhookConfig

    async def check(self, config: BaseModel, tools: ChannelTools) -> None:
        """Raises ``ForbiddenDestination`` for an address the guard would refuse to call. A name
        that does not resolve at the moment is let pass: it may before the first alert."""
        url = cast(WebhookConfig, config).url
        tools.guard.check_url(url)
        parsed = URL(url)
        with suppress(OSError):
            await tools.guard.resolve(parsed.raw_host or "", parsed.port or 443)

    async def send(
        self, notification_id: UUID, content: Content, config: BaseModel, tools: ChannelTools
    ) -> Outcome:
        """Posts once. The receiver knows a repeat by its ``webhook-id``, so silence after the
        request is worth another try, not a doubt."""
        settings = cast(WebhookConfig, config)
        outcome = await _post(notification_id, content, settings, tools)
        shown = detail(outcome.detail, settings, *_secret_parts(settings.url))
        return replace(outcome, detail=shown)


async def _post(
    notification_id: UUID, content: Content, config: WebhookConfig, tools: ChannelTools
) -> Outcome:
    body = body_of(content)
    headers = _headers(notification_id, body, config, tools.now())
    try:
        answer = await tools.http.post(config.url, body, headers)
    except ForbiddenDestination as refusal:
        return Rejected(str(refusal), connected=False)
    except HttpUnreachable as trouble:
        return TryAgain(str(trouble), connected=False)
    except HttpSilent as trouble:
        return TryAgain(str(trouble), connected=True)
    return outcome_of(answer, tools.now())


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


def _secret_parts(url: str) -> list[str]:
    """Parts of the address that may be secret and that servers like to repeat ("Cannot POST
    /hooks/…"): the path with its query, and long pieces of either."""
    parsed = URL(url)
    pieces = [*parsed.raw_parts, *parsed.query.values(), *_PARTS.split(url)[3:]]
    return [parsed.raw_path_qs, parsed.raw_path, *(piece for piece in pieces if len(piece) >= 16)]
