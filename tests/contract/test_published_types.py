"""What we send is what providers' own packages take, where they publish one: Slack's ``slack_sdk`` checks blocks,
Microsoft's ``microsoft-teams-cards`` has a model of every element of a card, Atlassian's ``opsgenie-sdk`` one of each
request, Vonage's ``vonage-sms`` one of a message.

Discord, Telegram, PagerDuty (its events) and Twilio publish none that could be asked without their clients; their stand-ins
keep the documented limits."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest
from microsoft_teams import cards
from opsgenie_sdk import AcknowledgeAlertPayload, CloseAlertPayload, CreateAlertPayload
from pydantic import BaseModel
from slack_sdk.models.blocks import Block
from vonage_sms import SmsMessage

from meshhook_alerts.channels.opsgenie import CHANNEL as OPSGENIE
from meshhook_alerts.channels.opsgenie.config import OpsgenieConfig
from meshhook_alerts.channels.slack.blocks import message_of as slack_message
from meshhook_alerts.channels.sms.text import text_of
from meshhook_alerts.channels.sms.vonage import CHANNEL as VONAGE
from meshhook_alerts.channels.sms.vonage.config import VonageConfig
from meshhook_alerts.channels.teams.channel import message_of as teams_message
from tests.contract.content import EVERY_FORM, NOTIFICATION

pytestmark = pytest.mark.parametrize("content", EVERY_FORM, ids=lambda content: content["reason"])


def test_slack_takes_every_block(content: dict[str, Any]) -> None:
    (attachment,) = slack_message(content)["attachments"]
    blocks = Block.parse_all(attachment["blocks"])
    assert len(blocks) == len(attachment["blocks"])
    assert [block.to_dict()["type"] for block in blocks] == [
        block["type"] for block in attachment["blocks"]
    ]


def test_teams_knows_every_element_and_property(content: dict[str, Any]) -> None:
    card = teams_message(content)["attachments"][0]["content"]
    for element in _elements(card):
        name = element["type"].replace("Action.OpenUrl", "OpenUrlAction")
        model: type[BaseModel] = getattr(cards, name)
        checked = model.model_validate(element)
        unknown = {key for key in checked.model_extra or {} if not key.startswith("$")}
        assert not unknown, (name, unknown)


def test_opsgenie_knows_every_field(content: dict[str, Any]) -> None:
    config = OpsgenieConfig(api_key=str(UUID(int=1)), tags=["meshhook"])
    tools: Any = None
    for post in OPSGENIE.posts(NOTIFICATION, content, config, tools):
        document = json.loads(post.body)
        kind = {"close": CloseAlertPayload, "acknowledge": AcknowledgeAlertPayload}
        path = post.url.partition("?")[0].rpartition("/")[2]
        made = kind.get(path, CreateAlertPayload)(**document)  # refuses a field it does not have
        assert {
            name: value for name, value in made.to_dict().items() if value is not None
        } == document


def test_vonage_takes_every_text(content: dict[str, Any]) -> None:
    config = VonageConfig.model_validate(
        {"api_key": "abcd1234", "api_secret": "s", "sender": "Us", "to": ["+4915112345678"]}
    )
    document = json.loads(VONAGE.one(config.to[0], text_of(content, 2), content, config, None).body)
    known = {name.rstrip("_") for name in SmsMessage.model_fields} | {"api_key", "api_secret"}
    assert set(document) <= known
    message = {name: value for name, value in document.items() if not name.startswith("api_")}
    assert SmsMessage(**{**message, "from_": message["from"]})


def _elements(found: Any) -> list[dict[str, Any]]:
    """Every element there is in a card, the card among them."""
    if isinstance(found, list):
        return [each for one in found for each in _elements(one)]
    if not isinstance(found, dict):
        return []
    inside = [each for value in found.values() for each in _elements(value)]
    return [found, *inside] if "type" in found else inside
