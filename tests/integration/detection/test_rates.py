"""Rules P5 and P6: too many runs of a workflow fail, or all of the last ones."""

from __future__ import annotations

import pytest

from tests.integration.detection.runs import fail, later, look, succeed
from tests.integration.detection.support import (
    decided,
    settings,
    signals,
)
from tests.line import World

pytestmark = pytest.mark.postgres


RATE = {"percent": 50, "window_seconds": 3600, "at_least": 4}


async def test_too_many_failing_runs_are_told_from_the_least_number_on(world: World) -> None:
    await settings(world, "orders", failure_rate=RATE)
    await fail(world, number=2)
    await succeed(world)
    await fail(world, "invoices", number=9)
    assert await look(world) == []
    await succeed(world)
    assert await look(world) == ["failure_rate"]
    (seen,) = await signals(world)
    assert seen["labels"]["evidence"] == "2 of 4 within 1:00:00"


async def test_enough_successes_are_well_and_open_runs_do_not_count(world: World) -> None:
    await settings(world, None, failure_rate=RATE)
    await fail(world, number=2)
    await succeed(world, number=3)
    for _ in range(9):
        await world.start_run()
    assert await look(world) == []


async def test_it_ends_when_runs_succeed_not_when_none_come(world: World) -> None:
    await settings(world, "orders", failure_rate=RATE)
    await fail(world, number=4)
    assert await look(world) == ["failure_rate"]
    await decided(world)
    await later(world, hours=3)
    assert await look(world) == []
    assert await look(world) == []
    await succeed(world)
    await look(world)
    assert await look(world) == ["recovered"]


async def test_withdrawn_and_canceled_runs_do_not_count_as_failing(world: World) -> None:
    await settings(world, "orders", failure_rate={**RATE, "at_least": 1}, consecutive=2)
    await fail(world, number=3, kind="run_canceled")
    await fail(world, number=3)
    await world.execute("update public.alert_failures set withdrawn_at = now()")
    assert await look(world) == []


async def test_a_run_that_only_seems_to_have_succeeded_counts_once_as_failing(world: World) -> None:
    await settings(world, "orders", failure_rate={**RATE, "percent": 100})
    await fail(world, number=4, kind="false_success")
    await world.execute("update public.workflow_runs set status = 'succeeded', finished_at = now()")
    assert await look(world) == ["failure_rate"]
    (seen,) = await signals(world)
    assert seen["labels"]["evidence"] == "4 of 4 within 1:00:00"


async def test_runs_that_fail_in_a_row_are_told_and_end_with_a_success(world: World) -> None:
    await settings(world, "orders", consecutive=3)
    await fail(world, number=2)
    assert await look(world) == []
    await fail(world)
    assert await look(world) == ["consecutive_failures"]
    (seen,) = await signals(world)
    assert seen["error"] == "The workflow's last 3 runs all failed"
    await fail(world)
    assert await look(world) == ["consecutive_failures"]
    await decided(world)
    await succeed(world)
    await look(world)
    assert await look(world) == ["recovered"]


async def test_a_success_in_between_breaks_the_row(world: World) -> None:
    await settings(world, "orders", consecutive=3)
    await fail(world, number=2)
    await succeed(world)
    await fail(world, number=2)
    await fail(world, "invoices", number=5)
    assert await look(world) == []


async def test_runs_that_are_not_settled_yet_are_passed_over(world: World) -> None:
    await settings(world, "orders", consecutive=3)
    await fail(world, number=2)
    await world.start_run()
    await fail(world)
    await world.start_run()
    assert await look(world) == ["consecutive_failures"]


async def test_without_thresholds_nothing_is_told(world: World) -> None:
    await settings(world, None, cooldown_seconds=5)
    await fail(world, number=30)
    await later(world, days=40)
    assert await look(world) == []
