"""Rules Q3 to Q8 and Q12: each finds its own state once, and nothing in jobs that are well."""

from __future__ import annotations

import pytest

from tests.integration.detection.plays import (
    FAILING,
    HEALTHY,
    Play,
    look,
    waits_for_its_retry,
    was_never_tracked,
)
from tests.integration.detection.support import (
    Jobs,
    age,
    decided,
    settings,
    signals,
)
from tests.line import World

pytestmark = pytest.mark.postgres


@pytest.mark.parametrize("play", HEALTHY)
async def test_nothing_is_found_in_a_job_that_is_well(world: World, jobs: Jobs, play: Play) -> None:
    await play(jobs, await world.start_run())
    await age(world, 90)
    assert await look(world) == []


async def test_a_job_done_just_now_has_its_grace(world: World, jobs: Jobs) -> None:
    await jobs.complete(await jobs.send(await world.start_run()))
    await age(world, 50)
    assert await look(world) == []


@pytest.mark.parametrize("play", FAILING)
async def test_each_state_is_found_by_its_rule_once_and_for_good(
    world: World, jobs: Jobs, play: Play
) -> None:
    run_id = await world.start_run()
    await play(jobs, run_id)
    await age(world, 90)
    assert await look(world) == FAILING[play]
    (seen,) = await signals(world)
    assert (seen["run_id"], seen["source"]) == (run_id, "meshhook")
    assert seen["workflow_id"] == world.workflow_ids["orders"]
    assert seen["error"]
    assert await look(world) == FAILING[play]
    await decided(world)
    assert await look(world) == []


@pytest.mark.parametrize("play", [each for each in FAILING if each is not was_never_tracked])
async def test_nothing_is_found_once_the_run_is_closed(
    world: World, jobs: Jobs, play: Play
) -> None:
    run_id = await world.start_run()
    await play(jobs, run_id)
    await jobs.close(run_id)
    await age(world, 90)
    assert await look(world) in ([], ["poison_job"])  # a poisonous message is one in any case


async def test_retries_are_found_where_somebody_wants_to_know(world: World, jobs: Jobs) -> None:
    await waits_for_its_retry(jobs, await world.start_run("orders"))
    await waits_for_its_retry(jobs, await world.start_run("invoices"))
    await settings(world, "orders", detect={"job_retrying": True})
    await age(world, 30)
    assert await look(world) == ["job_retrying"]
    (seen,) = await signals(world)
    assert seen["attempt"] == "1"
