"""Posts to a Slack incoming webhook (https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from pydantic import BaseModel

from meshhook_alerts.application.ports import ChannelTools, HttpAnswer
from meshhook_alerts.channels.http import HttpChannel, Post, outcome_of, said_by
from meshhook_alerts.channels.slack.blocks import message_of
from meshhook_alerts.channels.slack.webhook.config import SlackWebhookConfig
from meshhook_alerts.domain.delivery import Delivered, Outcome, Rejected
from meshhook_alerts.domain.message import Content


class SlackWebhookChannel(HttpChannel[SlackWebhookConfig]):
    """The channel kind ``slack``."""

    kind: ClassVar[str] = "slack"
    title: ClassVar[str] = "Slack (webhook)"
    config_model: ClassVar[type[BaseModel]] = SlackWebhookConfig

    def addresses(self, config: SlackWebhookConfig) -> Sequence[str]:
        """The webhook."""
        return [config.url]

    def posts(
        self,
        notification_id: UUID,
        content: Content,
        config: SlackWebhookConfig,
        tools: ChannelTools,
    ) -> Sequence[Post]:
        """One message. Slack knows no idempotency: a repeat after a lost answer shows twice."""
        return [Post.of_json(config.url, message_of(content))]

    def judge(self, answer: HttpAnswer, now: datetime, config: SlackWebhookConfig) -> Outcome:
        """Slack answers ``ok``; Mattermost and Rocket.Chat, which take the same messages, a text or JSON of their
        own."""
        outcome = outcome_of(answer, now)
        body = answer.body.strip()
        if isinstance(outcome, Delivered) and (body in _REFUSED or '"success":false' in body):
            return Rejected(said_by(answer), connected=True)
        return outcome


_REFUSED = frozenset(
    {"no_service", "no_team", "invalid_payload", "invalid_token", "channel_not_found"}
)
"""Codes that come with an error status; should one come without, it is an error all the same."""
