"""A recorded history gives the same failures when it is replayed, whatever order it comes in."""

from __future__ import annotations

import asyncio
import random
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg.types.json import Jsonb
from psycopg_pool import AsyncConnectionPool

from meshhook_alerts.demo.meshhook import SAMPLE_WORKFLOWS, Plot, SampleEngine
from meshhook_alerts.domain.kinds import KINDS
from tests.line import World, a_service, open_world

pytestmark = pytest.mark.postgres

QUICK = {"grace_seconds": 10, "stall_after_seconds": 10, "no_events_after_seconds": 10}
RECORDED = ("projects", "workflow_definitions", "workflow_runs", "workflow_events", "job_tracking")
Failure = tuple[str, str, str]


async def live(world: World) -> UUID:
    """Every plot of the sample engine, played while a worker would be at work; the project."""
    async with AsyncConnectionPool(
        world.url, kwargs={"autocommit": True}, min_size=1, max_size=8
    ) as pool:
        engine = SampleEngine(pool.connection, time_scale=0, rng=random.Random(17))
        seeded = await engine.seed("Recorded", world.owner, SAMPLE_WORKFLOWS)
        slugs = list(seeded.workflow_ids)
        for number, plot in enumerate([*Plot, *Plot]):
            await engine.run(slugs[number % len(slugs)], plot)
            if number % 5 == 0:
                await look(world, seeded.id)
    await asyncio.sleep(10.5)  # until every silence is one
    return seeded.id


async def look(world: World, project_id: UUID) -> None:
    """One round of everything a worker does."""
    async with a_service(world.url, sweep_seconds=0.1) as service:
        await world.execute(
            "insert into public.alert_settings (project_id, document) values (%s, %s)"
            " on conflict do nothing",
            project_id, Jsonb(QUICK),
        )  # fmt: skip
        await world.execute(
            "update meshhook_alerts.sweeps set due_at = now(),"
            " position = case when name = 'runs' then position - 'walked_at' else position end"
        )
        worker = service.worker()
        for sweep in worker.sweeps.each:
            await sweep.turn()
        while await worker.evaluate():
            pass


async def recorded(world: World, project_id: UUID) -> dict[str, list[dict[str, Any]]]:
    """The engine's rows of the project."""
    own = {
        "projects": "id = %(p)s",
        "workflow_definitions": "project_id = %(p)s",
        "workflow_runs": "project_id = %(p)s",
        "workflow_events": "run_id in (select id from public.workflow_runs where project_id = %(p)s)",
        "job_tracking": "run_id in (select id from public.workflow_runs where project_id = %(p)s)",
    }
    async with await psycopg.AsyncConnection.connect(
        world.url, row_factory=psycopg.rows.dict_row
    ) as connection:
        return {
            table: await (
                await connection.execute(
                    f"select * from public.{table} where {own[table]}".encode(), {"p": project_id}
                )
            ).fetchall()
            for table in RECORDED
        }


async def replay(world: World, history: dict[str, list[dict[str, Any]]]) -> None:
    """Writes the rows again, events in a shuffled order, as they may become visible."""
    shuffled = random.Random(5)
    async with await psycopg.AsyncConnection.connect(world.url, autocommit=True) as connection:
        await connection.execute("set session_replication_role = origin")
        for table in RECORDED:
            rows = list(history[table])
            if table == "workflow_events":
                shuffled.shuffle(rows)
            for row in rows:
                values = {
                    name: Jsonb(value) if isinstance(value, dict | list) else value
                    for name, value in row.items()
                }
                names = ", ".join(values)
                places = ", ".join(f"%({name})s" for name in values)
                await connection.execute(
                    f"insert into public.{table} ({names}) values ({places})".encode(), values
                )


async def failures(world: World, project_id: UUID) -> set[Failure]:
    """What was recorded of single runs."""
    rows = await world.rows(
        "select failure.source_ref, failure.source_time::text, fold.kind"
        " from public.alert_failures failure join public.alert_folds fold on fold.id = failure.fold_id"
        " where failure.project_id = %s and failure.run_id is not null",
        project_id,
    )
    return {
        (row["source_ref"], row["source_time"], row["kind"])
        for row in rows
        if KINDS[row["kind"]].rule[0] in "MC"
    }


async def test_replayed_it_gives_the_same_failures(world: World, second_url: str) -> None:
    project_id = await live(world)
    await look(world, project_id)
    once = await failures(world, project_id)
    assert {kind for _, _, kind in once} >= {
        "retries_exhausted", "will_not_heal", "effect_without_record", "run_failed", "no_events",
        "never_started", "step_no_outcome", "not_advanced",
    }  # fmt: skip
    again = await open_world(second_url)
    await look(again, project_id)
    await replay(again, await recorded(world, project_id))
    await look(again, project_id)
    await asyncio.sleep(0.2)
    await look(again, project_id)
    assert await failures(again, project_id) == once
