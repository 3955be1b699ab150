"""Writes as a bot (https://core.telegram.org/bots/api#sendmessage); what follows on an alert answers its first
message."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from html import escape
from typing import Any, ClassVar
from uuid import UUID

from pydantic import BaseModel

from meshhook_alerts.application.ports import ChannelTools, HttpAnswer
from meshhook_alerts.channels.http import HttpChannel, Post, json_of, outcome_of, said_by
from meshhook_alerts.channels.telegram.config import TelegramConfig
from meshhook_alerts.channels.wording import (
    View,
    facts_of,
    heading_of,
    links_of,
    mark_of,
    shorten,
    view_of,
)
from meshhook_alerts.domain.delivery import Delivered, Outcome, Rejected, TryAgain
from meshhook_alerts.domain.message import Content

_MOST = 4_000  # UTF-16 units that are shown; Telegram takes 4,096
_ERROR, _VALUE = 2_500, 100
_TAGS = re.compile(r"<[^>]*>")
_LOUD = ("error", "critical")


class TelegramChannel(HttpChannel[TelegramConfig]):
    """The channel kind ``telegram``."""

    kind: ClassVar[str] = "telegram"
    title: ClassVar[str] = "Telegram"
    config_model: ClassVar[type[BaseModel]] = TelegramConfig

    def addresses(self, config: TelegramConfig) -> Sequence[str]:
        """Telegram's API."""
        return [config.server]

    def hidden(self, config: TelegramConfig) -> Sequence[str]:
        """The token stands in the address."""
        return [config.token.partition(":")[2]]

    def posts(
        self, notification_id: UUID, content: Content, config: TelegramConfig, tools: ChannelTools
    ) -> Sequence[Post]:
        """One message. Telegram knows no idempotency: a repeat after a lost answer shows twice."""
        view = view_of(content)
        message: dict[str, Any] = {
            "chat_id": int(config.chat) if config.chat.lstrip("-").isdigit() else config.chat,
            "text": text_of(view),
            "parse_mode": "HTML",
            "link_preview_options": {"is_disabled": True},
        }
        if config.topic:
            message["message_thread_id"] = config.topic
        if config.silent_below_error and view.severity not in _LOUD:
            message["disable_notification"] = True
        if tools.thread and tools.thread.isdigit() and not content.get("digest"):
            message["reply_parameters"] = {
                "message_id": int(tools.thread),
                "allow_sending_without_reply": True,
            }
        url = f"{config.server.rstrip('/')}/bot{config.token}/sendMessage"
        return [Post.of_json(url, message)]

    def judge(self, answer: HttpAnswer, now: datetime, config: TelegramConfig) -> Outcome:
        """``ok`` says whether there is a message, ``parameters.retry_after`` how long to wait."""
        said = json_of(answer)
        outcome = outcome_of(answer, now)
        if said.get("ok") is True:
            result = said.get("result")
            number = result.get("message_id") if isinstance(result, dict) else None
            return Delivered("ok", reference=str(number) if number else None)
        if isinstance(outcome, TryAgain):
            parameters = said.get("parameters")
            wait = parameters.get("retry_after") if isinstance(parameters, dict) else None
            if isinstance(wait, int):
                return TryAgain(
                    said_by(answer), timedelta(seconds=min(max(wait, 0), 86_400)), connected=True
                )
            return outcome
        moved = said.get("parameters")
        if isinstance(moved, dict) and moved.get("migrate_to_chat_id"):
            return Rejected(
                f"The group became a supergroup: enter its new number, {moved['migrate_to_chat_id']}",
                connected=True,
            )
        return Rejected(said_by(answer), connected=True)


def text_of(view: View) -> str:
    """The message in Telegram's HTML, the error as long as there is room for it."""
    text, limit = _text(view, _ERROR), _ERROR
    while limit and len(_TAGS.sub("", text).encode("utf-16-le")) // 2 > _MOST:
        limit = max(0, limit - 250)
        text = _text(view, limit)
    return text


def _text(view: View, longest_error: int) -> str:
    said = " ".join(part for part in (view.happened, view.progress) if part)
    facts = "\n".join(
        f"{escape(fact.label)}: {escape(shorten(fact.value, _VALUE), quote=False)}"
        for fact in facts_of(view)
    )
    links = "  ·  ".join(f'<a href="{escape(url)}">{label}</a>' for label, url in links_of(view))
    parts = (
        f"{mark_of(view)} <b>{escape(view.state)}</b>\n<b>{_in(heading_of(view), 160)}</b>",
        _in(said, 300),
        f"<pre>{_in(view.error, longest_error)}</pre>" if view.error and longest_error else "",
        _in(view.hint, 200),
        facts,
        links,
        f"<i>{_in(view.why, 200)}</i>" if view.why else "",
    )
    return "\n\n".join(part for part in parts if part)


def _in(text: str, limit: int) -> str:
    return escape(shorten(text, limit), quote=False)
