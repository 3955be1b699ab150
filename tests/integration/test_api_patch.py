"""Settings changed in part, replaced as a whole, and by two people at once."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from tests.api_client import pointers, problem
from tests.integration.test_api import HOOK, PATH, SECRET, body
from tests.line import World

pytestmark = pytest.mark.postgres

LOUD = {"name": "loud", "when": {"minimum_severity": "critical"}, "channels": ["hook"]}
QUIET = {"name": "quiet", "cooldown_seconds": 900}


async def saved(client: httpx.AsyncClient, world: World, **document: Any) -> dict[str, Any]:
    answer = await client.post(PATH, json=body(world, **document))
    assert answer.is_success, answer.text
    found: dict[str, Any] = answer.json()
    return found


def changed(answer: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    return {each["pointer"]: (each["before"], each["after"]) for each in answer["changed"]}


async def test_one_field_leaves_the_rest(client: httpx.AsyncClient, world: World) -> None:
    await saved(client, world, channels=[HOOK], rules=[LOUD, QUIET], criticality="high")
    answer = await saved(client, world, cooldown_seconds=60)
    assert changed(answer) == {"/cooldown_seconds": (None, 60)}
    assert [rule["name"] for rule in answer["document"]["rules"]] == ["loud", "quiet"]
    assert answer["document"]["criticality"] == "high"
    again = await saved(client, world, cooldown_seconds=60)
    assert (again["changed"], again["version"]) == ([], answer["version"])


async def test_rules_and_channels_are_laid_over_by_name(
    client: httpx.AsyncClient, world: World
) -> None:
    await saved(client, world, channels=[HOOK], rules=[LOUD, QUIET])
    answer = await saved(
        client, world, rules=[{"name": "loud", "severity": "warning"}],
        channels=[{"name": "hook", "enabled": False}],
    )  # fmt: skip
    assert changed(answer) == {
        "/rules/loud/severity": (None, "warning"),
        "/channels/hook/enabled": (True, False),
    }
    assert answer["document"]["rules"][0]["channels"] == ["hook"]
    assert answer["channels"][0]["secrets_set"] == ["secret"]


async def test_null_takes_away(client: httpx.AsyncClient, world: World) -> None:
    await saved(client, world, channels=[HOOK], rules=[LOUD, QUIET], cooldown_seconds=60)
    refused = await client.post(PATH, json=body(world, channels={"hook": None}))
    assert pointers(refused) == {"/channels/hook": "rule 'loud' names it: change that first"}
    answer = await saved(
        client, world, rules={"loud": None}, channels={"hook": None}, cooldown_seconds=None
    )
    assert [rule["name"] for rule in answer["document"]["rules"]] == ["quiet"]
    assert (answer["channels"], "cooldown_seconds" in answer["document"]) == ([], False)
    answer = await saved(client, world, rules=None)
    assert "rules" not in answer["document"]
    assert [each["name"] for each in answer["effective"]["rules"]["value"]] == [
        "Every run that cannot complete"
    ]


async def test_what_is_wrong_is_named_where_it_was_sent(
    client: httpx.AsyncClient, world: World
) -> None:
    await saved(client, world, rules=[QUIET, LOUD | {"channels": []}])
    wrong = {"name": "loud", "severity": "deafening"}
    found = pointers(await client.post(PATH, json=body(world, rules=[wrong])))
    assert found.keys() == {"/rules/0/severity"}
    found = pointers(await client.post(PATH, json=body(world, rules={"loud": wrong})))
    assert found.keys() == {"/rules/loud/severity"}
    twice = [{"name": "a"}, {"name": "a"}]
    assert "/rules" in pointers(await client.post(PATH, json=body(world, rules=twice)))


async def test_put_replaces_the_whole(client: httpx.AsyncClient, world: World) -> None:
    await saved(client, world, channels=[HOOK], rules=[QUIET], cooldown_seconds=60)
    place = f"{PATH}/{world.project_id}"
    answer = (await client.put(place, json={"criticality": "low"})).json()
    assert answer["document"] == {"criticality": "low", "rules_mode": "add"}
    assert [each["name"] for each in answer["channels"]] == ["hook"]
    other = HOOK | {"name": "other"}
    answer = (await client.put(place, json={"channels": [other]})).json()
    assert [each["name"] for each in answer["channels"]] == ["other"]
    assert "/channels/hook" in changed(answer)
    for_workflow = await client.put(f"{place}/orders", json={"enabled": False})
    assert (for_workflow.status_code, for_workflow.json()["workflow"]) == (201, "orders")


async def test_if_match_saves_only_what_was_known(client: httpx.AsyncClient, world: World) -> None:
    first = await client.post(PATH, json=body(world, cooldown_seconds=60))
    etag = {"if-match": first.headers["etag"]}
    ok = await client.post(PATH, json=body(world, cooldown_seconds=61), headers=etag)
    assert ok.status_code == 200
    said = problem(await client.post(PATH, json=body(world, enabled=False), headers=etag), 412)
    assert "version 2 holds here, not 1" in said["detail"]
    place = f"{PATH}/{world.project_id}"
    problem(await client.put(place, json={"enabled": False}, headers=etag), 412)
    problem(await client.post(PATH, json=body(world), headers={"if-match": "2"}), 400)
    assert (await client.get(place)).json()["document"]["cooldown_seconds"] == 61


async def test_many_at_once_lose_nothing(client: httpx.AsyncClient, world: World) -> None:
    names = [f"rule {number}" for number in range(4)]
    answers = await asyncio.gather(
        *(client.post(PATH, json=body(world, rules=[{"name": name}])) for name in names)
    )
    assert all(answer.is_success for answer in answers), [answer.text for answer in answers]
    kept = (await client.get(f"{PATH}/{world.project_id}")).json()["document"]["rules"]
    assert sorted(rule["name"] for rule in kept) == names


async def test_no_secret_is_in_what_changed(client: httpx.AsyncClient, world: World) -> None:
    answer = await client.post(PATH, json=body(world, channels=[HOOK]))
    assert SECRET not in answer.text
    assert answer.json()["changed"][-1]["pointer"] == "/channels/hook"


async def test_a_rule_that_may_be_a_mistake_is_saved_and_warned_of(
    client: httpx.AsyncClient, world: World
) -> None:
    rules = [{"name": "typo", "when": {"workflows": ["ordres"]}}, {"name": "all"}]
    answer = await client.post(PATH, json=body(world, rules=rules))
    assert answer.status_code == 201
    warned = {each["pointer"]: each["message"] for each in answer.json()["warnings"]}
    assert "'ordres' matches none of 3" in warned["/rules/typo"]
    assert "asks for every failure" in warned["/rules/all"]
    mended = {"typo": {"when": {"workflows": ["orders"]}}, "all": None}
    again = await client.post(PATH, json=body(world, rules=mended))
    assert again.json()["warnings"] == []
