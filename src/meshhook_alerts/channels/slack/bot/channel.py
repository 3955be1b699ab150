"""Writes as a bot (https://docs.slack.dev/reference/methods/chat.postMessage): what belongs to one alert stands in one
thread, whose first message shows when it is over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from pydantic import BaseModel

from meshhook_alerts.application.ports import ChannelTools, HttpAnswer
from meshhook_alerts.channels.http import HttpChannel, Post, json_of, outcome_of, retry_after
from meshhook_alerts.channels.slack.blocks import message_of
from meshhook_alerts.channels.slack.bot.config import SlackBotConfig
from meshhook_alerts.domain.delivery import Delivered, Outcome, Rejected, TryAgain
from meshhook_alerts.domain.message import Content

_PASSING = frozenset(
    {"ratelimited", "rate_limited", "fatal_error", "internal_error", "service_unavailable", "request_timeout",
     "team_added_to_org", "accesslimited"}
)  # fmt: skip
"""Errors that heal (from the method's page); every other stays until somebody mends something."""
_FIRST_IS_GONE = frozenset({"message_not_found", "cant_update_message", "edit_window_closed"})
"""Of an update: the thread says it already."""
_MENDED_BY = {
    "not_in_channel": "invite the bot to the channel",
    "channel_not_found": "no such channel, or the bot is not in it: check the id, invite the bot",
    "is_archived": "the channel is archived",
    "invalid_auth": "the token is not valid",
    "token_revoked": "the token was revoked: enter the new one",
    "account_inactive": "the app was removed from the workspace",
    "missing_scope": "the app needs the scope chat:write",
    "not_allowed_token_type": "this is not a bot token",
}
_ENDS = ("alert.recovered", "alert.closed")


class SlackBotChannel(HttpChannel[SlackBotConfig]):
    """The channel kind ``slack_bot``."""

    kind: ClassVar[str] = "slack_bot"
    title: ClassVar[str] = "Slack (bot)"
    config_model: ClassVar[type[BaseModel]] = SlackBotConfig

    def addresses(self, config: SlackBotConfig) -> Sequence[str]:
        """Slack's API."""
        return [config.server]

    def posts(
        self, notification_id: UUID, content: Content, config: SlackBotConfig, tools: ChannelTools
    ) -> Sequence[Post]:
        """The message, in the alert's thread if it has one; at the end the first message is changed, too."""
        thread = None if content.get("digest") else tools.thread
        message = {**message_of(content), "channel": config.channel}
        said = {**message, "unfurl_links": False, "unfurl_media": False}
        if thread is None:
            return [self._call(config, "chat.postMessage", said, "message")]
        over = content["type"] in _ENDS
        said |= {"thread_ts": thread, "reply_broadcast": over}
        posts = [self._call(config, "chat.postMessage", said, "message")]
        if over:
            posts.append(
                self._call(config, "chat.update", {**message, "ts": thread}, "first message")
            )
        return posts

    def judge(self, answer: HttpAnswer, now: datetime, config: SlackBotConfig) -> Outcome:
        """Slack answers 200 whatever happened; ``ok`` says what did."""
        said = json_of(answer)
        if answer.status != 200 or "ok" not in said:
            outcome = outcome_of(answer, now)
            return (
                TryAgain(f"No answer of Slack's: {outcome.detail}")
                if isinstance(outcome, Delivered)
                else outcome
            )
        if said["ok"] is True:
            return Delivered("ok", reference=str(said["ts"]) if said.get("ts") else None)
        error = str(said.get("error"))
        if error in _FIRST_IS_GONE:
            return Delivered(f"{error}: the thread's first message can no longer be changed")
        if error in _PASSING:
            return TryAgain(
                error, retry_after(answer.headers.get("retry-after"), now), connected=True
            )
        return Rejected(
            f"{error}: {_MENDED_BY[error]}" if error in _MENDED_BY else error, connected=True
        )

    def _call(self, config: SlackBotConfig, method: str, document: object, part: str) -> Post:
        headers = {
            "authorization": f"Bearer {config.token}",
            "content-type": "application/json; charset=utf-8",
        }
        return Post.of_json(f"{config.server.rstrip('/')}/{method}", document, headers, part)
