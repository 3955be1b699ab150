"""The sweep over runs: finds what no trigger can see, and everything where there is no trigger.

It touches only what can have changed, by five ways of meeting a run, each bounded by itself: new
events, a time that has come, a status that has changed, runs that began without an event, and a
slow walk over all of them, so that none is ever missed. Runs that take an ordinary course are
never read one by one. What it finds bears the same references as what triggers find, so it counts
once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import TupleRow

from meshhook_alerts.adapters.postgres.detection import run_watch
from meshhook_alerts.adapters.postgres.detection.cursor import read_cursor
from meshhook_alerts.adapters.postgres.detection.found import FoundSignal, add_found
from meshhook_alerts.adapters.postgres.detection.recovery import add_run_recoveries
from meshhook_alerts.adapters.postgres.detection.rule_states import Connection, PoliciesOf
from meshhook_alerts.adapters.postgres.detection.runner import Sliced
from meshhook_alerts.domain.policy import ProjectPolicy
from meshhook_alerts.sources.meshhook.queries import query
from meshhook_alerts.sources.meshhook.runs.meeting import Meeting
from meshhook_alerts.sources.meshhook.runs.place import Place
from meshhook_alerts.sources.meshhook.runs.report import MeshHookRuns
from meshhook_alerts.sources.meshhook.runs.rows import RunRow
from meshhook_alerts.sources.meshhook.runs.work import Work

NAME = "runs"
EVENTS_PER_ROW = 10
"""Events read for each run that a slice may look at: most need no look."""
READ_AT_ONCE = 50
"""Runs read with their events in one go; between two goes the rest of the process has its turn."""
BREATH = 5
"""Runs examined before the rest of the process has its turn."""
EVENTS_KEPT = 1_000
"""Newest events of a run that are looked at; a run with more is a loop, told by its end."""

WaitWith = Callable[[Connection, Sequence[FoundSignal], datetime], Awaitable[set[UUID]]]
"""Which runs' reports have to wait until something larger is clear."""


@dataclass(frozen=True, slots=True)
class RunSweep:
    """Rules about single runs, and recovery of runs and workflows."""

    policies: PoliciesOf
    wait_with: WaitWith
    rules: MeshHookRuns = field(default_factory=MeshHookRuns)
    name: str = NAME
    interval_seconds: float = 5
    rows: int = 500

    async def slice(self, connection: Connection, position: Any, rows: int) -> Sliced:
        """One bounded slice in the caller's transaction."""
        place = begun = Place.of(position)
        horizon = query("runs/event_horizon")
        cursor = await read_cursor(connection, horizon, place.events, rows * EVENTS_PER_ROW)
        work = Work(cursor.now, cursor.attached_at)
        meeting = Meeting(connection, self.rules, self.policies, rows, work)
        read, ended = await meeting.by_events(cursor)
        due = await meeting.by_time()
        await meeting.settle_plain(ended + due)
        place = await meeting.by_status(place)
        recent = await meeting.by_beginning(place)
        place, walking = await meeting.by_walking(place)
        await self._look(connection, work)
        added = await self._write(connection, work)
        if begun.rounds == 0 and place.rounds:
            await run_watch.say_what_was_known(connection)
        more = cursor.more or len(due) >= rows or recent >= rows or walking
        position = place.after_events(cursor.position(), cursor.now).position()
        return Sliced(added, position, more, read, work.passed_over)

    async def _look(self, connection: Connection, work: Work) -> None:
        wanted = list(work.wanted)
        for begin in range(0, len(wanted), READ_AT_ONCE):
            some = wanted[begin : begin + READ_AT_ONCE]
            runs = await self._load(connection, some, work)
            policies = await self.policies(connection, {run.project_id for run in runs})
            for place, run in enumerate(runs):
                if place % BREATH == 0:
                    await asyncio.sleep(0)
                self._examine(run, policies[run.project_id], work)
            alive = {run.id for run in runs} | {UUID(run_id) for run_id in work.passed_over}
            work.forget |= set(some) - alive

    async def _load(
        self, connection: Connection, run_ids: Sequence[UUID], work: Work
    ) -> list[RunRow]:
        """Runs with their events. If something in them cannot be read, one by one, so that it is
        known what."""
        try:
            async with connection.transaction():
                return await _load(connection, run_ids)
        except (psycopg.DataError, ValueError, OverflowError) as problem:
            if len(run_ids) == 1:
                work.pass_over(run_ids[0], problem)
                return []
            return [run for id_ in run_ids for run in await self._load(connection, [id_], work)]

    def _examine(self, run: RunRow, policy: ProjectPolicy, work: Work) -> None:
        settings = policy.for_workflow(run.slug)
        try:
            seen = self.rules.report(run, settings, work.now, work.attached_at)
        except Exception as problem:
            work.pass_over(run.id, problem)
        else:
            work.take(run, seen)

    async def _write(self, connection: Connection, work: Work) -> int:
        """Adds the signals, and remembers the rest; returns how many were added."""
        work.put_off(await self.wait_with(connection, work.found, work.now))
        new = await add_found(connection, work.found)
        recovered = await add_run_recoveries(connection, work.clean, work.went_on)
        work.look_again(new)
        await run_watch.know(connection, work.known)
        await run_watch.remember(connection, list(work.watches.values()), work.forget)
        return len(new) + recovered


async def _load(connection: Connection, run_ids: Sequence[UUID]) -> list[RunRow]:
    cursor = await connection.execute(
        query("runs/run_histories").encode(),
        {"runs": ",".join(map(str, run_ids)), "events": EVENTS_KEPT},
    )
    return [_row(run, group) for run, group in _by_run(await cursor.fetchall())]


_OF_RUN = 11
"""Columns of ``run_histories`` before those of its events."""


def _row(run: TupleRow, group: Sequence[TupleRow]) -> RunRow:
    (id_, project_id, workflow_id, status, started_at, finished_at, updated_at, slug, missing,
     reported, met_at, *_) = run  # fmt: skip
    events = [row[_OF_RUN:] for row in group if row[_OF_RUN] is not None]
    return RunRow(
        id_, project_id, workflow_id, status, started_at, finished_at, updated_at, slug, missing,
        reported, met_at, events,
    )  # fmt: skip


def _by_run(rows: Sequence[TupleRow]) -> Iterable[tuple[TupleRow, list[TupleRow]]]:
    for _, group in groupby(rows, key=lambda row: row[0]):
        members = list(group)
        yield members[0], members
