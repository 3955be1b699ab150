"""All workers silent is one trouble: each waiting project's channels hear of it once, and so does
the operator, in whatever order it is noticed. What is counted here is messages."""

from __future__ import annotations

import asyncio

import pytest

from tests.integration.detection.platform.looking import another_project
from tests.line import Receiver, World, a_receiver, a_service, at_work, eventually
from tests.operating import operator_hook

pytestmark = pytest.mark.postgres

CALL = {"id": "http_call", "type": "http_call"}


async def waiting(world: World, seconds: int, slugs: tuple[str, ...], each: int = 3) -> None:
    """Runs that were accepted so long ago."""
    for slug in slugs:
        for _ in range(each):
            run_id = await world.start_run(slug)
            await world.event(run_id, "run_created")
            for table, column, key in (
                ("workflow_events", "ts", "run_id"),
                ("workflow_runs", "started_at", "id"),
            ):
                await world.execute(
                    f"update public.{table} set {column} = now() - make_interval(secs => %s)"
                    f" where {key} = %s",
                    seconds, run_id,
                )  # fmt: skip


async def worked(world: World, seconds: int) -> None:
    """A worker did something so long ago."""
    run_id = await world.start_run("reports")
    await world.event(run_id, "run_created")
    await world.event(run_id, "step_started", node=CALL)
    await world.event(run_id, "step_succeeded", node=CALL, next=None)
    await world.event(run_id, "run_completed")
    await world.execute(
        "update public.workflow_runs set status = 'succeeded', finished_at = now() where id = %s",
        run_id,
    )
    await world.execute(
        "update public.workflow_events set ts = now() - make_interval(secs => %s) where run_id = %s",
        seconds, run_id,
    )  # fmt: skip


def kinds(receiver: Receiver) -> list[str]:
    return [content["failure"]["kind"] for content in receiver.contents]


async def settled(receiver: Receiver, seconds: float = 3) -> list[str]:
    """What has been told once nothing more comes."""
    await eventually(lambda: asyncio.sleep(0, bool(receiver.requests)))
    await asyncio.sleep(seconds)
    return kinds(receiver)


@pytest.mark.parametrize("age", [90, 400])
async def test_workers_that_never_ran_are_one_message(
    world: World, receiver: Receiver, age: int
) -> None:
    async with a_service(world.url) as service:
        await world.hook(service, receiver)
        await waiting(world, age, ("orders", "invoices", "reports"))
        async with at_work(service):
            assert await settled(receiver) == ["fleet_silent"]
            await waiting(world, age, ("orders", "reports"))
            await asyncio.sleep(2)
            assert kinds(receiver) == ["fleet_silent"]


@pytest.mark.parametrize("since", [120, 45, 20])
async def test_workers_that_died_are_one_message(
    world: World, receiver: Receiver, since: int
) -> None:
    """At 45 and 20 s the runs are overdue before the workers count as silent."""
    async with a_service(world.url) as service:
        await world.hook(service, receiver, fleet_window_seconds=60)
        await worked(world, since)
        await waiting(world, 90, ("orders", "invoices", "reports"))
        async with at_work(service):
            await asyncio.sleep(2)
            await world.execute(  # time passes
                "update public.workflow_events set ts = ts - interval '60 s'"
            )
            assert await settled(receiver) == ["fleet_silent"]


async def test_one_run_that_waits_is_told_as_such_and_stays_the_only_message(
    world: World, receiver: Receiver
) -> None:
    async with a_service(world.url) as service:
        await world.hook(service, receiver)
        await waiting(world, 90, ("orders",), each=1)
        async with at_work(service):
            assert await settled(receiver, 1.5) == ["never_started"]
            await waiting(world, 90, ("invoices", "reports"))
            await asyncio.sleep(3)
    assert kinds(receiver) == ["never_started"]
    ledger = await world.rows("select distinct reason from public.alert_logs order by 1")
    assert "explained" in {row["reason"] for row in ledger}


async def test_each_waiting_project_and_the_operator_hear_of_it_once(
    world: World, receiver: Receiver
) -> None:
    other = await another_project(world)
    async with (
        a_receiver() as theirs,
        a_receiver() as operators,
        a_service(world.url) as service,
    ):
        await world.hook(service, receiver)
        await other.hook(service, theirs)
        await operator_hook(service, operators)
        await waiting(world, 90, ("orders", "invoices"))
        await waiting(other, 90, ("orders",), each=2)
        async with at_work(service):
            for each in (receiver, theirs, operators):
                assert await settled(each, 1) == ["fleet_silent"]
            await asyncio.sleep(2)
    assert [kinds(each) for each in (receiver, theirs, operators)] == [["fleet_silent"]] * 3


async def test_in_one_batch_it_is_decided_before_what_it_explains(
    world: World, receiver: Receiver
) -> None:
    """Signals that lay waiting while no worker decided, recorded in any order and second."""
    async with a_service(world.url) as service:
        await world.hook(service, receiver)
        for place, observed in enumerate(
            ["never_started", "never_started", "fleet_silent", "never_started"]
        ):
            await world.execute(
                "insert into meshhook_alerts.signals (project_id, source, observed, source_ref,"
                " source_time, noticed_at, run_id, workflow, error, labels) values (%s, 'meshhook',"
                " %s, 'test:' || %s, now(), now() + make_interval(secs => %s), gen_random_uuid(),"
                " %s, %s, %s::jsonb)",
                world.project_id, observed, place, place * 2 - 10,
                None if observed == "fleet_silent" else ("orders", "invoices", "x", "reports")[place],
                observed, "{}",
            )  # fmt: skip
        async with at_work(service):
            assert await settled(receiver, 2) == ["fleet_silent"]
