"""Rules Q9 to Q11 and Q13, and nothing at all in a MeshHook that is well."""

from __future__ import annotations

import pytest

from meshhook_alerts.domain.identifiers import PLATFORM
from tests.integration.detection.platform.looking import (
    NODE,
    look,
    only,
    operator_sets,
)
from tests.integration.detection.support import (
    Jobs,
    age,
    decided,
    signals,
)
from tests.line import World

pytestmark = pytest.mark.postgres


async def test_nothing_is_wrong_with_a_fresh_or_a_busy_meshhook(world: World, jobs: Jobs) -> None:
    assert await look(world) == []
    run_id = await world.start_run()
    await world.event(run_id, "run_created")
    await world.event(run_id, "step_started", node=NODE)
    await jobs.send(run_id)
    await jobs.take(await jobs.send(run_id))
    await jobs.send(run_id, delay=3600)
    await age(world, 120)
    assert await look(world) == []


async def test_lag_is_told_of_the_platform_and_ends(world: World, jobs: Jobs) -> None:
    await jobs.send(await world.start_run())
    await age(world, 310)
    assert await look(world) == ["queue_lag"]
    seen = await only(world)
    assert seen["project_id"] == PLATFORM
    assert seen["labels"]["evidence"].endswith("the limit is 300 s")
    assert await look(world) == ["queue_lag"]
    await decided(world)
    await world.execute("select pgmq.purge_queue('workflow_jobs')")
    assert await look(world) == []
    assert await look(world) == ["recovered"]


async def test_a_message_that_waits_on_purpose_is_no_lag(world: World, jobs: Jobs) -> None:
    await jobs.send(await world.start_run(), delay=3600)
    await age(world, 1000)
    assert await look(world) == []


async def test_depth_and_dead_letters_have_the_operators_limits(world: World, jobs: Jobs) -> None:
    run_id = await world.start_run()
    for _ in range(3):
        await jobs.send(run_id)
        await jobs.letter(await jobs.send(run_id), run_id)
    assert await look(world) == []
    await operator_sets(world, queue_depth_limit=5, dead_letter_limit=2)
    assert await look(world) == ["dead_letter_growth", "queue_depth"]
    assert {row["labels"]["evidence"] for row in await signals(world)} == {
        "more than 5 jobs",
        "more than 2 in the last hour",
    }


async def test_old_dead_letters_are_no_growth(world: World, jobs: Jobs) -> None:
    run_id = await world.start_run()
    for _ in range(30):
        await jobs.letter(1, run_id)
    await age(world, 3700)
    assert await look(world) == []


async def still(world: World, seconds: int) -> None:
    """Lets time pass for what the sweep remembers, while workers go on holding their jobs."""
    await world.execute(
        "update meshhook_alerts.sweeps set position = jsonb_set(position, '{Q13,since}',"
        " to_jsonb((position #>> '{Q13,since}')::timestamptz - make_interval(secs => %s)))"
        " where name = 'queue'",
        seconds,
    )


async def test_a_queue_all_of_whose_jobs_are_held_while_none_ends_is_told(
    world: World, jobs: Jobs
) -> None:
    held = [await jobs.send(await world.start_run()) for _ in range(3)]
    for msg_id in held:
        await jobs.take(msg_id)
    await jobs.send(await world.start_run(), delay=3600)
    assert await look(world) == []
    await still(world, 290)
    assert await look(world) == []
    await still(world, 20)
    assert await look(world) == ["queue_stuck"]
    assert (await only(world))["project_id"] == PLATFORM
    await decided(world)
    await jobs.complete(held[0])
    assert await look(world) == []
    assert await look(world) == ["recovered"]


async def test_a_queue_that_is_busy_is_not_stuck(world: World, jobs: Jobs) -> None:
    for _ in range(3):
        msg_id = await jobs.send(await world.start_run())
        await jobs.take(msg_id)
        assert await look(world) == []
        await still(world, 290)
        await jobs.complete(msg_id)
    assert await look(world) == []
