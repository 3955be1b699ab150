"""Rules Q1 and Q2: a dead letter is one failure, whoever shows it."""

from __future__ import annotations

import random
from uuid import uuid4

import psycopg
import pytest

from meshhook_alerts.demo.meshhook import SAMPLE_WORKFLOWS, Plot, SampleEngine, shared
from tests.integration.detection.plays import (
    look,
)
from tests.integration.detection.support import (
    Jobs,
    age,
    decided,
    signals,
)
from tests.line import World

pytestmark = pytest.mark.postgres


async def test_letter_tracking_and_trigger_are_one_failure(world: World, jobs: Jobs) -> None:
    run_id = await world.start_run()
    await jobs.bury(await jobs.send(run_id), run_id)
    assert await look(world) == ["dead_letter"]
    (seen,) = await signals(world)
    assert seen["source_ref"] == f"dlq:{run_id}:1"
    assert (seen["run_id"], seen["project_id"]) == (run_id, world.project_id)
    await decided(world)
    assert await look(world) == []


@pytest.mark.parametrize("left", ["the letter", "the tracking"])
async def test_either_is_enough_without_the_trigger(world: World, jobs: Jobs, left: str) -> None:
    await world.execute("alter table public.job_tracking disable trigger all")
    run_id = await world.start_run()
    await jobs.bury(await jobs.send(run_id), run_id, error="Error: boom")
    await world.execute(
        "delete from public.job_tracking"
        if left == "the letter"
        else "select pgmq.purge_queue('workflow_jobs_dlq')"
    )
    assert await look(world) == ["dead_letter"]
    (seen,) = await signals(world)
    assert (seen["source_ref"], seen["error"]) == (f"dlq:{run_id}:1", "Error: boom")
    assert seen["source_time"] == await world.value("select started_at from public.workflow_runs")


async def test_a_second_copy_of_a_letter_is_the_same_failure(world: World, jobs: Jobs) -> None:
    run_id = await world.start_run()
    msg_id = await jobs.send(run_id)
    await jobs.letter(msg_id, run_id)  # and the worker dies before it archives the job
    await jobs.bury(msg_id, run_id)
    assert await look(world) == ["dead_letter"]


async def test_the_sample_library_ends_in_one_dead_letter(world: World) -> None:
    async with await psycopg.AsyncConnection.connect(world.url, autocommit=True) as connection:
        engine = SampleEngine(shared(connection), time_scale=0, rng=random.Random(7))
        await engine.seed("Shop", uuid4(), SAMPLE_WORKFLOWS)
        run_id = await engine.run("order-intake", Plot.DEAD_LETTERED)
    await age(world, 90)
    assert await look(world) == ["dead_letter"]
    (seen,) = await signals(world)
    assert seen["source_ref"] == f"dlq:{run_id}:3"


async def test_a_replayed_job_is_no_news(world: World, jobs: Jobs) -> None:
    run_id = await world.start_run()
    letter = await jobs.bury(await jobs.send(run_id), run_id)
    await look(world)
    await decided(world)
    replayed = await jobs.replay(letter, run_id)
    await age(world, 90)
    assert await look(world) == []
    await jobs.complete(replayed)
    await jobs.close(run_id)
    assert await look(world) == []


async def test_a_replayed_job_that_dies_again_is_a_new_failure(world: World, jobs: Jobs) -> None:
    run_id = await world.start_run()
    letter = await jobs.bury(await jobs.send(run_id), run_id)
    await look(world)
    await decided(world)
    again = await jobs.retry(await jobs.replay(letter, run_id), run_id, 2)
    await jobs.bury(again, run_id)
    assert await look(world) == ["dead_letter"]
    (seen,) = await signals(world)
    assert seen["source_ref"] == f"dlq:{run_id}:{again}"


async def test_letters_of_foreign_shape_stop_nothing(world: World, jobs: Jobs) -> None:
    for message in ("[1, 2]", '{"run_id": "no uuid"}', '{"run_id": null, "original_msg_id": "x"}'):
        for queue in ("workflow_jobs", "workflow_jobs_dlq"):
            await world.execute("select pgmq.send(%s, %s::jsonb)", queue, message)
    run_id = await world.start_run()
    await world.execute(
        "select pgmq.send('workflow_jobs_dlq', jsonb_build_object('run_id', %s::text))", str(run_id)
    )
    await age(world, 90)
    assert await look(world) == ["dead_letter"]
    (seen,) = await signals(world)
    assert seen["source_ref"] == "msg:workflow_jobs_dlq:4:dead_letter"
