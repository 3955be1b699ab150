"""The end of a trouble: whoever was told of it is told of its end, once; nobody else is."""

from __future__ import annotations

import asyncio
import signal
from uuid import UUID

import pytest

from tests.acceptance.test_kill import run_until_dead
from tests.integration.detection.support import Jobs
from tests.line import Receiver, World, a_service, at_work, eventually

TERMINATE = {"id": "terminate", "type": "terminate"}
CALL = {"id": "http_call", "type": "http_call"}


async def clean_run(world: World, slug: str = "orders") -> UUID:
    """A run that is created and ends well."""
    run_id = await world.start_run(slug)
    await finish(world, run_id)
    return run_id


async def finish(world: World, run_id: UUID, seconds: float = 0) -> None:
    """The rest of a run that ends well, closed so many seconds after it said that it had completed."""
    await world.event(run_id, "step_started", node=CALL)
    await world.event(run_id, "http_attempted", node=CALL, status=200)
    await world.event(run_id, "step_succeeded", node=CALL, next=None)
    await world.event(run_id, "run_completed")
    await asyncio.sleep(seconds)
    await world.execute(
        "update public.workflow_runs set status = 'succeeded', finished_at = now() where id = %s",
        run_id,
    )


async def told(receiver: Receiver, number: int) -> list[str]:
    """Waits for so many messages; their types."""

    async def enough() -> bool:
        return len(receiver.contents) >= number

    await eventually(enough)
    return [content["type"] for content in receiver.contents]


async def status(world: World, wanted: str) -> None:
    """Waits until the one alert has a status."""

    async def reached() -> bool:
        return bool(
            await world.value(
                "select bool_and(status = %s) from public.alerts where project_id = %s",
                wanted,
                world.project_id,
            )
        )

    await eventually(reached)


async def test_a_run_of_the_workflow_that_began_later_and_ended_clean_ends_its_alert(
    world: World, receiver: Receiver
) -> None:
    async with a_service(world.url) as service:
        await world.hook(service, receiver)
        earlier = await world.start_run()
        await asyncio.sleep(0.1)
        async with at_work(service):
            await world.fail()
            await told(receiver, 1)
            await finish(world, earlier)
            await clean_run(world, "invoices")
            await asyncio.sleep(2)
            # A run that began before proves nothing, nor does one of another workflow.
            await status(world, "firing")
            proof = await clean_run(world)
            assert await told(receiver, 2) == ["alert.firing", "alert.recovered"]
            await clean_run(world)
            await asyncio.sleep(1.5)
    assert len(receiver.contents) == 2
    end = receiver.contents[1]
    assert end["alert"]["id"] == receiver.contents[0]["alert"]["id"]
    assert end["alert"]["resolved_at"] >= end["alert"]["opened_at"]
    ledger = await world.rows(
        "select blocked_by, channel from public.alert_logs where reason = 'recovered'"
    )
    assert ledger == [{"blocked_by": f"run {proof}", "channel": "hook"}]


async def test_a_verdict_that_a_late_event_disproves_is_withdrawn_as_recovered(
    world: World, receiver: Receiver
) -> None:
    async with a_service(world.url) as service:
        await world.hook(service, receiver, grace_seconds=10)
        run_id = await world.start_run()
        await world.event(run_id, "step_started", node=CALL)
        await world.execute("update public.workflow_events set ts = now() - interval '30 s'")
        async with at_work(service):
            assert await told(receiver, 1) == ["alert.firing"]
            assert receiver.contents[0]["failure"]["kind"] == "step_no_outcome"
            await world.event(run_id, "http_attempted", node=CALL, status=200)
            await world.event(run_id, "step_succeeded", node=CALL, next=None)
            await world.event(run_id, "run_completed")
            await world.execute(
                "update public.workflow_runs set status = 'succeeded', finished_at = now() where id = %s",
                run_id,
            )
            assert await told(receiver, 2) == ["alert.firing", "alert.recovered"]
    # The failure stays on record, with the moment it was withdrawn; the alert keeps its duration.
    assert await world.value(
        "select withdrawn_at is not null from public.alert_failures where project_id = %s",
        world.project_id,
    )
    assert await world.value(
        "select resolved_at >= opened_at from public.alerts where project_id = %s",
        world.project_id,
    )


async def test_an_alert_ends_only_when_all_its_failures_are_withdrawn(
    world: World, receiver: Receiver
) -> None:
    async with a_service(world.url) as service:
        await world.hook(service, receiver, grace_seconds=10)
        runs = [await world.start_run() for _ in range(2)]
        for run_id in runs:
            await world.event(run_id, "step_started", node=CALL)
        await world.execute("update public.workflow_events set ts = now() - interval '30 s'")
        async with at_work(service):
            await told(receiver, 1)
            for place, run_id in enumerate(runs):
                await world.event(run_id, "step_succeeded", node=CALL, next=None)
                await world.event(run_id, "run_completed")
                await world.execute(
                    "update public.workflow_runs set status = 'succeeded', finished_at = now() where id = %s",
                    run_id,
                )
                if place == 0:
                    await asyncio.sleep(2)
                    await status(world, "firing")
            assert await told(receiver, 2) == ["alert.firing", "alert.recovered"]


async def test_who_was_never_told_is_not_told_of_the_end(world: World, receiver: Receiver) -> None:
    async with a_service(world.url) as service:
        quiet = [{"name": "invoices only", "when": {"workflows": ["invoices"]}}]
        await world.hook(service, receiver, rules=quiet)
        async with at_work(service):
            await world.fail()
            await status(world, "firing")
            await asyncio.sleep(0.2)
            await clean_run(world)
            await status(world, "resolved")
    assert receiver.contents == []
    reasons = await world.rows(
        "select reason from public.alert_logs where project_id = %s order by id", world.project_id
    )
    assert [row["reason"] for row in reasons] == ["no_rule", "recovered_untold"]


async def test_a_clean_run_that_was_looked_at_before_it_was_closed_is_news_soon(
    world: World, receiver: Receiver
) -> None:
    """Its worker writes the completion and closes the run in two transactions."""
    async with a_service(world.url) as service:
        await world.hook(service, receiver)
        async with at_work(service):
            await world.fail()
            await told(receiver, 1)
            await asyncio.sleep(0.1)
            run_id = await world.start_run()
            await finish(world, run_id, seconds=0.7)
            await told(receiver, 2)
    assert receiver.contents[1]["reason"] == "recovered"


async def test_what_comes_back_after_its_end_was_told_is_news_at_once_and_the_same_alert(
    world: World, receiver: Receiver
) -> None:
    async with a_service(world.url) as service:
        await world.hook(service, receiver)
        async with at_work(service):
            for before in (0, 2):
                await world.fail()
                await told(receiver, before + 1)
                await asyncio.sleep(0.1)
                await clean_run(world)
                await told(receiver, before + 2)
    assert [content["type"] for content in receiver.contents] == [
        "alert.firing", "alert.recovered", "alert.firing", "alert.recovered",
    ]  # fmt: skip
    assert [content["reason"] for content in receiver.contents] == [
        "first_failure", "recovered", "came_back", "recovered",
    ]  # fmt: skip
    assert len({content["alert"]["id"] for content in receiver.contents}) == 1


async def test_all_workers_silent_is_one_alert_and_folds_every_never_started(
    world: World, receiver: Receiver
) -> None:
    async with a_service(world.url) as service:
        await world.hook(service, receiver, fleet_window_seconds=60, grace_seconds=10)
        for _ in range(3):
            run_id = await world.start_run()
            await world.event(run_id, "run_created")
        await world.execute("update public.workflow_events set ts = now() - interval '90 s'")
        await world.execute("update public.workflow_runs set started_at = now() - interval '90 s'")
        async with at_work(service):

            async def decided() -> bool:
                return bool(
                    await world.value(
                        "select count(*) >= 4 from public.alert_failures where project_id = %s",
                        world.project_id,
                    )
                )

            await eventually(decided)
    kinds = await world.rows(
        "select kind, count from public.alerts where project_id = %s", world.project_id
    )
    assert {row["kind"]: row["count"] for row in kinds} == {"fleet_silent": 1, "never_started": 3}


async def test_a_late_event_withdraws_a_silence_while_the_run_goes_on(
    world: World, receiver: Receiver
) -> None:
    async with a_service(world.url) as service:
        await world.hook(service, receiver, grace_seconds=10)
        run_id = await world.start_run()
        await world.event(run_id, "step_started", node=CALL)
        await world.execute("update public.workflow_events set ts = now() - interval '30 s'")
        async with at_work(service):
            await told(receiver, 1)
            await world.event(run_id, "http_attempted", node=CALL, status=200)
            await world.event(run_id, "step_succeeded", node=CALL, next="b")
            assert await told(receiver, 2) == ["alert.firing", "alert.recovered"]
            # It falls silent once more: that is news.
            await world.execute("update public.workflow_events set ts = ts - interval '30 s'")
            await world.execute("update meshhook_alerts.run_watch set look_at = now()")
            assert (await told(receiver, 3))[-1] == "alert.firing"
    assert [content["failure"]["kind"] for content in receiver.contents] == [
        "step_no_outcome", "step_no_outcome", "not_advanced",
    ]  # fmt: skip
    took = await world.rows(
        "select resolved_at - opened_at as took from public.alerts where kind = 'step_no_outcome'"
    )
    assert took[0]["took"].total_seconds() > 0


async def test_a_step_that_succeeds_after_all_withdraws_its_failure(
    world: World, receiver: Receiver
) -> None:
    async with a_service(world.url) as service:
        await world.hook(service, receiver)
        async with at_work(service):
            run_id = await world.start_run()
            await world.event(run_id, "step_failed", node=CALL, attempt=1, error="Error: HTTP 404")
            await told(receiver, 1)
            await world.event(run_id, "step_succeeded", node=CALL, next="b")
            assert await told(receiver, 2) == ["alert.firing", "alert.recovered"]


async def test_a_pause_that_ends_is_withdrawn(world: World, receiver: Receiver) -> None:
    async with a_service(world.url) as service:
        await world.hook(
            service, receiver, rules=[{"name": "all"}], pause_limit_seconds=60,
            detect={"run_canceled": False},
        )  # fmt: skip
        run_id = await world.start_run()
        await world.event(run_id, "run_created")
        await world.execute("alter table public.workflow_runs disable trigger user")
        await world.execute(
            "update public.workflow_runs set status = 'paused', updated_at = now() - interval '2 min'"
        )
        await world.execute("alter table public.workflow_runs enable trigger user")
        async with at_work(service):
            await told(receiver, 1)
            assert receiver.contents[0]["failure"]["kind"] == "paused_too_long"
            await world.execute("update public.workflow_runs set status = 'running'")
            assert await told(receiver, 2) == ["alert.firing", "alert.recovered"]


async def test_a_dead_letter_that_is_replayed_shows_as_retrying_and_fails_again_as_news(
    world: World, receiver: Receiver
) -> None:
    jobs = Jobs(world)

    async def retrying() -> bool:
        return bool(
            await world.value("select bool_and(retrying_at is not null) from public.alerts")
        )

    async with a_service(world.url) as service:
        await world.hook(service, receiver, cooldown_seconds=0)
        async with at_work(service):
            run_id = await world.start_run()
            letter = await jobs.bury(await jobs.send(run_id), run_id, error="Error: boom")
            await told(receiver, 1)
            again = await jobs.replay(letter, run_id)
            await eventually(retrying)
            await status(world, "firing")  # being tried again is no recovery
            await world.execute("select pgmq.archive('workflow_jobs', %s::bigint)", again)
            await jobs.letter(again, run_id, error="Error: boom")
            assert await told(receiver, 2) == ["alert.firing", "alert.still_failing"]


@pytest.mark.parametrize("point", ["before_commit", "after_commit"])
async def test_a_worker_killed_around_the_end_of_an_alert_tells_of_it_once(
    world: World, receiver: Receiver, point: str
) -> None:
    async with a_service(world.url) as service:
        await world.hook(service, receiver)
        async with at_work(service):
            await world.fail()
            await told(receiver, 1)
            await asyncio.sleep(0.5)
        # A person's act, decided by the worker that dies of it.
        await world.execute(
            "insert into meshhook_alerts.acts (id, project_id, alert_id, kind, by_name, via)"
            " select gen_random_uuid(), project_id, id, 'resolve', 'ana', 'api' from public.alerts"
        )
        assert await run_until_dead(point, world.url) == -signal.SIGKILL
        async with at_work(service):
            await told(receiver, 2)
            await asyncio.sleep(1)
    assert len(receiver.ids) == 2
    assert len(set(receiver.requests)) == 2
    assert receiver.contents[-1]["type"] == "alert.closed"
    assert await world.value("select count(*) from public.alert_acts") == 1
