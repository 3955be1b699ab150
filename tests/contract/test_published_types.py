"""What we send is what providers' own packages take, where they publish one: Slack's ``slack_sdk`` checks blocks,
Microsoft's ``microsoft-teams-cards`` has a model of every element of a card.

Discord, Telegram, Opsgenie and ntfy publish nothing of the kind for messages as we post them; their stand-ins keep
the documented limits."""

from __future__ import annotations

from typing import Any

import pytest
from microsoft_teams import cards
from pydantic import BaseModel
from slack_sdk.models.blocks import Block

from meshhook_alerts.channels.slack.blocks import message_of as slack_message
from meshhook_alerts.channels.teams.channel import message_of as teams_message
from tests.contract.content import EVERY_FORM

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


def _elements(found: Any) -> list[dict[str, Any]]:
    """Every element there is in a card, the card among them."""
    if isinstance(found, list):
        return [each for one in found for each in _elements(one)]
    if not isinstance(found, dict):
        return []
    inside = [each for value in found.values() for each in _elements(value)]
    return [found, *inside] if "type" in found else inside
