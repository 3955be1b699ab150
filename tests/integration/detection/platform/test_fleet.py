"""Rule P3: no worker takes up any run."""

from __future__ import annotations

import pytest

from meshhook_alerts.domain.identifiers import PLATFORM
from tests.integration.detection.platform.looking import (
    NODE,
    accept,
    another_project,
    look,
)
from tests.integration.detection.support import (
    age,
    decided,
    settings,
    signals,
)
from tests.line import World

pytestmark = pytest.mark.postgres


async def test_a_silent_fleet_is_one_failure_per_project_that_waits(world: World) -> None:
    other = await another_project(world)
    await another_project(world, "quiet-orders")
    await accept(world, 5)
    await accept(other, 2)
    lonely = await another_project(world, "one-run-waits")
    await accept(lonely)
    await age(world, 90)
    assert await look(world) == ["fleet_silent"] * 3
    seen = await signals(world)
    assert {row["project_id"] for row in seen} == {world.project_id, other.project_id, PLATFORM}
    assert {row["run_id"] for row in seen} == {None}
    assert await look(world) == ["fleet_silent"] * 3


async def test_runs_accepted_just_now_are_no_sign_of_a_silent_fleet(world: World) -> None:
    await accept(world, 5)
    await age(world, 30)
    assert await look(world) == []


async def test_one_sign_of_life_anywhere_is_enough(world: World) -> None:
    await settings(world, None, world.project_id, fleet_window_seconds=300)
    other = await another_project(world)
    await accept(world)
    (theirs,) = await accept(other)
    await world.event(theirs, "step_started", node=NODE)
    await age(world, 200)
    await accept(world, 2)
    await age(world, 90)  # the sign of life is 290 s old: within the window
    assert await look(world) == []
    await age(world, 20)
    assert await look(world) == ["fleet_silent"] * 2


async def test_runs_that_have_waited_for_long_tell_it_too_until_somebody_closes_them(
    world: World,
) -> None:
    await accept(world, 2)
    await age(world, 7200)
    await world.execute("update public.workflow_runs set status = 'canceled'")
    assert await look(world) == []
    await world.execute("update public.workflow_runs set status = 'running'")
    assert await look(world) == ["fleet_silent"] * 2


async def test_one_run_that_waits_is_no_silent_fleet(world: World) -> None:
    await accept(world)
    await age(world, 7200)
    assert await look(world) == []


async def test_it_ends_with_a_sign_of_life_and_not_with_the_traffic(world: World) -> None:
    run_id, _ = await accept(world, 2)
    await age(world, 90)
    assert await look(world) == ["fleet_silent"] * 2
    await decided(world)
    await age(world, 3600)
    for _ in range(3):
        assert await look(world) == []
    await world.event(run_id, "step_started", node=NODE)
    assert await look(world) == []
    assert await look(world) == ["recovered"] * 2
