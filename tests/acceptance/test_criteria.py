"""Rules that look closely: saved through the API, and telling just those they name."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api_client import a_client, pointers
from tests.line import Receiver, World, a_service, arrived, at_work

pytestmark = pytest.mark.postgres

PATH = "/api/alerts/settings"


@pytest.mark.parametrize(
    "when",
    [
        {"http_status": ["500-599", 429]},
        {"error_classes": ["server_error"]},
        {"error_matches": "timed? out"},
        {"classes": ["terminal"]},
        {"criticality": ["high"]},
        {"node_types": ["http_call"]},
        {"labels": {"region": "eu"}},
        {"any": [{"nodes": ["a"]}, {"kinds": ["stalled"]}]},
        {"not": {"workflows": ["test-*"]}},
    ],
    ids=lambda when: next(iter(when)),
)
async def test_a_rule_may_ask_for(world: World, when: dict[str, Any]) -> None:
    async with a_service(world.url) as service, a_client(service, world.owner) as client:
        rules = [{"name": "r", "when": when}]
        answer = await client.post(PATH, json={"project_id": str(world.project_id), "rules": rules})
    assert answer.is_success, answer.text


async def test_a_rule_tells_of_what_it_names_and_of_nothing_else(
    world: World, receiver: Receiver
) -> None:
    rule = {
        "name": "the far side fails",
        "when": {
            "http_status": ["5xx"],
            "not": {"nodes": ["test-*"]},
            "error_matches": "Error: HTTP",
        },
    }
    async with a_service(world.url) as service:
        await world.hook(service, receiver, rules=[rule])
        async with at_work(service):
            await world.fail(node="test-call", error="Error: HTTP 503")
            await world.fail(node="other", error="Error: HTTP 401")
            await world.fail(node="charge", error="Error: HTTP 502")
            await arrived(receiver, 1)
            await world.until("select count(*) = 2 from public.alert_logs where reason = 'no_rule'")
    assert [each["node"]["id"] for each in receiver.contents] == ["charge"]


async def test_a_held_failure_is_still_what_the_rule_names(
    world: World, receiver: Receiver
) -> None:
    """By labels and criticality, too, which are asked about again when it is released."""
    rule = {"name": "r", "when": {"criticality": ["high"], "node_types": ["http_*"]}}
    async with a_service(world.url) as service:
        await world.hook(service, receiver, rules=[rule], criticality="high", cooldown_seconds=2)
        async with at_work(service):
            await world.fail()
            await arrived(receiver, 1)
            await world.fail()
            await arrived(receiver, 2, within=8)
    assert [each["type"] for each in receiver.contents] == ["alert.firing", "alert.update"]


async def test_what_is_wrong_within_conditions_is_named(world: World) -> None:
    async with a_service(world.url) as service, a_client(service, world.owner) as client:
        rule = {"name": "r", "when": {"any": [{"nodes": ["a"]}, {"error_matches": "(a"}]}}
        found = pointers(
            await client.post(PATH, json={"project_id": str(world.project_id), "rules": [rule]})
        )
    assert list(found) == ["/rules/0/when/any/1/error_matches"]
