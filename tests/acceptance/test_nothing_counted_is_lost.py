"""What was counted and not told is told when the wait is over; what did not arrive counts as untold."""

from __future__ import annotations

import asyncio
import logging

import pytest

from tests.line import World, a_receiver, a_service, arrived, at_work

TIMERS = "select count(*) from meshhook_alerts.timers where kind = 'untold' and due < now() + interval '10 minutes'"
"""Without reminders."""


async def test_what_a_cooldown_counted_is_told_when_it_ends(world: World) -> None:
    async with a_receiver() as receiver, a_service(world.url) as service:
        await world.hook(service, receiver, cooldown_seconds=3)
        async with at_work(service):
            await world.fail()
            await arrived(receiver, 1)
            for _ in range(5):
                await world.fail()
            await arrived(receiver, 2)
            await asyncio.sleep(0.5)
    assert [each["type"] for each in receiver.contents] == ["alert.firing", "alert.update"]
    told = receiver.contents[1]["alert"]
    assert (told["failures"], told["new_failures"]) == (6, 5)
    assert await world.value(TIMERS) == 0
    rows = await world.rows("select effect, reason, count from public.alert_logs order by id")
    assert sum(row["count"] for row in rows if row["effect"] == "folded") == 5
    assert [row["count"] for row in rows if row["reason"] == "released"] == [5]


async def test_the_timer_survives_a_restart(world: World) -> None:
    async with a_receiver() as receiver:
        async with a_service(world.url) as service:
            await world.hook(service, receiver, cooldown_seconds=2)
            async with at_work(service):
                await world.fail()
                await arrived(receiver, 1)
                await world.fail()
                await world.until(TIMERS.replace("count(*)", "count(*) = 1"))
        await asyncio.sleep(2.5)  # due while nobody is there
        async with (
            a_service(world.url) as first,
            a_service(world.url) as second,
            at_work(first),
            at_work(second),
        ):
            await arrived(receiver, 2)
            await asyncio.sleep(1)
    assert len(receiver.ids) == 2


async def test_a_message_that_was_refused_counts_as_untold(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "meshhook_alerts")
    async with a_receiver() as receiver, a_service(world.url) as service:
        receiver.answers = [410]
        await world.hook(service, receiver)
        async with at_work(service):
            await world.fail()
            await world.until("select count(*) = 1 from public.alerts where told = '{}'")
            await world.execute(
                "update meshhook_alerts.channel_health set refused_at = refused_at - interval '2 minutes'"
            )
            await world.fail()
            await arrived(receiver, 2)
            await world.until("select failing_since is null from meshhook_alerts.channel_health")
    assert [each["type"] for each in receiver.contents] == ["alert.firing", "alert.firing"]
    assert receiver.contents[1]["alert"]["new_failures"] == 2
    said = [record for record in caplog.records if "channel 'hook'" in record.getMessage()]
    levels = [record.levelno for record in said]
    assert levels == [logging.ERROR, logging.WARNING, logging.INFO]
    assert "410" in said[0].getMessage()
    assert "channels test 'hook'" in said[0].getMessage()


async def test_a_channel_that_refuses_is_tried_once_a_minute(world: World) -> None:
    async with a_receiver() as receiver, a_service(world.url) as service:
        receiver.answers = [410] * 20
        await world.hook(service, receiver)
        async with at_work(service):
            await world.fail()
            await world.until("select count(*) = 1 from public.alerts where told = '{}'")
            for number in range(5):
                await world.fail(node=f"other_{number}")
            await world.until(
                "select count(*) = 5 from public.alert_logs where reason = 'channel_refuses'"
            )
            assert len(receiver.requests) == 1
            # A minute later one message tells of all of them, and the next waits for another minute.
            await world.execute("update meshhook_alerts.timers set due = due - interval '1 minute'")
            await world.execute(
                "update meshhook_alerts.channel_health set refused_at = refused_at - interval '1 minute'"
            )
            await arrived(receiver, 2)
            await asyncio.sleep(0.5)
            assert len(receiver.requests) == 2
            assert receiver.contents[1]["digest"]["total"] == 5


async def test_a_message_under_way_counts_as_told(world: World) -> None:
    async with a_receiver() as receiver, a_service(world.url) as service:
        receiver.answers = [503]
        await world.hook(service, receiver, cooldown_seconds=1)
        async with at_work(service):
            await world.fail()
            await arrived(receiver, 1)
            await asyncio.sleep(1.5)
            await world.fail()
            await world.until(
                "select count(*) = 1 from public.alert_logs where reason = 'under_way'"
            )
            await arrived(receiver, 2)
    assert len(receiver.ids) == 1  # the same message, accepted at the second try
