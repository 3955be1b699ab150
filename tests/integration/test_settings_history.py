"""What settings said before, back to it, and what a project without any gets."""

from __future__ import annotations

import httpx
import pytest

from meshhook_alerts.bootstrap import Service
from tests.api_client import a_client, bearing, pointers, token
from tests.line import Receiver, World, arrived, at_work

pytestmark = pytest.mark.postgres

PATH = "/api/alerts/settings"


async def test_every_version_says_who_when_and_what_was_different(
    client: httpx.AsyncClient, world: World
) -> None:
    place = {"project_id": str(world.project_id)}
    await client.post(PATH, json={**place, "cooldown_seconds": 60})
    await client.post(PATH, json={**place, "rules": [{"name": "r"}]})
    answer = (await client.get(f"{PATH}/{world.project_id}/versions")).json()["versions"]
    assert [each["version"] for each in answer] == [2, 1]
    assert {each["changed_by"] for each in answer} == {str(world.owner)}
    assert answer[1]["changed"][0] == {
        "pointer": "/cooldown_seconds",
        "before": None,
        "after": 60,
    }
    assert [each["pointer"] for each in answer[0]["changed"]] == ["/rules"]


async def test_a_version_can_be_restored_and_is_a_version_itself(
    client: httpx.AsyncClient, world: World
) -> None:
    place = {"project_id": str(world.project_id), "workflow": "orders"}
    for seconds in (60, 61, 62):
        await client.post(PATH, json={**place, "cooldown_seconds": seconds})
    versions = f"{PATH}/{world.project_id}/versions"
    restored = await client.post(f"{versions}/1/restore?workflow=orders", json={})
    assert restored.json()["document"]["cooldown_seconds"] == 60
    assert restored.json()["version"] == 4
    assert (await client.post(f"{versions}/9/restore?workflow=orders", json={})).status_code == 404
    assert (await client.get(f"{versions}?workflow=nothing")).status_code == 404
    assert (await client.get(f"{versions}?workflow=%00")).status_code == 404
    assert (await client.get(versions)).json()["versions"] == []


async def test_a_version_that_names_a_deleted_channel_is_refused_by_the_field(
    client: httpx.AsyncClient, world: World, receiver: Receiver
) -> None:
    place = {"project_id": str(world.project_id)}
    hook = {"url": receiver.url, "secret": receiver.secret}
    channel = {"name": "hook", "kind": "webhook", "config": hook}
    rules = [{"name": "r", "channels": ["hook"]}]
    await client.post(PATH, json={**place, "channels": [channel], "rules": rules})
    await client.put(f"{PATH}/{world.project_id}", json={"channels": [], "rules": []})
    answer = await client.post(f"{PATH}/{world.project_id}/versions/1/restore", json={})
    assert answer.status_code == 422
    assert list(pointers(answer)) == ["/rules/0/channels/0"]


async def test_another_tenant_sees_and_restores_nothing(service: Service, world: World) -> None:
    await world.configure(service, cooldown_seconds=60)
    async with a_client(service, world.project_id) as stranger:  # any id but the owner's
        assert (await stranger.get(f"{PATH}/{world.project_id}/versions")).status_code == 404
        restored = await stranger.post(f"{PATH}/{world.project_id}/versions/1/restore", json={})
        assert restored.status_code == 404
        assert (
            await stranger.post(f"{PATH}/{world.project_id}/defaults", json={})
        ).status_code == 404


async def test_a_decision_leads_to_the_version_it_was_made_by(
    service: Service, client: httpx.AsyncClient, world: World, receiver: Receiver
) -> None:
    await world.hook(service, receiver, cooldown_seconds=60)
    async with at_work(service):
        await world.fail()
        await arrived(receiver, 1)
    await world.configure(service, cooldown_seconds=61)
    made_by = await world.value(
        "select settings_version from public.alert_logs where reason = 'first_failure'"
    )
    versions = (await client.get(f"{PATH}/{world.project_id}/versions")).json()["versions"]
    in_force = next(each for each in versions if each["decisions_from"] <= made_by)
    assert in_force["document"]["cooldown_seconds"] == 60


async def test_defaults_tell_whoever_asked_for_them(service: Service, world: World) -> None:
    async with a_client(service) as client:
        client.headers.update(bearing(token(world.owner, email="owner@shop.example")))
        answer = await client.post(f"{PATH}/{world.project_id}/defaults", json={})
        again = await client.post(f"{PATH}/{world.project_id}/defaults", json={})
    assert answer.status_code == 201
    made = answer.json()
    assert made["done"]
    assert [each["config"]["to"] for each in made["channels"]] == [["owner@shop.example"]]
    assert [rule["name"] for rule in made["document"]["rules"]] == [
        "Every run that cannot complete"
    ]
    assert "rules" in made["reasons"]
    assert "/test" in made["next"]
    assert (again.status_code, again.json()["done"], again.json()["changed"]) == (200, False, [])
    assert again.json()["version"] == made["version"]


async def test_defaults_without_an_address_say_what_is_missing(
    client: httpx.AsyncClient, world: World
) -> None:
    wrong = await client.post(f"{PATH}/{world.project_id}/defaults", json={"to": ["nobody"]})
    assert wrong.status_code == 422
    answer = (await client.post(f"{PATH}/{world.project_id}/defaults", json={})).json()
    assert answer["channels"] == []
    assert answer["next"].startswith("Nobody is told yet")


async def test_what_channels_were_like_is_kept_without_their_secrets(
    client: httpx.AsyncClient, service: Service, world: World, receiver: Receiver
) -> None:
    await world.hook(service, receiver)
    await world.hook(service, receiver)
    place = {"project_id": str(world.project_id)}
    await client.post(PATH, json={**place, "channels": {"hook": {"enabled": False}}})
    await client.post(PATH, json={**place, "channels": {"hook": None}})
    answer = await client.get(f"{PATH}/{world.project_id}/versions")
    assert receiver.secret not in answer.text
    gone, off, *first = answer.json()["channels"]
    assert (gone["channel"], gone["deleted"]) == ("hook", True)
    assert off["changed"] == [{"pointer": "/enabled", "before": True, "after": False}]
    assert {"pointer": "/config", "before": None, "after": {"url": receiver.url}} in first[-1][
        "changed"
    ]
    assert {each["changed_by"] for each in (gone, off, *first)} <= {str(world.owner), None}
    async with a_client(service, world.project_id) as stranger:
        assert (await stranger.get(f"{PATH}/{world.project_id}/versions")).status_code == 404
