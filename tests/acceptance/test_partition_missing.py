"""Where events cannot be written, that is the trouble: told once for each project, not once for each run without
events."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from tests.line import Receiver, World, a_service, arrived, at_work, named
from tests.virtual_clock import VirtualClock

pytestmark = pytest.mark.postgres


async def test_a_missing_partition_is_one_trouble_and_hides_the_runs_it_explains(
    world: World, receiver: Receiver
) -> None:
    clock = VirtualClock(world.url)
    await clock.install()
    await clock.pass_(timedelta(days=200))  # no partition reaches so far
    async with a_service(world.url) as service:
        await world.hook(service, receiver)
        await world.start_run()
        await named(service, "platform").turn()
        async with at_work(service):
            await arrived(receiver, 1)
            for _ in range(3):
                await world.start_run()
            await clock.pass_(timedelta(minutes=1))
            await world.until(
                "select sum(count) >= 3 from public.alert_logs where reason = 'inhibited'"
            )
            await asyncio.sleep(0.5)
    assert [each["failure"]["kind"] for each in receiver.contents] == ["partition_missing"]
    blocked = await world.rows(
        "select distinct blocked_by from public.alert_logs where reason = 'inhibited'"
    )
    assert [each["blocked_by"] for each in blocked] == ["partition_missing"]
