"""Sends text messages by a gateway that takes an HTTP request."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import urlencode
from uuid import UUID

from pydantic import BaseModel

from meshhook_alerts.application.ports import ChannelTools, HttpAnswer
from meshhook_alerts.channels.http import Post, outcome_of
from meshhook_alerts.channels.sms.channel import SmsChannel, part_of
from meshhook_alerts.channels.sms.gateway.config import GatewayConfig
from meshhook_alerts.channels.sms.text import text_of
from meshhook_alerts.domain.delivery import Delivered, Outcome, Rejected
from meshhook_alerts.domain.message import Content

_PLACE = re.compile(r"\{(?:to|text|id)\}")


class GatewayChannel(SmsChannel[GatewayConfig]):
    """The channel kind ``sms_gateway``."""

    kind: ClassVar[str] = "sms_gateway"
    title: ClassVar[str] = "SMS (gateway)"
    config_model: ClassVar[type[BaseModel]] = GatewayConfig

    def addresses(self, config: GatewayConfig) -> Sequence[str]:
        """The gateway."""
        return [config.url]

    def posts(
        self, notification_id: UUID, content: Content, config: GatewayConfig, tools: ChannelTools
    ) -> Sequence[Post]:
        """One for each recipient, with an id by which the gateway may know a repeat."""
        text = text_of(content, config.max_segments)
        return [
            _post(config, to, text, f"{notification_id.hex}-{number}")
            for number, to in enumerate(config.to, 1)
        ]

    def judge(self, answer: HttpAnswer, now: datetime, config: GatewayConfig) -> Outcome:
        """A good answer is one that says so, where somebody has told how."""
        outcome = outcome_of(answer, now)
        if isinstance(outcome, Delivered) and (config.accepted_if or "") not in answer.body:
            what = f"The answer does not have what a good one has: {outcome.detail}"
            return Rejected(what, connected=True)
        return outcome


def _post(config: GatewayConfig, to: str, text: str, id_: str) -> Post:
    values = {"{to}": to if config.plus else to.removeprefix("+"), "{text}": text, "{id}": id_}
    document = _filled(config.document(), values)
    headers = dict(config.headers or {})
    if config.form == "json":
        return Post.of_json(config.url, document, headers, part_of(to))
    headers["content-type"] = "application/x-www-form-urlencoded"
    return Post(config.url, urlencode(document).encode(), headers, part_of(to))


def _filled(found: Any, values: Mapping[str, str]) -> Any:
    """The template with its places filled: in one pass, so that what is filled in is never looked at again."""
    if isinstance(found, dict):
        return {key: _filled(value, values) for key, value in found.items()}
    if isinstance(found, list):
        return [_filled(each, values) for each in found]
    return _replaced(found, values) if isinstance(found, str) else found


def _replaced(text: str, values: Mapping[str, str]) -> str:
    return _PLACE.sub(lambda found: values[found[0]], text)
