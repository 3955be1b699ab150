"""Thresholds, storms, versions and defaults of settings, and what grows: the whole line."""

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


async def later(world: World, seconds: int) -> None:
    """As if so much time had passed: all that is timed moves into the past."""
    span = f"interval '{seconds} seconds'"
    for moment in ("started_at", "last_at"):
        await world.execute(
            f"update meshhook_alerts.project_state set pace = jsonb_set(pace, '{{storm,{moment}}}',"
            f" to_jsonb((pace #>> '{{storm,{moment}}}')::timestamptz - {span})) where pace -> 'storm' <> 'null'"
        )
    await world.execute(f"update meshhook_alerts.timers set due = due - {span}")


async def test_a_storm_is_a_few_messages_a_summary_and_an_end(
    world: World, receiver: Receiver
) -> None:
    """More than 20 messages of a project in 60 s: the first five new troubles still go, then summaries, then
    one that says it is over."""
    async with a_service(world.url) as service:
        await world.hook(service, receiver)
        async with at_work(service):
            for number in range(40):
                await world.fail(node=f"n{number}")
            held = (
                "select coalesce(sum(count), 0) = 15 from public.alert_logs where reason = 'storm'"
            )
            await world.until(held)
            await arrived(receiver, 25)
            await later(world, 300)
            await arrived(receiver, 26)
            await later(world, 700)
            await arrived(receiver, 27)
            await world.fail(node="afterwards")
            await arrived(receiver, 28)
    summary, over, after = receiver.contents[25:]
    assert summary["reason"] == "storm_summary"
    assert (summary["digest"]["total"], summary["alert"]["new_failures"]) == (15, 15)
    assert over["reason"] == "storm_over"
    assert over["headline"].endswith("is over: 15 failures of 15 troubles, 15 still open")
    assert (after["type"], after["node"]["id"]) == ("alert.firing", "afterwards")
    assert await world.value("select sum(count) from public.alerts") == 41


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
