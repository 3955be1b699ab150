"""Whose failure is it, when the report names no project: what the rules say, and what nobody sees."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from meshhook_alerts.domain.identifiers import NOBODY
from tests.line import Receiver, World, at_work, eventually
from tests.reporting import Door, a_failure, open_door, pointers


@pytest.fixture
async def door(world: World) -> AsyncIterator[Door]:
    async with open_door(world) as opened:
        yield opened


async def another_project(world: World, slug: str, status: str, version: int = 9) -> UUID:
    """A project of somebody else with a workflow of that slug."""
    project, owner = uuid4(), uuid4()
    await world.execute(
        "insert into public.projects (id, owner, name) values (%s, %s, 'Other')", project, owner
    )
    await define(world, project, slug, status, version)
    return project


async def define(world: World, project: UUID, slug: str, status: str, version: int) -> UUID:
    id_ = uuid4()
    await world.execute(
        "insert into public.workflow_definitions (id, project_id, slug, version, definition, name, status)"
        " values (%s, %s, %s, %s, '{}', 'Another', %s)",
        id_, project, slug, version, status,
    )  # fmt: skip
    return id_


async def placed(door: Door, **fields: Any) -> tuple[UUID, UUID | None]:
    """Project and definition that a report ends up with."""
    failure = a_failure(**fields)
    answer = await door.send(failure)
    assert answer.status_code == 202, answer.text
    signal = (await door.signals())[-1]
    assert signal["source_ref"] == f"api:{failure['id']}"
    assert answer.json()["unattributed"] == (signal["project_id"] == NOBODY)
    return signal["project_id"], signal["workflow_id"]


async def test_a_slug_of_one_project_leads_to_it(door: Door, world: World) -> None:
    await define(world, world.project_id, "orders", "draft", 4)
    expected = (world.project_id, world.workflow_ids["orders"])
    assert await placed(door, workflow="orders") == expected
    assert await placed(door, workflow="orders", project_id=str(world.project_id)) == expected


async def test_a_published_slug_wins_over_others_drafts(door: Door, world: World) -> None:
    await another_project(world, "orders", "draft")
    await another_project(world, "orders", "archived")
    assert (await placed(door, workflow="orders"))[0] == world.project_id


async def test_a_slug_nobody_has_published_leads_to_its_only_project(
    door: Door, world: World
) -> None:
    other = await another_project(world, "drafted", "draft")
    assert (await placed(door, workflow="drafted"))[0] == other
    await another_project(world, "drafted", "archived")
    assert await placed(door, workflow="drafted") == (NOBODY, None)


async def test_a_slug_of_two_projects_is_told_to_neither(
    door: Door, world: World, receiver: Receiver
) -> None:
    await another_project(world, "orders", "published")
    await world.hook(door.service, receiver)
    assert await placed(door, workflow="orders", error="host db.internal") == (NOBODY, None)
    await decided(door)
    assert receiver.requests == []
    told_of = await world.rows("select project_id from public.alert_logs where fold_id is not null")
    assert NOBODY in {row["project_id"] for row in told_of}
    assert world.project_id not in {row["project_id"] for row in told_of}


async def test_an_unknown_slug_is_recorded_with_its_reason(door: Door, world: World) -> None:
    failures = [a_failure(workflow="gone", labels={"reason": "unknown_slug"}), a_failure()]
    answer = await door.send({"failures": failures})
    assert answer.json() == {"accepted": 2, "duplicates": 0, "unattributed": 2}
    await decided(door)
    ledger = await world.rows(
        "select effect, reason, count from public.alert_logs where project_id = %s", NOBODY
    )
    assert [tuple(row.values()) for row in ledger] == [("blocked", "no_settings", 1)] * 2
    slugs = await world.rows(
        "select workflow from public.alert_folds where project_id = %s order by workflow", NOBODY
    )
    assert [row["workflow"] for row in slugs] == ["gone", None]
    answer = await door.send({"failures": failures})
    assert answer.json() == {"accepted": 0, "duplicates": 2, "unattributed": 2}


async def test_what_was_nobodys_is_not_counted_again_for_the_project_found_since(
    door: Door, world: World
) -> None:
    waiting, recorded = a_failure(workflow="late"), a_failure(workflow="late")
    await door.send(recorded)
    await decided(door)
    await door.send(waiting)
    await another_project(world, "late", "published")
    answer = await door.send({"failures": [waiting, recorded]})
    assert answer.json() == {"accepted": 0, "duplicates": 2, "unattributed": 0}


async def test_a_run_leads_to_its_project_and_version(door: Door, world: World) -> None:
    run = str(await world.start_run("invoices"))
    invoices = (world.project_id, world.workflow_ids["invoices"])
    await another_project(world, "invoices", "published")
    assert await placed(door, run_id=run) == invoices
    assert await placed(door, run_id=run, workflow="invoices") == invoices
    assert await placed(door, run_id=str(uuid4())) == (NOBODY, None)
    orders = (world.project_id, world.workflow_ids["orders"])
    assert await placed(door, run_id=str(uuid4()), workflow="orders") == orders


async def test_a_run_of_another_project_is_refused(door: Door, world: World) -> None:
    other = await another_project(world, "theirs", "published")
    run = str(await world.start_run())
    failures = [a_failure(), a_failure(project_id=str(other), run_id=run)]
    answer = await door.send({"failures": failures})
    assert (answer.status_code, pointers(answer)) == (422, ["/failures/1/run_id"])
    assert await door.signals() == []


async def test_a_rejected_delivery_reaches_the_workflows_people(
    door: Door, world: World, receiver: Receiver
) -> None:
    await world.hook(door.service, receiver)
    failure = a_failure(
        workflow="orders", http_status=401, labels={"reason": "signature"}, count=12,
        error="Delivery rejected with HTTP 401: the signature does not fit",
    )  # fmt: skip
    await door.send(failure)
    async with at_work(door.service):

        async def told() -> bool:
            return bool(receiver.requests)

        await eventually(told)
    (content,) = receiver.contents
    assert content["workflow"] == {"slug": "orders", "name": "Orders", "version": 3}
    assert content["failure"]["kind"] == "intake_rejected"
    assert content["failure"]["http_status"] == 401
    assert content["headline"].startswith("orders: Delivery rejected with HTTP 401")
    labels = await world.value(
        "select labels from public.alert_folds where kind = 'intake_rejected'"
    )
    assert labels == {"reason": "signature", "count": "12"}


async def test_the_oldest_schema_will_do(door: Door, world: World) -> None:
    """Its definitions have no status."""
    await world.execute("drop view public.workflows")
    await world.execute("alter table public.workflow_definitions drop column status cascade")
    assert (await placed(door, workflow="orders"))[0] == world.project_id


async def test_without_a_database_the_answer_says_to_try_again(door: Door, world: World) -> None:
    await world.execute("alter table public.workflow_runs rename to moved")
    answer = await door.send(a_failure(occurred_at=datetime.now(UTC).isoformat()))
    assert (answer.status_code, pointers(answer)) == (503, [])
    assert answer.headers["retry-after"]


async def decided(door: Door) -> None:
    """Lets a worker decide on all that waits."""
    async with at_work(door.service):

        async def nothing_waits() -> bool:
            return not await door.signals()

        await eventually(nothing_waits)
