"""100,000 failures of ten troubles: ten messages, and every failure answers to its decision."""

from __future__ import annotations

import asyncio

import pytest

from tests.integration.test_storm import JUST_NOW, storm
from tests.line import Receiver, World, a_service, at_work, eventually

pytestmark = pytest.mark.postgres

FAILURES, TROUBLES = 100_000, 10
_UNANSWERED = """
select count(*) from public.alert_failures failure
left join lateral (
  select sum(count) as answered from public.alert_logs where fold_id = failure.fold_id
) log on true
where log.answered is null
"""


async def test_a_flood_is_one_message_per_trouble_and_channel(
    world: World, receiver: Receiver
) -> None:
    async with a_service(world.url) as one, a_service(world.url) as two:
        await world.hook(one, receiver)
        await storm(world, FAILURES, f"chr(97 + n %% {TROUBLES})", JUST_NOW)
        async with at_work(one), at_work(two):
            await eventually(lambda: _decided(world), within=240)
            await asyncio.sleep(5)
    assert len(receiver.ids) == TROUBLES
    assert {each["type"] for each in receiver.contents} == {"alert.firing"}
    assert await world.value("select count(*) from public.alert_failures") == FAILURES
    assert await world.value("select sum(count) from public.alerts") == FAILURES
    assert await world.value("select sum(count) from public.alert_folds") == FAILURES
    assert await world.value("select sum(count) from public.alert_logs") == FAILURES
    assert await world.value(_UNANSWERED) == 0


async def _decided(world: World) -> bool:
    return not await world.value("select count(*) from meshhook_alerts.signals")


async def test_distinct_troubles_become_a_few_messages_and_one_summary(
    world: World, receiver: Receiver
) -> None:
    async with a_service(world.url) as service:
        await world.hook(service, receiver)
        await storm(world, 3_000, at=JUST_NOW)
        async with at_work(service):
            await eventually(lambda: _decided(world), within=60)
            await asyncio.sleep(3)
            assert len(receiver.ids) == 25
            # As if five minutes had passed.
            await world.execute(
                "update meshhook_alerts.timers set due = now() where kind = 'untold'"
            )
            await asyncio.sleep(3)
            assert len(receiver.ids) == 25  # a summary keeps to its moment
            await world.execute(
                "update meshhook_alerts.project_state set pace = jsonb_set(pace, '{storm,started_at}',"
                " to_jsonb(date_trunc('second', now()) - interval '299 seconds'))"
            )
            await world.execute(
                "update meshhook_alerts.timers set due = (select (pace #>> '{storm,started_at}')::timestamptz"
                " + interval '300 seconds' from meshhook_alerts.project_state state where state.project_id = timers.project_id)"
                " where kind = 'untold'"
            )
            await eventually(lambda: _told(receiver), within=60)
    summary = receiver.contents[-1]
    assert summary["type"] == "alert.digest"
    assert summary["reason"] == "storm_summary"
    assert summary["digest"]["total"] == 3_000 - 25
    assert len(summary["digest"]["alerts"]) == 20


async def _told(receiver: Receiver) -> bool:
    return len(receiver.ids) > 25
