"""Posts to a Discord webhook (https://discord.com/developers/docs/resources/webhook#execute-webhook)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

from pydantic import BaseModel
from yarl import URL

from meshhook_alerts.application.ports import ChannelTools, HttpAnswer
from meshhook_alerts.channels.discord.config import DiscordConfig
from meshhook_alerts.channels.http import HttpChannel, Post, json_of, outcome_of, said_by
from meshhook_alerts.channels.wording import (
    View,
    colour_of,
    facts_of,
    heading_of,
    links_of,
    mark_of,
    shorten,
    view_of,
)
from meshhook_alerts.domain.delivery import Outcome, Rejected, TryAgain
from meshhook_alerts.domain.message import Content

# https://discord.com/developers/docs/resources/message#embed-object-embed-limits; all of an embed: 6,000
_TITLE, _DESCRIPTION, _VALUE, _FOOTER = 250, 3_000, 200, 300
_MOST_FIELDS = 9
_MARKDOWN = re.compile(r"([\\*_~`|>\[\]()#-])")


class DiscordChannel(HttpChannel[DiscordConfig]):
    """The channel kind ``discord``."""

    kind: ClassVar[str] = "discord"
    title: ClassVar[str] = "Discord"
    config_model: ClassVar[type[BaseModel]] = DiscordConfig

    def addresses(self, config: DiscordConfig) -> Sequence[str]:
        """The webhook."""
        return [config.url]

    def posts(
        self, notification_id: UUID, content: Content, config: DiscordConfig, tools: ChannelTools
    ) -> Sequence[Post]:
        """One message; with ``wait`` Discord answers only once it is there."""
        url = str(URL(config.url).update_query(wait="true"))
        return [Post.of_json(url, message_of(content))]

    def judge(self, answer: HttpAnswer, now: datetime, config: DiscordConfig) -> Outcome:
        """404 is a webhook that was deleted; how long to wait stands in the body, in fractions of a second."""
        outcome = outcome_of(answer, now)
        said = json_of(answer)
        if isinstance(outcome, TryAgain) and isinstance(
            wait := said.get("retry_after"), int | float
        ):
            asked = timedelta(seconds=min(max(float(wait), 0), 86_400))
            return TryAgain(
                said_by(answer), max(asked, outcome.retry_after or asked), connected=True
            )
        if answer.status == 204 or (200 <= answer.status < 300 and said.get("id")):
            return outcome
        if 200 <= answer.status < 300:
            return Rejected(f"Discord made no message of it: {said_by(answer)}", connected=True)
        return outcome


def message_of(content: Content) -> dict[str, Any]:
    """One embed; nobody can be pinged by what an error says."""
    view = view_of(content)
    embed: dict[str, Any] = {
        "title": shorten(f"{mark_of(view)} {heading_of(view)}", _TITLE),
        "description": _description(view),
        "color": int(colour_of(view), 16),
        "fields": [
            {"name": fact.label, "value": _plain(shorten(fact.value, _VALUE)), "inline": True}
            for fact in facts_of(view)[:_MOST_FIELDS]
        ],
        "footer": {"text": shorten(view.why, _FOOTER)},
        "timestamp": content["alert"]["last_failure_at"],
    }
    if view.alert_url:
        embed["url"] = view.alert_url
    return {"embeds": [embed], "allowed_mentions": {"parse": []}}


def _description(view: View) -> str:
    said = " ".join(part for part in (view.happened, view.progress) if part)
    links = "  ·  ".join(f"[{label}]({url})" for label, url in links_of(view))
    left = _DESCRIPTION - len(links) - 800
    error = shorten(view.error.replace("```", "` ` `"), max(left, 200))
    parts = (
        f"**{view.state}**",
        _plain(shorten(said, 300)),
        f"```\n{error}\n```" if error else "",
        _plain(shorten(view.hint, 200)),
        links,
    )
    return "\n".join(part for part in parts if part)


def _plain(text: str) -> str:
    """Foreign text, of which Discord is to make no links and no styles."""
    return _MARKDOWN.sub(r"\\\1", text)
