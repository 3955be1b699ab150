"""What sweeps find reaches a person, and so does its end."""

from __future__ import annotations

import pytest

from meshhook_alerts.sources.meshhook.platform.fleet import fleet_sweep
from meshhook_alerts.sources.meshhook.queue.rules import queue_sweep, tracked_jobs_sweep
from tests.integration.detection.support import NO_HOLD, Jobs, age, policies, sweep
from tests.line import Receiver, World, a_service, at_work, eventually

pytestmark = pytest.mark.postgres


async def told(world: World, receiver: Receiver, number: int) -> None:
    """Waits until so many messages have arrived."""

    async def check() -> bool:
        return len(receiver.requests) >= number

    await eventually(check)


async def test_jobs_in_trouble_are_told_of_the_workflow_of_their_run(
    world: World, receiver: Receiver
) -> None:
    jobs = Jobs(world)
    poison, lost, dead = [await world.start_run(slug) for slug in world.workflow_ids]
    await jobs.take(await jobs.send(poison), times=3)
    await jobs.archive(await jobs.send(lost))
    await jobs.letter(await jobs.send(dead), dead, error="Error: boom")
    await age(world, 70)
    async with a_service(world.url) as service:
        await world.hook(service, receiver, detect={"no_events": False, "stalled": False})
        for each in (queue_sweep(policies), tracked_jobs_sweep(policies)):
            await sweep(world.url, each)
        async with at_work(service):
            await told(world, receiver, 3)
    found = {content["workflow"]["slug"]: content["failure"] for content in receiver.contents}
    assert {slug: failure["kind"] for slug, failure in found.items()} == {
        "orders": "poison_job",
        "invoices": "job_lost",
        "reports": "dead_letter",
    }
    assert found["reports"]["error"] == "Error: boom"


async def test_a_silent_fleet_is_told_and_so_is_its_end(world: World, receiver: Receiver) -> None:
    def types() -> list[str]:
        about = (each for each in receiver.contents if each["failure"]["kind"] == "fleet_silent")
        return [each["type"] for each in about]

    async def is_told() -> bool:
        return types() == ["alert.firing"]

    async def is_over() -> bool:
        return types() == ["alert.firing", "alert.recovered"]

    for _ in range(2):
        run_id = await world.start_run()
        await world.event(run_id, "run_created")
    await age(world, 90)
    async with a_service(world.url) as service:
        await world.hook(service, receiver, detect={"never_started": False})
        async with at_work(service):
            await eventually(is_told)
            await world.event(run_id, "step_started", node={"id": "a", "type": "transform"})
            for _ in range(2):
                await sweep(world.url, fleet_sweep(policies, hold=NO_HOLD))
            await eventually(is_over)
    ended = "select count(*) from public.alerts where kind = 'fleet_silent' and status = 'resolved'"
    assert await world.value(ended) == 2  # the project's and the operator's
