"""What can become of a job: the states that MeshHook's queue library leaves."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any
from uuid import UUID

from meshhook_alerts.sources.meshhook.queue.rules import queue_sweep, tracked_jobs_sweep
from tests.integration.detection.support import (
    Jobs,
    kinds,
    policies,
    sweep,
)
from tests.line import World

Play = Callable[[Jobs, UUID], Coroutine[Any, Any, None]]


async def look(world: World) -> list[str]:
    """Both sweeps over jobs; the kinds that wait afterwards."""
    for each in (queue_sweep(policies), tracked_jobs_sweep(policies)):
        await sweep(world.url, each)
    return await kinds(world)


async def waits(jobs: Jobs, run_id: UUID) -> None:
    await jobs.send(run_id)


async def succeeds(jobs: Jobs, run_id: UUID) -> None:
    msg_id = await jobs.send(run_id)
    await jobs.take(msg_id)
    await jobs.complete(msg_id)
    await jobs.close(run_id)


async def fails_once_then_succeeds(jobs: Jobs, run_id: UUID) -> None:
    second = await jobs.retry(await jobs.send(run_id), run_id, 2)
    await jobs.complete(second)
    await jobs.close(run_id)


async def waits_for_its_retry(jobs: Jobs, run_id: UUID) -> None:
    await jobs.retry(await jobs.send(run_id), run_id, 2, delay=600)


async def is_in_a_workers_hands(jobs: Jobs, run_id: UUID) -> None:
    await jobs.take(await jobs.send(run_id), times=2)


async def is_done_and_its_run_goes_on(jobs: Jobs, run_id: UUID) -> None:
    await jobs.complete(await jobs.send(run_id))
    await jobs.world.event(run_id, "step_started", node={"id": "a", "type": "transform"})


async def is_done_and_has_a_successor(jobs: Jobs, run_id: UUID) -> None:
    await jobs.complete(await jobs.send(run_id))
    await jobs.send(run_id)


HEALTHY = [
    waits, succeeds, fails_once_then_succeeds, waits_for_its_retry, is_in_a_workers_hands,
    is_done_and_its_run_goes_on, is_done_and_has_a_successor,
]  # fmt: skip


async def marked_failed(jobs: Jobs, run_id: UUID) -> None:
    await jobs.send(run_id, delay=600)
    await jobs.world.execute("update public.job_tracking set failed_at = now()")


async def kills_its_worker(jobs: Jobs, run_id: UUID) -> None:
    await jobs.take(await jobs.send(run_id), times=3)


async def is_lost_between_two_attempts(jobs: Jobs, run_id: UUID) -> None:
    msg_id = await jobs.retry(await jobs.send(run_id), run_id, 2)
    await jobs.archive(msg_id)


async def is_acknowledged_though_it_failed(jobs: Jobs, run_id: UUID) -> None:
    await jobs.world.event(run_id, "run_created")
    await jobs.complete(await jobs.send(run_id))


async def is_deleted_by_hand(jobs: Jobs, run_id: UUID) -> None:
    await jobs.send(run_id)
    await jobs.world.execute("select pgmq.purge_queue('workflow_jobs')")


async def was_never_tracked(jobs: Jobs, run_id: UUID) -> None:
    await jobs.send(run_id, tracked=False)


FAILING: dict[Play, list[str]] = {
    marked_failed: ["job_failed"],
    kills_its_worker: ["poison_job"],
    is_lost_between_two_attempts: ["job_lost"],
    is_acknowledged_though_it_failed: ["acknowledged_run_open"],
    is_deleted_by_hand: ["job_vanished"],
    was_never_tracked: ["untracked_job"],
}
