"""A channel that sends text messages: one request for each recipient."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel

from meshhook_alerts.application.ports import ChannelTools, Preview
from meshhook_alerts.channels.http import HttpChannel, Post
from meshhook_alerts.channels.sms.segments import segments_of
from meshhook_alerts.channels.sms.text import text_of
from meshhook_alerts.domain.message import Content

Config = TypeVar("Config", bound=BaseModel)

VALID_SECONDS = {"critical": 3_600, "error": 6 * 3_600}
"""How long a provider may try to deliver: an alert has a shelf life."""
VALID_OTHERWISE = 6 * 3_600


class SmsChannel(HttpChannel[Config], Generic[Config]):
    """Subclasses say what is posted for one recipient."""

    def one(
        self, to: str, text: str, content: Content, config: Config, receipt_url: str | None
    ) -> Post:
        """The request for one recipient, whose part is ``part_of(to)``."""
        raise NotImplementedError

    def posts(
        self, notification_id: UUID, content: Content, config: Config, tools: ChannelTools
    ) -> Sequence[Post]:
        """One for each recipient; a provider that knows no idempotency may send twice after a lost answer."""
        settings: Any = config
        text = text_of(content, settings.max_segments)
        return [self.one(to, text, content, config, tools.receipt_url) for to in settings.to]

    def preview(self, content: Content, config: BaseModel) -> Preview:
        """The text, and what it costs."""
        settings: Any = config
        text = text_of(content, settings.max_segments)
        found, people = segments_of(text), len(settings.to)
        note = f"{found.count} {'segment' if found.count == 1 else 'segments'} ({found.encoding}, {found.units} units)"
        if people > 1:
            note += f", to {people} recipients: {found.count * people}"
        return Preview(text, found.count * people, note)


def part_of(to: str) -> str:
    """What a recipient is called among the parts of a message."""
    return f"recipient {to}"


def valid_seconds(content: Content) -> int:
    """How long this message may be tried."""
    return VALID_SECONDS.get(str(content["severity"]), VALID_OTHERWISE)
