"""The first terminal verdict about a run decides its alert; what follows is evidence on it."""

from __future__ import annotations

import asyncio
from collections import Counter
from uuid import UUID

import pytest

from tests.line import Receiver, World, a_service, at_work, eventually

pytestmark = pytest.mark.postgres

CALL = {"id": "http_call", "type": "http_call"}
EVERYTHING = {
    "cooldown_seconds": 0,
    "rules": [{"name": "all", "when": {"minimum_severity": "error"}}],
    "grace_seconds": 10,
    "stall_after_seconds": 30,
}


async def attempts(world: World, run_id: UUID, upto: int, error: str = "Error: HTTP 404") -> None:
    """So many failed attempts of one step."""
    for attempt in range(1, upto + 1):
        await world.event(run_id, "step_failed", node=CALL, attempt=attempt, error=error)


async def age(world: World, run_id: UUID, seconds: int = 60) -> None:
    """Lets time pass for a run."""
    await world.execute(
        "update public.workflow_events set ts = ts - make_interval(secs => %s) where run_id = %s",
        seconds, run_id,
    )  # fmt: skip


async def mark(world: World, run_id: UUID, status: str) -> None:
    await world.execute("update public.workflow_runs set status = %s where id = %s", status, run_id)


def told_runs(receiver: Receiver) -> Counter[str]:
    """How many messages name each run."""
    return Counter(content["run"]["id"] for content in receiver.contents)


async def quiet(receiver: Receiver, seconds: float = 3) -> None:
    """Waits until nothing more comes."""
    while True:
        before = len(receiver.requests)
        await asyncio.sleep(seconds)
        if len(receiver.requests) == before:
            return


async def recorded(world: World, run_id: UUID, failures: int) -> None:
    """Waits until so many failures of a run are recorded."""

    async def there() -> bool:
        found: int = await world.value(
            "select count(*) from public.alert_failures where run_id = %s", run_id
        )
        return found == failures

    await eventually(there)


async def failing_in_every_way(world: World) -> dict[str, UUID]:
    """Runs each of which gives several verdicts, one after the other."""
    runs: dict[str, UUID] = {}
    for name in ("hopeless", "spent", "marked", "letter", "doubled", "silent"):
        runs[name] = await world.start_run()
        await world.event(runs[name], "run_created")
        await world.event(runs[name], "step_started", node=CALL)
    await attempts(world, runs["hopeless"], 5)
    await attempts(world, runs["spent"], 5, "Error: HTTP 503")
    await attempts(world, runs["marked"], 5, "Error: HTTP 503")
    await mark(world, runs["marked"], "failed")
    await attempts(world, runs["letter"], 5, "Error: HTTP 503")
    await world.execute(
        "insert into public.job_tracking (msg_id, run_id, queue_name, attempt) values (1, %s, 'workflow_jobs', 3)",
        runs["letter"],
    )
    await world.execute(
        "update public.job_tracking set moved_to_dlq_at = now(), error_message = 'boom' where run_id = %s",
        runs["letter"],
    )
    await attempts(world, runs["doubled"], 5, "Error: HTTP 503")
    await world.event(runs["doubled"], "step_failed", node=CALL, attempt=5, error="Error: HTTP 503")
    await attempts(world, runs["silent"], 2)
    return runs


@pytest.mark.parametrize("together", [True, False])
async def test_each_failing_run_is_told_once_whatever_follows(
    world: World, receiver: Receiver, together: bool
) -> None:
    async with a_service(world.url) as service:
        await world.hook(service, receiver, **EVERYTHING)
        if together:  # all is there before anybody decides
            runs = await failing_in_every_way(world)
        async with at_work(service):
            if not together:
                runs = await failing_in_every_way(world)
            await quiet(receiver, 1.5)
            for run_id in runs.values():
                await age(world, run_id)
            await quiet(receiver)
            await mark(world, runs["spent"], "failed")
            await mark(world, runs["silent"], "failed")
            await quiet(receiver)
    told = told_runs(receiver)
    if together:  # runs of one trouble, decided together, are one message with their number
        assert set(told.values()) == {1}
    else:
        assert told == {str(run_id): 1 for run_id in runs.values()}
    assert sum(content["alert"]["new_failures"] for content in receiver.contents) == len(runs)
    evidence = await world.value(
        "select sum(count) from public.alert_logs where reason = 'same_run' and effect = 'folded'"
    )
    assert evidence >= 4
    # What is evidence is counted nowhere as a further failure.
    assert await world.value(
        "select sum(count) from public.alerts where kind <> 'fleet_silent'"
    ) == len(runs)


async def test_evidence_is_recorded_on_the_alert_of_the_first_verdict(
    world: World, receiver: Receiver
) -> None:
    async with a_service(world.url) as service:
        await world.hook(service, receiver, **EVERYTHING)
        async with at_work(service):
            run_id = await world.start_run()
            await attempts(world, run_id, 1)
            await eventually(lambda: asyncio.sleep(0, bool(receiver.requests)))
            await mark(world, run_id, "failed")
            await recorded(world, run_id, 2)
    folds = await world.rows("select distinct alert_id from public.alert_folds")
    assert [str(row["alert_id"]) for row in folds] == [receiver.contents[0]["alert"]["id"]]


async def test_a_canceled_run_is_nobodys_failure(world: World, receiver: Receiver) -> None:
    async with a_service(world.url) as service:
        await world.hook(service, receiver, **EVERYTHING)
        for upto in (1, 2, 5):
            run_id = await world.start_run()
            await attempts(world, run_id, upto)
            await mark(world, run_id, "canceled")
        silent = await world.start_run()
        await world.event(silent, "step_started", node=CALL)
        await age(world, silent, 600)
        await mark(world, silent, "canceled")
        async with at_work(service):
            await quiet(receiver)
    assert receiver.requests == []


async def test_a_rule_may_ask_for_canceled_runs(world: World, receiver: Receiver) -> None:
    async with a_service(world.url) as service:
        await world.hook(
            service, receiver, rules=[{"name": "canceled", "when": {"kinds": ["run_canceled"]}}]
        )
        run_id = await world.start_run()  # canceled before anybody decides on its failure
        await attempts(world, run_id, 1)
        await mark(world, run_id, "canceled")
        async with at_work(service):
            await eventually(lambda: asyncio.sleep(0, bool(receiver.requests)))
            await quiet(receiver)
    assert [content["failure"]["kind"] for content in receiver.contents] == ["run_canceled"]


ASKS_FOR_CANCELED = {"name": "canceled", "when": {"kinds": ["run_canceled"]}}


async def test_a_cancellation_is_told_if_nobody_heard_of_the_failure_before(
    world: World, receiver: Receiver
) -> None:
    async with a_service(world.url) as service:
        await world.hook(service, receiver, rules=[ASKS_FOR_CANCELED])
        async with at_work(service):
            run_id = await world.start_run()
            await attempts(world, run_id, 1)
            await recorded(world, run_id, 1)
            await mark(world, run_id, "canceled")
            await recorded(world, run_id, 2)
            await quiet(receiver, 1)
    assert [content["failure"]["kind"] for content in receiver.contents] == ["run_canceled"]


async def test_a_cancellation_is_evidence_once_the_failure_was_told(
    world: World, receiver: Receiver
) -> None:
    rules = [*EVERYTHING["rules"], ASKS_FOR_CANCELED]  # type: ignore[misc]
    async with a_service(world.url) as service:
        await world.hook(service, receiver, rules=rules)
        async with at_work(service):
            run_id = await world.start_run()
            await attempts(world, run_id, 1)
            await eventually(lambda: asyncio.sleep(0, bool(receiver.requests)))
            await mark(world, run_id, "canceled")
            await recorded(world, run_id, 2)
            await quiet(receiver, 1)
    assert [content["failure"]["kind"] for content in receiver.contents] == ["will_not_heal"]
