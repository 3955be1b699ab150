"""What is each chat's own: threads, the first message at the end, and what is said of a wrong setting."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from meshhook_alerts.channels.discord.config import DiscordConfig
from meshhook_alerts.channels.slack.bot import CHANNEL as SLACK_BOT
from meshhook_alerts.channels.slack.bot.config import SlackBotConfig
from meshhook_alerts.channels.slack.webhook.config import SlackWebhookConfig
from meshhook_alerts.channels.teams.config import TeamsConfig
from meshhook_alerts.channels.telegram import CHANNEL as TELEGRAM
from meshhook_alerts.channels.telegram.channel import text_of
from meshhook_alerts.channels.telegram.config import TelegramConfig
from meshhook_alerts.channels.wording import view_of
from meshhook_alerts.domain.delivery import Delivered, Rejected, TryAgain
from tests.contract import harness_slack_bot, harness_telegram
from tests.contract.content import (
    NOTIFICATION,
    closed,
    digest,
    first_failure,
    recovered,
    still_failing,
)
from tests.contract.harness import Answer

TELEGRAM_TOKEN = "123456789:" + "A" * 35


async def test_what_follows_on_an_alert_stands_in_its_thread_and_the_end_changes_the_first_message() -> (
    None
):
    async with harness_slack_bot.open_harness() as slack:
        config = SlackBotConfig.model_validate(slack.config)
        first = await SLACK_BOT.send(NOTIFICATION, first_failure(), config, slack.tools)
        assert isinstance(first, Delivered)
        assert first.reference
        slack.tools.thread = first.reference
        await SLACK_BOT.send(NOTIFICATION, still_failing(), config, slack.tools)
        await SLACK_BOT.send(NOTIFICATION, recovered(), config, slack.tools)
        said = [(each.path.rpartition("/")[2], each.json) for each in slack.requests]
    assert [method for method, _ in said] == ["chat.postMessage"] * 3 + ["chat.update"]
    assert "thread_ts" not in said[0][1]
    assert (said[1][1]["thread_ts"], said[1][1]["reply_broadcast"]) == (first.reference, False)
    assert (said[2][1]["thread_ts"], said[2][1]["reply_broadcast"]) == (first.reference, True)
    assert said[3][1]["ts"] == first.reference
    assert said[3][1]["attachments"][0]["color"] == "#1a7f37"


async def test_an_end_that_was_told_in_the_thread_is_not_told_there_again() -> None:
    async with harness_slack_bot.open_harness() as slack:
        config = SlackBotConfig.model_validate(slack.config)
        first = await SLACK_BOT.send(NOTIFICATION, first_failure(), config, slack.tools)
        assert isinstance(first, Delivered)
        slack.tools.thread, slack.tools.done = first.reference, ("message",)
        slack.answer(Answer.BUSY)
        later = await SLACK_BOT.send(NOTIFICATION, recovered(), config, slack.tools)
        assert isinstance(later, TryAgain)
        assert later.done == ("message",)
        assert later.retry_after
        slack.answer(Answer.ACCEPTED)
        assert isinstance(
            await SLACK_BOT.send(NOTIFICATION, recovered(), config, slack.tools), Delivered
        )
        assert [each.path.rpartition("/")[2] for each in slack.requests] == [
            "chat.postMessage",
            "chat.update",
        ]


async def test_a_first_message_that_somebody_deleted_keeps_no_end_back() -> None:
    async with harness_slack_bot.open_harness() as slack:
        config = SlackBotConfig.model_validate(slack.config)
        slack.tools.thread, slack.tools.done = "1764000000.999999", ("message",)
        outcome = await SLACK_BOT.send(NOTIFICATION, closed(), config, slack.tools)
        assert isinstance(outcome, Delivered)
        assert "can no longer be changed" in outcome.detail


async def test_a_digest_is_nobodys_thread() -> None:
    async with harness_slack_bot.open_harness() as slack:
        config = SlackBotConfig.model_validate(slack.config)
        slack.tools.thread = "1764000000.000000"
        outcome = await SLACK_BOT.send(NOTIFICATION, digest(), config, slack.tools)
        assert isinstance(outcome, Delivered)
        assert outcome.reference is None
        assert "thread_ts" not in slack.requests[0].json


async def test_slack_says_what_mends_it() -> None:
    async with harness_slack_bot.open_harness() as slack:
        config = SlackBotConfig.model_validate({**slack.config, "channel": "C0000000000"})
        outcome = await SLACK_BOT.send(NOTIFICATION, first_failure(), config, slack.tools)
        assert isinstance(outcome, Rejected)
        assert outcome.detail.startswith(
            "channel_not_found: no such channel, or the bot is not in it"
        )


async def test_in_telegram_what_follows_answers_the_first_message() -> None:
    async with harness_telegram.open_harness() as telegram:
        config = TelegramConfig.model_validate(telegram.config)
        first = await TELEGRAM.send(NOTIFICATION, first_failure(), config, telegram.tools)
        assert isinstance(first, Delivered)
        telegram.tools.thread = first.reference
        await TELEGRAM.send(NOTIFICATION, recovered(), config, telegram.tools)
        assert telegram.requests[1].json["reply_parameters"] == {
            "message_id": 1000,
            "allow_sending_without_reply": True,
        }


async def test_a_group_that_moved_says_where() -> None:
    from meshhook_alerts.application.ports import HttpAnswer
    from tests.contract.content import OPENED

    said = {"ok": False, "error_code": 400, "description": "Bad Request: group chat was upgraded",
            "parameters": {"migrate_to_chat_id": -1009876543210}}  # fmt: skip
    config = TelegramConfig(token=TELEGRAM_TOKEN, chat="-1")
    outcome = TELEGRAM.judge(HttpAnswer(400, {}, json.dumps(said)), OPENED, config)
    assert isinstance(outcome, Rejected)
    assert "-1009876543210" in outcome.detail


def test_however_long_an_error_is_telegram_has_room() -> None:
    for text in ("&<>" * 4_000, "👩‍👩‍👧‍👦" * 900, "x" * 20_000):
        content = first_failure(sample=text, workflow=text[:300], node_id=text[:300])
        shown = text_of(view_of(content))
        assert "charge" not in shown
        assert shown.count("<pre>") == shown.count("</pre>")


WRONG: list[tuple[type[BaseModel], dict[str, Any], str]] = [
    (SlackBotConfig, {"token": "xapp-1-A0-1-abc", "channel": "C0123456789"}, "an app-level token"),
    (SlackBotConfig, {"token": "xoxp-1-2-3", "channel": "C0123456789"}, "a user's token"),
    (SlackBotConfig, {"token": "xoxb-1-2-3", "channel": "#alerts"}, "channel"),
    (SlackWebhookConfig, {"url": "https://app.slack.com/client/T1/C1"}, "begins with https://hooks.slack.com"),
    (SlackWebhookConfig, {"url": "hooks.slack.com/services/x"}, "url"),
    (DiscordConfig, {"url": "https://discord.com/channels/1/2"}, "/api/webhooks/"),
    (TeamsConfig, {"url": "https://acme.webhook.office.com/webhookb2/x"}, "which Microsoft has ended"),
    (TelegramConfig, {"token": "hello", "chat": "-1"}, "@BotFather"),
    (TelegramConfig, {"token": TELEGRAM_TOKEN, "chat": "our chat"}, "chat"),
]  # fmt: skip


@pytest.mark.parametrize(("model", "config", "said"), WRONG)
def test_a_wrong_setting_is_said_when_it_is_saved(
    model: type[BaseModel], config: dict[str, Any], said: str
) -> None:
    with pytest.raises(ValidationError) as refusal:
        model.model_validate(config)
    assert said in str(refusal.value)
    assert str(next(iter(config.values()))) not in str(refusal.value)
