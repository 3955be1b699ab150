"""Settings of an alert's life: what cannot be is refused by its field, and what is set is shown with its origin."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from meshhook_alerts.bootstrap import Service
from tests.line import Receiver, World

pytestmark = pytest.mark.postgres

PATH = "/api/alerts/settings"


@pytest.mark.parametrize(
    ("wrong", "pointer", "said"),
    [
        ({"escalation": [{"after_seconds": 900, "channels": ["boss"]}]}, "/escalation/0/channels/0", "no channel is called 'boss'"),
        ({"escalation": [{"after_seconds": 900, "channels": ["hook"]}, {"after_seconds": 600, "channels": ["hook"]}]}, "", "later than the one before"),
        ({"escalation": [{"after_seconds": 900, "channels": []}]}, "/escalation/0/channels", "at least 1"),
        ({"escalation": [{"after_seconds": 5, "channels": ["hook"]}]}, "/escalation/0/after_seconds", "60"),
        ({"reminders_seconds": [10]}, "/reminders_seconds/0", "60"),
        ({"close_after_seconds": 600}, "", "at least an hour, or 0"),
        ({"acknowledged_for_seconds": 86_400 * 30}, "/acknowledged_for_seconds", "604800"),
        ({"default_channel": "nobody"}, "/default_channel", "no channel is called 'nobody'"),
        ({"workflow": "orders", "default_channel": "hook"}, "/default_channel", "whole project"),
        ({"flapping": "sometimes"}, "/flapping", "boolean"),
    ],
)  # fmt: skip
async def test_what_cannot_be_is_refused_by_its_field(
    world: World, service: Service, client: httpx.AsyncClient, receiver: Receiver,
    wrong: dict[str, Any], pointer: str, said: str,
) -> None:  # fmt: skip
    await world.hook(service, receiver)
    answer = await client.post(PATH, json={"project_id": str(world.project_id), **wrong})
    assert answer.status_code == 422, answer.text
    (error,) = answer.json()["errors"]
    assert (error["pointer"], said in error["detail"]) == (pointer, True), error


async def test_what_is_set_is_shown_with_its_origin_and_its_channels_are_kept(
    world: World, service: Service, client: httpx.AsyncClient, receiver: Receiver
) -> None:
    await world.hook(service, receiver)
    wanted = {
        "escalation": [{"after_seconds": 900, "channels": ["hook"]}],
        "reminders_seconds": [3600],
        "default_channel": "hook",
    }
    place = {"project_id": str(world.project_id)}
    assert (await client.post(PATH, json={**place, **wanted})).is_success
    await client.post(PATH, json={**place, "workflow": "orders", "reminders_seconds": []})
    effective = (await client.get(f"{PATH}/{world.project_id}/orders")).json()["effective"]
    assert effective["escalation"] == {"value": wanted["escalation"], "origin": "project"}
    assert effective["reminders_seconds"] == {"value": [], "origin": "workflow"}
    assert effective["close_after_seconds"] == {"value": 259200, "origin": "default"}
    assert effective["default_channel"] == {"value": "hook", "origin": "project"}
    refused = await client.post(PATH, json={**place, "channels": {"hook": None}})
    said = {error["detail"] for error in refused.json()["errors"]}
    assert said == {
        "step 1 of the escalation names it: change that first",
        "default_channel names it: change that first",
    }
