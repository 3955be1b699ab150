"""Criteria, limits and settings that issue 18 still owes: each of these fails until it is there."""

from __future__ import annotations

import pytest

from tests.api_client import a_client
from tests.commands import command, complete
from tests.line import Receiver, World, a_service, arrived, at_work

pytestmark = pytest.mark.postgres

PATH = "/api/alerts/settings"


@pytest.mark.parametrize("threshold", [{"failures": 3, "within_seconds": 60}, {"in_a_row": 3}])
async def test_a_rule_may_wait_for_so_many(
    world: World, receiver: Receiver, threshold: dict[str, int]
) -> None:
    async with a_service(world.url) as service:
        await world.hook(service, receiver, rules=[{"name": "r", "after": threshold}])
        async with at_work(service):
            for _ in range(3):
                await world.fail()
            await arrived(receiver, 1, within=4)
    assert receiver.contents[0]["alert"]["failures"] == 3


async def test_a_storm_of_new_troubles_becomes_summaries(world: World, receiver: Receiver) -> None:
    async with a_service(world.url) as service:
        await world.hook(service, receiver)
        async with at_work(service):
            for number in range(40):
                await world.fail(node=f"n{number}")
            await world.until(
                "select count(*) > 0 from public.alert_logs where reason = 'storm'", within=4
            )


async def test_settings_have_versions_that_can_be_restored(world: World) -> None:
    async with a_service(world.url) as service, a_client(service, world.owner) as client:
        project = {"project_id": str(world.project_id)}
        await client.post(PATH, json={**project, "cooldown_seconds": 60})
        await client.post(PATH, json={**project, "cooldown_seconds": 61})
        answer = await client.post(f"{PATH}/{world.project_id}/versions/1/restore", json={})
    assert answer.json()["document"]["cooldown_seconds"] == 60


@pytest.mark.parametrize("verb", ["export", "diff", "apply"])
async def test_settings_from_the_command_line(world: World, verb: str) -> None:
    ended = await command("settings", verb, "--help", env=complete(world.url))
    assert ended.code == 0


async def test_a_project_without_settings_gets_sensible_ones_by_one_call(world: World) -> None:
    async with a_service(world.url) as service, a_client(service, world.owner) as client:
        answer = await client.post(f"{PATH}/{world.project_id}/defaults", json={})
    assert answer.is_success, answer.text


@pytest.mark.parametrize("table", ["alert_logs", "alert_failures"])
async def test_what_grows_is_partitioned_by_time(world: World, table: str) -> None:
    kind = await world.value("select relkind::text from pg_class where oid = %s::regclass", table)
    assert kind == "p"
