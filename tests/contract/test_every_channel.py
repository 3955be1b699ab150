"""What every installed channel must keep, whoever wrote it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from pydantic import BaseModel

from meshhook_alerts.application.channel_document import is_secret
from meshhook_alerts.application.ports import ChannelPlugin
from meshhook_alerts.channels import help_of, installed_channels
from meshhook_alerts.domain.delivery import Ambiguous, Delivered, Outcome, Rejected, TryAgain
from tests.contract.content import EVERY_FORM, NOTIFICATION, first_failure, still_failing
from tests.contract.harness import Answer, Harness, harness_for

_CHANNELS = installed_channels()
_SECRET_WORDS = ("secret", "password", "token", "key", "header")


@pytest.fixture(params=sorted(_CHANNELS))
def channel(request: pytest.FixtureRequest) -> ChannelPlugin:
    return _CHANNELS[request.param]


@pytest.fixture
async def harness(channel: ChannelPlugin) -> AsyncIterator[Harness]:
    async with harness_for(channel.kind) as opened:
        yield opened


def test_our_own_channels_are_installed() -> None:
    assert {"email", "webhook"} <= set(_CHANNELS)


async def test_a_message_arrives(channel: ChannelPlugin, harness: Harness) -> None:
    outcome = await _send(channel, harness)
    assert isinstance(outcome, Delivered), outcome
    assert len(harness.received()) == 1


async def test_the_same_notification_gives_the_same_bytes(
    channel: ChannelPlugin, harness: Harness
) -> None:
    for _ in range(2):
        await _send(channel, harness, still_failing())
    first, second = harness.received()
    assert first == second


async def test_what_passes_is_tried_again(channel: ChannelPlugin, harness: Harness) -> None:
    harness.answer(Answer.BUSY)
    outcome = await _send(channel, harness)
    assert isinstance(outcome, TryAgain), outcome
    assert not harness.received()


async def test_wrong_credentials_are_not_tried_again(
    channel: ChannelPlugin, harness: Harness
) -> None:
    harness.answer(Answer.WRONG_CREDENTIALS)
    outcome = await _send(channel, harness)
    assert isinstance(outcome, Rejected), outcome


async def test_a_dead_destination_is_not_tried_again(
    channel: ChannelPlugin, harness: Harness
) -> None:
    harness.answer(Answer.GONE)
    outcome = await _send(channel, harness)
    assert isinstance(outcome, Rejected), outcome


async def test_a_lost_answer_is_a_doubt(channel: ChannelPlugin, harness: Harness) -> None:
    harness.answer(Answer.SILENT)
    outcome = await _send(channel, harness)
    assert isinstance(outcome, Ambiguous), outcome


async def test_a_good_answer_that_says_no_is_no_delivery(
    channel: ChannelPlugin, harness: Harness
) -> None:
    harness.answer(Answer.NOT_REALLY)
    outcome = await _send(channel, harness)
    assert isinstance(outcome, Rejected | TryAgain), outcome


@pytest.mark.parametrize("content", EVERY_FORM, ids=lambda content: content["reason"])
async def test_every_form_of_a_message_arrives(
    channel: ChannelPlugin, harness: Harness, content: dict[str, Any]
) -> None:
    outcome = await _send(channel, harness, content)
    assert isinstance(outcome, Delivered), outcome
    assert harness.received()


async def test_names_and_errors_of_any_length_and_script_arrive(
    channel: ChannelPlugin, harness: Harness
) -> None:
    for text in (
        "x" * 20_000,
        "\u202eפקס <b>*_`[a](http://b)`_*</b> &amp; \x07 " * 40,
        "👩‍👩‍👧‍👦" * 900,
    ):
        content = first_failure(
            sample=text, workflow=text[:300], workflow_name=text[:300], node_id=text[:300]
        )
        outcome = await _send(channel, harness, content)
        assert isinstance(outcome, Delivered), (text[:20], outcome)


@pytest.mark.parametrize("answer", Answer)
async def test_no_secret_appears_in_a_detail(
    channel: ChannelPlugin, harness: Harness, answer: Answer
) -> None:
    harness.answer(answer)
    outcome = await _send(channel, harness)
    assert outcome.detail
    assert len(outcome.detail) <= 300
    assert not [secret for secret in harness.secrets if secret in outcome.detail], outcome


async def test_a_good_destination_may_be_saved(channel: ChannelPlugin, harness: Harness) -> None:
    await channel.check(_config(channel, harness), harness.tools)


def test_every_field_can_be_drawn(channel: ChannelPlugin) -> None:
    schema = channel.config_model.model_json_schema()
    for name, field in schema["properties"].items():
        assert field.get("title"), name
        assert field.get("description"), name
    assert channel.title
    assert help_of(channel).startswith("# ")


def test_secrets_are_marked_and_stored_as_texts(channel: ChannelPlugin, harness: Harness) -> None:
    model = channel.config_model
    for name in model.model_fields:
        if any(word in name for word in _SECRET_WORDS):
            assert is_secret(model, name), name
    stored = _config(channel, harness).model_dump(mode="json", exclude_none=True)
    for name, value in stored.items():
        assert isinstance(value, str) or not is_secret(model, name), name
    assert model.model_validate(stored) == _config(channel, harness)


def test_an_unknown_setting_is_refused_without_repeating_it(channel: ChannelPlugin) -> None:
    mistyped = uuid4().hex
    with pytest.raises(ValueError, match="pasword") as refusal:
        channel.config_model.model_validate({"pasword": mistyped})
    assert mistyped not in str(refusal.value)


def _config(channel: ChannelPlugin, harness: Harness) -> BaseModel:
    return channel.config_model.model_validate(harness.config)


async def _send(
    channel: ChannelPlugin, harness: Harness, content: dict[str, Any] | None = None
) -> Outcome:
    return await channel.send(
        NOTIFICATION, content or first_failure(), _config(channel, harness), harness.tools
    )
