"""Sweeps over jobs: thresholds, slices, and several workers at once."""

from __future__ import annotations

import asyncio

import pytest

from meshhook_alerts.adapters.postgres.detection import job_sweep
from meshhook_alerts.sources.meshhook.queue.rules import queue_sweep, tracked_jobs_sweep
from tests.integration.detection.plays import (
    is_lost_between_two_attempts,
    look,
)
from tests.integration.detection.support import (
    Jobs,
    age,
    kinds,
    policies,
    settings,
    signals,
    sweep,
)
from tests.line import World

pytestmark = pytest.mark.postgres


async def test_thresholds_and_switches_are_the_workflows_own(world: World, jobs: Jobs) -> None:
    await settings(world, None, poison_reads=5, grace_seconds=600)
    await settings(world, "reports", poison_reads=2)
    await settings(world, "invoices", detect={"job_vanished": False})
    for slug in ("orders", "reports"):
        await jobs.take(await jobs.send(await world.start_run(slug)), times=3)
        await jobs.complete(await jobs.send(await world.start_run(slug)))
    await jobs.send(await world.start_run("invoices"))
    await world.execute("delete from pgmq.q_workflow_jobs where message ->> 'run_id' in (select id::text from public.workflow_runs where workflow_id = %s)", world.workflow_ids["invoices"])  # fmt: skip
    await age(world, 90)
    assert await look(world) == ["poison_job"]
    (seen,) = await signals(world)
    assert seen["workflow_id"] == world.workflow_ids["reports"]


async def test_slices_go_on_where_the_last_one_ended(
    world: World, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_sweep, "SLICE", 2)
    for _ in range(5):
        run_id = await world.start_run()
        await jobs.bury(await jobs.retry(await jobs.send(run_id), run_id, 2), run_id)
        await is_lost_between_two_attempts(jobs, await world.start_run())
    await world.execute("delete from meshhook_alerts.signals")  # as if there were no trigger
    await age(world, 90)
    assert await look(world) == ["dead_letter"] * 5 + ["job_lost"] * 5


async def test_the_archive_is_gone_through_once(world: World, jobs: Jobs) -> None:
    await is_lost_between_two_attempts(jobs, await world.start_run())
    await age(world, 90)
    each = queue_sweep(policies)
    assert await sweep(world.url, each) == 1
    await world.execute("delete from meshhook_alerts.signals")
    assert await sweep(world.url, each) == 0
    await is_lost_between_two_attempts(jobs, await world.start_run())
    await world.execute("update pgmq.a_workflow_jobs set archived_at = now() - interval '61 s' where msg_id > 2")  # fmt: skip
    assert await sweep(world.url, each) == 1


async def test_workers_that_look_at_once_find_each_failure_once(world: World, jobs: Jobs) -> None:
    await world.execute("alter table public.job_tracking disable trigger all")
    for _ in range(20):
        run_id = await world.start_run()
        await jobs.bury(await jobs.send(run_id), run_id)
    rounds = [sweep(world.url, make(policies)) for make in (queue_sweep, tracked_jobs_sweep) * 4]
    assert sum(await asyncio.gather(*rounds)) == 20
    assert await kinds(world) == ["dead_letter"] * 20
