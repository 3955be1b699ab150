"""Rules P7 to P10: slugs, drafts, rights and deleted runs."""

from __future__ import annotations

import pytest

from tests.integration.detection.platform.looking import (
    NODE,
    accept,
    another_project,
    look,
    only,
    operator_sets,
)
from tests.integration.detection.support import (
    decided,
    signals,
)
from tests.line import World

pytestmark = pytest.mark.postgres


async def test_a_slug_in_two_projects_is_told_to_both_and_names_neither(world: World) -> None:
    other = await another_project(world, "orders")
    assert await look(world) == ["slug_collision", "slug_collision"]
    for row in await signals(world):
        assert row["workflow"] == "orders"
        told = str({key: value for key, value in row.items() if key != "project_id"})
        theirs = other if row["project_id"] == world.project_id else world
        assert str(theirs.project_id) not in told
    await decided(world)
    await world.execute("delete from public.projects where id = %s", other.project_id)
    assert await look(world) == []
    assert "recovered" in await look(world)
    assert world.project_id in {row["project_id"] for row in await signals(world)}


async def test_runs_on_a_draft_are_told_until_it_is_published(world: World) -> None:
    await world.execute("update public.workflow_definitions set status = 'draft' where slug = 'orders'")  # fmt: skip
    (run_id,) = await accept(world)
    await world.event(run_id, "step_started", node=NODE)
    assert await look(world) == ["ran_unpublished"]
    seen = await only(world)
    assert (seen["project_id"], seen["workflow"]) == (world.project_id, "orders")
    assert seen["labels"]["evidence"] == "version 3 is draft"
    await decided(world)
    assert await look(world) == []
    await world.execute("update public.workflow_definitions set status = 'published'")
    await look(world)
    await look(world)
    assert [row["observed"] for row in await signals(world)] == ["recovered"]


async def test_a_version_archived_after_its_run_is_well(world: World) -> None:
    (run_id,) = await accept(world)
    await world.event(run_id, "step_started", node=NODE)
    await world.execute("update public.workflow_definitions set status = 'archived'")
    assert await look(world) == []


async def test_open_tables_are_told_unless_the_operator_knows(world: World) -> None:
    assert await look(world) == []
    for table in ("workflow_events", "job_tracking"):
        await world.execute(f"alter table public.{table} disable row level security")
    await operator_sets(world, detect={"row_security_off": False})
    assert await look(world) == []
    await operator_sets(world, detect={"row_security_off": True})
    assert await look(world) == ["row_security_off", "row_security_off"]
    assert {row["labels"]["condition"] for row in await signals(world)} == {
        "row_security_off:workflow_events",
        "row_security_off:job_tracking",
    }


async def test_a_deleted_run_of_an_open_alert_is_told_until_the_alert_ends(world: World) -> None:
    run_id = await world.fail()
    await decided(world)
    assert await look(world) == []
    await world.execute("delete from public.workflow_runs where id = %s", run_id)
    assert await look(world) == ["evidence_gone"]
    seen = await only(world)
    alert_id = await world.value("select id::text from public.alerts")
    assert (seen["project_id"], seen["labels"]["alert"]) == (world.project_id, alert_id)
    await decided(world)
    assert await look(world) == []  # and none about the alert about it
    await world.execute(
        "update public.alerts set status = 'resolved' where id::text = %s", alert_id
    )
    await look(world)
    assert await look(world) == ["recovered"]


async def test_what_a_caller_reported_needs_no_run(world: World) -> None:
    await world.fail()
    await decided(world)
    await world.execute("update public.alerts set kind = 'custom'")
    await world.execute("delete from public.workflow_runs")
    assert await look(world) == []
