"""The scenarios of one run, played in a real database: by triggers and sweeps, by polling alone
(no trigger attached), and by both in either order. All find what the pure examination finds."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.rows import dict_row

from meshhook_alerts.domain.kinds import KINDS
from meshhook_alerts.sources.meshhook.runs.history import Event, Limits
from tests.line import Receiver, World, a_service
from tests.unit.meshhook.scenarios import Scene, play
from tests.unit.meshhook.test_scenarios import SCENARIOS

Found = Counter[tuple[UUID, str]]
# What only an older schema or a dropped partition can show is not shown by today's tables.
_ELSEWHERE = ("old schema", "start unknown", "partition dropped")


def _on_the_brink(scene: Scene) -> bool:
    """Whether what is found changes while the test runs; the pure tests look at those moments."""
    now, soon = (
        [finding.ref for finding in scene.look(timedelta(seconds=later)).findings]
        for later in (0, 30)
    )
    return now != soon


_PLAYED = [
    (name, play(story))
    for name, story, _ in SCENARIOS
    if not any(each in story for each in _ELSEWHERE)
]
_HERE = [(name, scene) for name, scene in _PLAYED if not _on_the_brink(scene)]


@dataclass(frozen=True, slots=True)
class Played:
    """A scenario in the database."""

    name: str
    scene: Scene
    run_id: UUID
    first_id: int
    """What was added to the scenario's own event ids."""


async def play_all(world: World, now: datetime) -> list[Played]:
    """Every scenario as a run of a workflow of its own, moved in time to end at ``now``."""
    async with await psycopg.AsyncConnection.connect(world.url) as connection:
        return [
            await _play(connection, world, place, name, scene, now - scene.now)
            for place, (name, scene) in enumerate(_HERE)
        ]


async def _play(
    connection: psycopg.AsyncConnection[Any],
    world: World,
    place: int,
    name: str,
    scene: Scene,
    shift: timedelta,
) -> Played:
    played = Played(name, scene, uuid4(), 1_000_000 + place * 10_000)
    workflow_id, run = uuid4(), scene.run()
    await connection.execute(
        "insert into public.workflow_definitions (id, project_id, slug, version, definition, name, status, user_id)"
        " values (%s, %s, %s, 1, '{\"nodes\": [], \"edges\": []}', %s, 'published', %s)",
        (workflow_id, world.project_id, f"scenario-{place}", name[:80], world.owner),
    )
    await connection.execute(
        "insert into public.alert_settings (project_id, workflow, document) values (%s, %s, %s::jsonb)",
        (world.project_id, f"scenario-{place}", json.dumps(_document(scene.limits))),
    )
    await connection.execute(
        "insert into public.workflow_runs (id, project_id, workflow_id, status, started_at, finished_at, updated_at)"
        " values (%s, %s, %s, %s, %s, %s, %s)",
        (played.run_id, world.project_id, workflow_id, run.status, run.started_at + shift,
         run.finished_at and run.finished_at + shift, (run.updated_at or run.started_at) + shift),
    )  # fmt: skip
    for event in run.events:
        await connection.execute(
            "insert into public.workflow_events (id, run_id, ts, type, payload) values (%s, %s, %s, %s, %s::jsonb)",
            (event.id + played.first_id, played.run_id, event.ts + shift, event.type, json.dumps(_payload(event))),
        )  # fmt: skip
    return played


def _payload(event: Event) -> dict[str, Any]:
    node = {"id": event.node_id, "type": event.node_type}
    given = {"attempt": event.attempt, "error": event.error, "status": event.http_status}
    return {"node": node, **{name: text for name, text in given.items() if text is not None}}


def _document(limits: Limits) -> dict[str, Any]:
    deadline = limits.deadline.total_seconds() if limits.deadline else None
    document = {
        "attempt_limit": limits.attempt_limit,
        "grace_seconds": limits.grace.total_seconds(),
        "stall_after_seconds": limits.stall_after.total_seconds(),
        "pause_limit_seconds": limits.pause_limit.total_seconds(),
        "deadline_seconds": deadline,
    }
    return {name: int(value) for name, value in document.items() if value is not None}


def expected(played: list[Played]) -> Found:
    """What the pure examination finds, of the kinds that are on unless switched on."""
    return Counter(
        (each.run_id, finding.kind.name)
        for each in played
        for finding in each.scene.look().findings
        if KINDS[finding.kind.name].default_on
    )


async def detected(world: World) -> Found:
    """What has been recorded."""
    async with await psycopg.AsyncConnection.connect(world.url, row_factory=dict_row) as connection:
        cursor = await connection.execute(
            "select failure.run_id, fold.kind from public.alert_failures failure"
            " join public.alert_folds fold on fold.id = failure.fold_id"
        )
        return Counter((row["run_id"], row["kind"]) for row in await cursor.fetchall())


async def sweep_and_decide(world: World, *, decide_first: bool = False) -> None:
    """One round of everything a worker does, without its rhythm."""
    async with a_service(world.url, sweep_seconds=0.1) as service:
        worker = service.worker()
        if decide_first:
            await _decide(worker)
        await world.execute(  # every sweep is due, and walks over all runs
            "update meshhook_alerts.sweeps set due_at = now(),"
            " position = case when name = 'runs' then position - 'walked_at' else position end"
        )
        for sweep in worker.sweeps.each:
            await sweep.turn()
        await _decide(worker)


async def _decide(worker: Any) -> None:
    while await worker.evaluate():
        pass


@pytest.mark.parametrize(
    "mode", ["triggers and sweeps", "sweeps before triggers are decided", "polling alone"]
)
async def test_every_way_of_looking_finds_the_same(world: World, mode: str) -> None:
    if mode == "polling alone":
        for table, trigger in (
            ("workflow_events", "step_failed"), ("workflow_runs", "run_failed"), ("job_tracking", "dead_letter"),
        ):  # fmt: skip
            await world.execute(f"drop trigger meshhook_alerts_{trigger} on public.{table}")
    await sweep_and_decide(world)  # what ended before the first sweep is history
    now = await world.value("select clock_timestamp()")
    played = await play_all(world, now)
    await sweep_and_decide(world, decide_first=mode == "triggers and sweeps")
    names = {each.run_id: each.name for each in played}
    of_runs = Counter(
        {key: count for key, count in (await detected(world)).items() if key[0] in names}
    )
    wanted = expected(played)
    missing = [(names[run], kind) for run, kind in (wanted - of_runs)]
    surplus = [(names[run], kind) for run, kind in (of_runs - wanted)]
    assert (missing, surplus) == ([], [])
    # Looking again finds nothing more: every reference counts once.
    before = await detected(world)
    await sweep_and_decide(world)
    again = await detected(world) - before
    assert not {key for key in again if key[0] in names and key in before}


async def test_a_mix_of_all_kinds_is_told_once_per_run_that_cannot_complete_and_never_otherwise(
    world: World, receiver: Receiver
) -> None:
    """One message per failure, whatever its cooldown: no miss, no false alarm, no run twice."""
    await sweep_and_decide(world)
    async with a_service(world.url, sweep_seconds=0.1) as service:
        await world.hook(service, receiver, cooldown_seconds=0, storm_summaries=False)
        played = await play_all(world, await world.value("select clock_timestamp()"))
        for _ in range(2):  # what triggers have told, then what sweeps find, then nothing more
            worker = service.worker()
            await _decide(worker)
            await sweep_and_decide(world)
    lost = {
        each.run_id
        for each in played
        if any(finding.kind.critical for finding in each.scene.look().findings)
    }
    told = await world.rows(
        "select fold.run_id, count(*) as messages from public.alert_notifications sent"
        " join public.alert_folds fold on fold.id = sent.fold_id where sent.reason <> 'recovered'"
        " group by 1"
    )
    names = {each.run_id: each.name for each in played}
    messages = {names[row["run_id"]]: row["messages"] for row in told if row["run_id"] in names}
    assert len(lost) > 70
    assert messages == {names[run_id]: 1 for run_id in lost}
