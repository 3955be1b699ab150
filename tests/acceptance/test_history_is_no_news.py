"""What had ended or gone silent before we were attached is known, counted, and told to nobody."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.commands import command, complete
from tests.line import Receiver, World, a_service, arrived, at_work, eventually, named

pytestmark = pytest.mark.postgres

CALL = {"id": "http_call", "type": "http_call"}
LONG_AGO = "interval '3 days'"


async def attach(world: World) -> None:
    """We are attached at this moment."""
    await world.execute("update meshhook_alerts.attachment set attached_at = clock_timestamp()")


async def past(world: World, by: str = LONG_AGO) -> None:
    """Moves all there is into the past."""
    await world.execute("alter table public.workflow_runs disable trigger user")
    await world.execute(
        f"update public.workflow_runs set started_at = started_at - {by},"
        f" finished_at = finished_at - {by}, updated_at = updated_at - {by}"
    )
    await world.execute("alter table public.workflow_runs enable trigger user")
    await world.execute(f"update public.workflow_events set ts = ts - {by}")
    await world.execute("delete from meshhook_alerts.signals")


async def a_past(world: World) -> dict[str, UUID]:
    """Runs of every sort that have been over or stuck for days."""
    runs = {
        name: await world.start_run()
        for name in ("failed", "canceled", "exhausted", "silent", "empty", "unbegun")
    }
    for name in ("failed", "canceled"):
        await world.execute(
            "update public.workflow_runs set status = %s where id = %s", name, runs[name]
        )
    await world.event(runs["exhausted"], "step_failed", node=CALL, attempt=5, error="Error: x")
    await world.event(runs["silent"], "step_started", node=CALL)
    await world.event(runs["unbegun"], "run_created")
    await past(world)
    return runs


async def quiet(receiver: Receiver, seconds: float = 2.5) -> None:
    """Nothing arrives for a while."""
    before = len(receiver.requests)
    await asyncio.sleep(seconds)
    assert receiver.contents[before:] == []


async def known(world: World) -> list[dict[str, Any]]:
    """What is recorded as known before attachment."""
    return await world.rows(
        "select workflow, kind, runs from public.alert_baseline where project_id = %s order by kind",
        world.project_id,
    )


async def test_the_past_is_recorded_as_known_and_told_to_nobody(
    world: World, receiver: Receiver
) -> None:
    await a_past(world)
    await attach(world)
    async with a_service(world.url) as service:
        await world.hook(service, receiver, rules=[{"name": "all"}])
        async with at_work(service):
            await quiet(receiver)
    assert {row["kind"]: row["runs"] for row in await known(world)} == {
        "never_started": 1, "no_events": 1, "retries_exhausted": 1, "run_failed": 1,
        "step_no_outcome": 1,
    }  # fmt: skip
    assert await world.value("select count(*) from public.alerts where workflow is not null") == 0


async def test_what_fails_from_now_on_is_told_and_counts_by_itself(
    world: World, receiver: Receiver
) -> None:
    runs = await a_past(world)
    healthy = await world.start_run("invoices")
    await world.event(healthy, "step_started", node=CALL)
    await attach(world)
    async with a_service(world.url) as service:
        await world.hook(service, receiver)
        async with at_work(service):
            await quiet(receiver, 1.5)
            await world.event(healthy, "step_failed", node=CALL, attempt=5, error="Error: HTTP 503")
            # Somebody tidies up: old runs are marked failed. Known troubles stay known.
            await world.execute(
                "update public.workflow_runs set status = 'failed' where id = any(%s)",
                [runs["silent"], runs["unbegun"], runs["failed"]],
            )
            await eventually(lambda: asyncio.sleep(0, bool(receiver.requests)))
            await quiet(receiver)
    (told,) = receiver.contents
    assert told["workflow"]["slug"] == "invoices"
    assert told["alert"]["failures"] == 1


async def test_a_run_of_the_past_that_goes_on_and_fails_is_news(
    world: World, receiver: Receiver
) -> None:
    runs = await a_past(world)
    await attach(world)
    async with a_service(world.url) as service:
        await world.hook(service, receiver)
        async with at_work(service):
            await quiet(receiver, 1.5)
            await world.event(runs["silent"], "http_attempted", node=CALL, status=503)
            await world.event(
                runs["silent"], "step_failed", node=CALL, attempt=5, error="Error: HTTP 503"
            )
            await eventually(lambda: asyncio.sleep(0, bool(receiver.requests)))
    assert len(receiver.requests) == 1


async def test_a_worker_that_dies_in_the_middle_of_the_baseline_tells_and_forgets_nothing(
    world: World, receiver: Receiver
) -> None:
    await world.execute("set session_replication_role = replica")
    await world.execute(
        "with run as (insert into public.workflow_runs (project_id, workflow_id, status)"
        " select %s, %s, 'running' from generate_series(1, 2000) returning id)"
        " insert into public.workflow_events (run_id, type, payload)"
        " select id, 'run_created', '{}' from run",
        world.project_id, world.workflow_ids["orders"],
    )  # fmt: skip
    await past(world)
    await attach(world)
    for _ in range(3):  # each dies within its first slices
        async with a_service(world.url) as service:
            runs = named(service, "runs")
            dying = asyncio.create_task(runs.turn())
            await asyncio.sleep(0.15)
            dying.cancel()
            await asyncio.gather(dying, return_exceptions=True)
    async with a_service(world.url) as service:
        await world.hook(service, receiver)
        async with at_work(service):

            async def all_known() -> bool:
                return [row["runs"] for row in await known(world)] == [2000]

            await eventually(all_known)
            await quiet(receiver)
    assert [row["runs"] for row in await known(world)] == [2000]


async def test_dead_letters_and_jobs_of_the_past_are_no_news(
    world: World, receiver: Receiver
) -> None:
    from tests.integration.detection.support import Jobs, age

    jobs = Jobs(world)
    for slug in world.workflow_ids:
        for _ in range(2):
            run_id = await world.start_run(slug)
            msg_id = await jobs.send(run_id)
            if slug == "orders":
                await jobs.bury(msg_id, run_id)
            elif slug == "invoices":
                await jobs.take(msg_id, times=4)
            else:
                await jobs.archive(msg_id)
    await age(world, 3 * 86_400)
    await world.execute(
        "update public.job_tracking set moved_to_dlq_at = moved_to_dlq_at - interval '3 days'"
    )
    await past(world)
    await attach(world)
    async with a_service(world.url) as service:
        await world.hook(service, receiver)
        async with at_work(service):
            await quiet(receiver, 3)


async def test_a_fleet_that_was_silent_before_is_told_once_new_runs_wait(
    world: World, receiver: Receiver
) -> None:
    for _ in range(5):
        await world.event(await world.start_run(), "run_created")
    await past(world, "interval '1 hour'")
    await world.execute(
        "update meshhook_alerts.attachment set attached_at = now() - interval '5 min'"
    )
    async with a_service(world.url) as service:
        await world.hook(service, receiver)
        async with at_work(service):
            await quiet(receiver)
            before = await world.value("select max(id) from public.workflow_events")
            for slug in ("orders", "invoices"):
                await world.event(await world.start_run(slug), "run_created")
            await world.execute(
                "update public.workflow_events set ts = ts - interval '90 s' where id > %s", before
            )
            await world.execute("update meshhook_alerts.run_watch set look_at = now()")
            await eventually(lambda: asyncio.sleep(0, bool(receiver.requests)))
            await quiet(receiver)
    assert [content["failure"]["kind"] for content in receiver.contents] == ["fleet_silent"]


async def test_the_past_is_said_once_and_told_when_asked(
    world: World, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "meshhook_alerts")
    await a_past(world)
    await attach(world)
    async with a_service(world.url) as service:
        await world.hook(service, receiver)
        async with at_work(service):
            await world.until("select sum(runs) = 5 from public.alert_baseline")
            await eventually(_said(caplog, "5 runs in 1 workflows had failed or gone silent"))
            env = complete(world.url)
            migrated = await command("migrate", env=env)
            assert "5 runs in 1 workflows had failed or gone silent" in migrated.said
            assert "tell-existing" in (await command("doctor", env=env)).said
            told = await command("tell-existing", "--yes", env=env)
            assert "Shop: 5 runs in 1 workflow had failed" in told.said
            assert "1 message(s) queued" in told.said
            await arrived(receiver, 1)
            again = await command("tell-existing", "--yes", env=env)
            assert "all had been told already" in again.said
            await quiet(receiver, 1.5)
    (content,) = receiver.contents
    assert content["type"] == "alert.existing"
    assert "orders: 1 × " in content["failure"]["error"]
    assert content["alert"]["failures"] == 5


async def test_what_a_stuck_run_says_of_time_is_its_own(world: World, receiver: Receiver) -> None:
    """First and last failure are when it happened, not when it was found."""
    run_id = await world.start_run()
    await world.event(run_id, "step_started", node=CALL)
    await past(world, "interval '20 minutes'")
    async with a_service(world.url) as service:
        await world.hook(service, receiver)
        async with at_work(service):
            await arrived(receiver, 1)
    alert = receiver.contents[0]["alert"]
    late = datetime.fromisoformat(alert["detected_at"]) - datetime.fromisoformat(alert["opened_at"])
    assert timedelta(minutes=14) < late < timedelta(minutes=22)


def _said(caplog: pytest.LogCaptureFixture, what: str) -> Callable[[], Awaitable[bool]]:
    async def check() -> bool:
        return any(what in record.getMessage() for record in caplog.records)

    return check
