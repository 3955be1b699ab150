"""Publishes to a topic (https://docs.ntfy.sh/publish/#publish-as-json)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar
from uuid import UUID

from pydantic import BaseModel

from meshhook_alerts.application.ports import ChannelTools
from meshhook_alerts.channels.http import HttpChannel, Post
from meshhook_alerts.channels.wording import heading_of, links_of, shorten, view_of
from meshhook_alerts.domain.message import Content
from meshhook_alerts_ntfy.config import NtfyConfig

_PRIORITY = {"good": 2, "info": 2, "warning": 3, "error": 4, "critical": 5}
_TAG = {"good": "white_check_mark", "info": "information_source"}
_MOST = 3_500  # bytes of text; the public server turns what is longer than 4,096 into an attachment


class NtfyChannel(HttpChannel[NtfyConfig]):
    """The channel kind ``ntfy``."""

    kind: ClassVar[str] = "ntfy"
    title: ClassVar[str] = "ntfy"
    config_model: ClassVar[type[BaseModel]] = NtfyConfig

    def addresses(self, config: NtfyConfig) -> Sequence[str]:
        """The server."""
        return [config.server]

    def hidden(self, config: NtfyConfig) -> Sequence[str]:
        """Whoever knows the topic reads along."""
        return [config.topic]

    def posts(
        self, notification_id: UUID, content: Content, config: NtfyConfig, tools: ChannelTools
    ) -> Sequence[Post]:
        """One message. A repeat after a lost answer shows twice: ntfy knows no idempotency."""
        headers = {"authorization": f"Bearer {config.token}"} if config.token else {}
        return [Post.of_json(config.server, _message(content, config), headers)]


def _message(content: Content, config: NtfyConfig) -> dict[str, Any]:
    view = view_of(content)
    said = " ".join(part for part in (view.happened, view.progress) if part)
    text = "\n\n".join(part for part in (said, shorten(view.error, 800), view.hint) if part)
    return {
        "topic": config.topic,
        "title": shorten(f"{view.state}: {heading_of(view)}", 200),
        "message": text.encode()[:_MOST].decode(errors="ignore"),
        "priority": _PRIORITY[view.severity],
        "tags": [_TAG.get(view.severity, "rotating_light")],
        "actions": [
            {"action": "view", "label": label, "url": url} for label, url in links_of(view)[:3]
        ],
        **({"click": view.alert_url} if view.alert_url else {}),
    }
