"""Rule P4: a workflow has not run when it was expected to."""

from __future__ import annotations

from uuid import uuid4

import pytest

from tests.integration.detection.runs import later, look, succeed
from tests.integration.detection.support import (
    decided,
    settings,
    signals,
)
from tests.line import World

pytestmark = pytest.mark.postgres


async def test_a_silent_workflow_is_told_once_and_ends_with_the_next_run(world: World) -> None:
    await settings(world, "orders", expected={"every_seconds": 3600})
    await succeed(world)
    assert await look(world) == []
    await later(world, minutes=59)
    assert await look(world) == []
    await later(world, minutes=3)
    assert await look(world) == ["workflow_silent"]
    (seen,) = await signals(world)
    assert (seen["project_id"], seen["workflow"]) == (world.project_id, "orders")
    assert "was due by" in seen["labels"]["evidence"]
    await later(world, hours=10)
    assert await look(world) == ["workflow_silent"]
    await decided(world)
    await succeed(world)
    assert await look(world) == []
    assert await look(world) == ["recovered"]


async def test_a_workflow_that_never_ran_is_expected_from_the_first_look_on(world: World) -> None:
    await settings(world, "orders", expected={"every_seconds": 3600})
    assert await look(world) == []
    await later(world, minutes=62)
    assert await look(world) == ["workflow_silent"]


async def test_runs_of_other_workflows_and_of_older_versions_are_told_apart(world: World) -> None:
    await settings(world, "orders", expected={"every_seconds": 3600})
    await look(world)
    await later(world, minutes=90)
    await succeed(world, "invoices")
    assert await look(world) == ["workflow_silent"]
    await decided(world)
    older = world.workflow_ids["orders"]
    world.workflow_ids["orders"] = uuid4()
    await world.execute(
        "insert into public.workflow_definitions (id, project_id, slug, version, definition, name, status)"
        " select %s, project_id, slug, 4, definition, name, 'draft' from public.workflow_definitions where id = %s",
        world.workflow_ids["orders"], older,
    )  # fmt: skip
    await succeed(world)
    await look(world)
    assert await look(world) == ["recovered"]


async def test_a_run_of_a_transaction_that_was_long_in_coming_counts(world: World) -> None:
    await settings(world, "orders", expected={"every_seconds": 3600})
    await look(world)
    await later(world, minutes=58)
    await look(world)
    await succeed(world)
    await world.execute("update public.workflow_runs set started_at = now() - interval '2 min'")
    await look(world)
    await later(world, minutes=4)
    assert await look(world) == []


async def test_a_projects_expectation_is_about_published_workflows(world: World) -> None:
    await world.execute("update public.workflow_definitions set status = 'archived' where slug = 'orders'")  # fmt: skip
    await world.execute("update public.workflow_definitions set status = 'draft' where slug = 'reports'")  # fmt: skip
    await settings(world, None, expected={"every_seconds": 3600})
    await look(world)
    await later(world, minutes=90)
    assert await look(world) == ["workflow_silent"]
    (seen,) = await signals(world)
    assert seen["workflow"] == "invoices"
    await settings(world, "reports", expected={"every_seconds": 3600})
    await look(world)
    await later(world, minutes=90)
    assert await look(world) == ["workflow_silent"] * 2


async def test_the_calendar_holds(world: World) -> None:
    weekday = await world.value("select extract(isodow from now() + interval '2 days')::int - 1")
    day = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"][weekday]
    await settings(world, "orders", expected={"every_seconds": 3600, "weekdays": [day]})
    await look(world)
    await later(world, hours=5)
    assert await look(world) == []
