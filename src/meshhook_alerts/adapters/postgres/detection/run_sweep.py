"""The sweep over runs: finds what no trigger can see, and everything where there is no trigger.

It touches only what can have changed, by five ways of meeting a run, each bounded by itself: new
events, a time that has come, a status that has changed, runs that began without an event, and a
slow walk over all of them, so that none is ever missed. Runs that take an ordinary course are
never read one by one. What it finds bears the same references as what triggers find, so it counts
once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import DictRow, TupleRow, dict_row

from meshhook_alerts.adapters.postgres.detection.cursor import Cursor, read_cursor
from meshhook_alerts.adapters.postgres.detection.found import FoundSignal, add_found
from meshhook_alerts.adapters.postgres.detection.recovery import RunOutcome, add_run_recoveries
from meshhook_alerts.adapters.postgres.detection.run_place import Place
from meshhook_alerts.adapters.postgres.detection.runner import Sliced
from meshhook_alerts.adapters.postgres.encoding import dumps
from meshhook_alerts.adapters.postgres.queries import query
from meshhook_alerts.application.ports import FoundInRun, RunRow, RunRules
from meshhook_alerts.domain.policy import ProjectPolicy

NAME = "runs"
EVENTS_PER_ROW = 10
"""Events read for each run that a slice may look at: most need no look."""
WATCHED_AT_ONCE = 5_000
"""Watched runs whose status is compared in one slice."""
WALKED_AT_ONCE = 20_000
"""Runs passed in one slice of the walk over all of them."""
READ_AT_ONCE = 50
"""Runs read with their events in one go; between two goes the rest of the process has its turn."""
BREATH = 5
"""Runs examined before the rest of the process has its turn."""
EVENTS_KEPT = 1_000
"""Newest events of a run that are looked at; a run with more is a loop, told by its end."""
AGAIN = timedelta(hours=1)
"""Until a run that could not be read is tried again."""

SOON = timedelta(seconds=2)
"""Until a run with whose report to wait is looked at again."""

WaitWith = Callable[
    [AsyncConnection[TupleRow], Sequence[FoundSignal], datetime], Awaitable[set[UUID]]
]
PoliciesOf = Callable[
    [AsyncConnection[TupleRow], Iterable[UUID]], Awaitable[Mapping[UUID, ProjectPolicy]]
]


@dataclass(slots=True)
class _Work:
    """What one slice has to look at, and what came of it."""

    now: datetime
    attached_at: datetime
    wanted: dict[UUID, None] = field(default_factory=dict)
    """Runs to be looked at, in order."""
    found: list[FoundSignal] = field(default_factory=list)
    clean: list[RunOutcome] = field(default_factory=list)
    went_on: list[RunOutcome] = field(default_factory=list)
    """Runs of which something may have been said that is no longer so."""
    known: list[dict[str, Any]] = field(default_factory=list)
    watches: list[dict[str, Any]] = field(default_factory=list)
    forget: list[UUID] = field(default_factory=list)
    passed_over: dict[str, str] = field(default_factory=dict)

    def look_again(self, run_ids: set[UUID | None]) -> None:
        """Those of the runs of which something was disproved in the very look that found it: once it
        is recorded, it is withdrawn."""
        soon = {run.run_id for run in (*self.clean, *self.went_on) if run.refs} & run_ids
        self.forget = [run_id for run_id in self.forget if run_id not in soon]
        for run_id in soon:
            self.watches = [watch for watch in self.watches if watch["run_id"] != run_id]
            self.watches.append({"run_id": run_id, "status": "reported",
                                 "look_at": self.now + SOON, "reported": True})  # fmt: skip

    def want(self, run_ids: Iterable[UUID]) -> None:
        self.wanted.update(dict.fromkeys(run_ids))


@dataclass(frozen=True, slots=True)
class RunSweep:
    """Rules about single runs, and recovery of runs and workflows."""

    rules: RunRules
    policies: PoliciesOf
    wait_with: WaitWith
    """Which of what was found is not to be reported yet."""
    name: str = NAME
    interval_seconds: float = 5
    rows: int = 500

    async def slice(
        self, connection: AsyncConnection[TupleRow], position: Any, rows: int
    ) -> Sliced:
        """One bounded slice in the caller's transaction."""
        place = Place.of(position)
        cursor = await read_cursor(connection, place.events, rows * EVENTS_PER_ROW)
        work = _Work(cursor.now, cursor.attached_at)
        read, completed = await self._meet(connection, cursor, work)
        due = await self._due(connection, rows, work)
        await self._settle_plain(connection, completed + due, work)
        place = await self._changed(connection, place, work)
        recent = await self._recent(connection, place, rows, work)
        place, walking = await self._walk(connection, place, rows, work)
        await self._look(connection, work)
        await self._put_off(connection, work)
        new = await add_found(connection, work.found)
        work.look_again(set(new))
        added = len(new) + await add_run_recoveries(connection, work.clean, work.went_on)
        await self._remember(connection, work)
        more = cursor.more or len(due) >= rows or recent >= rows or walking
        position = place.after_events(cursor.position(), cursor.now).position()
        return Sliced(added, position, more, read, work.passed_over)

    # ------------------------------------------------------------ ways of meeting a run

    async def _meet(
        self, connection: AsyncConnection[TupleRow], cursor: Cursor, work: _Work
    ) -> tuple[int, list[UUID]]:
        """By new events: what tells of more than an ordinary course is looked at now, the rest
        expected to end well in time. Returns the events read, and the runs that have completed."""
        late = [
            {"after": each.after, "upto": each.upto, "snapshot": each.snapshot}
            for each in cursor.late
        ]
        rows = await _rows(
            connection, "met_runs", after=cursor.after, upto=cursor.upto, late=dumps(late)
        )
        work.want(row["run_id"] for row in rows if row["at_once"])
        if went_on := [str(row["run_id"]) for row in rows if row["known"]]:
            await connection.execute(query("runs_went_on"), {"runs": ",".join(went_on)})
        ordinary = [row for row in rows if not row["at_once"]]
        await self._expect(
            connection,
            [row for row in ordinary if not row["completed"] and not row["expected"]],
            work,
        )
        completed = [row["run_id"] for row in ordinary if row["completed"]]
        return sum(row["events"] for row in rows), completed

    async def _expect(
        self, connection: AsyncConnection[TupleRow], rows: Sequence[DictRow], work: _Work
    ) -> None:
        if not rows:
            return
        policies = await self.policies(connection, {row["project_id"] for row in rows})
        runs = [
            {
                "run_id": row["run_id"],
                "status": row["status"],
                "look_at": (row["last_at"] or work.now)
                + self.rules.first_look(policies[row["project_id"]].for_workflow(row["slug"])),
            }
            for row in rows
        ]
        await connection.execute(query("expect_runs"), {"runs": dumps(runs)})

    async def _due(
        self, connection: AsyncConnection[TupleRow], rows: int, work: _Work
    ) -> list[UUID]:
        """By a time that has come."""
        due = await _rows(connection, "due_runs", rows=rows)
        work.forget += [row["run_id"] for row in due if row["gone"]]
        return [row["run_id"] for row in due if not row["gone"]]

    async def _settle_plain(
        self, connection: AsyncConnection[TupleRow], run_ids: Sequence[UUID], work: _Work
    ) -> None:
        """Most runs end well; they are told apart by the database, and need no look."""
        if not run_ids:
            return
        plain = await _rows(connection, "plain_runs", runs=",".join(map(str, run_ids)))
        work.clean += [
            RunOutcome(row["project_id"], row["run_id"], row["slug"], row["started_at"], work.now, ())
            for row in plain
        ]  # fmt: skip
        settled = {row["run_id"] for row in plain}
        work.forget += settled
        work.want(id_ for id_ in run_ids if id_ not in settled)

    async def _changed(
        self, connection: AsyncConnection[TupleRow], place: Place, work: _Work
    ) -> Place:
        """By a status that has changed without an event."""
        (row,) = await _rows(
            connection, "changed_runs", after=place.changed_after, limit=WATCHED_AT_ONCE
        )
        work.want(row["changed"])
        return place.after_changed(row["last"] if row["seen"] >= WATCHED_AT_ONCE else None)

    async def _recent(
        self, connection: AsyncConnection[TupleRow], place: Place, rows: int, work: _Work
    ) -> int:
        """By having begun without an event, or ended without a completion."""
        since = max(place.recent_since or work.attached_at, work.now - timedelta(days=1))
        recent = await _rows(connection, "recent_runs", since=since, rows=rows)
        work.want(row["id"] for row in recent)
        return len(recent)

    async def _walk(
        self, connection: AsyncConnection[TupleRow], place: Place, rows: int, work: _Work
    ) -> tuple[Place, bool]:
        """By a walk over all runs. The first round takes the baseline; the later ones, far apart,
        are for what every other way has missed."""
        if not place.walk_is_due(work.now):
            return place, False
        (row,) = await _rows(
            connection, "walk_runs", after=place.walked_after, limit=WALKED_AT_ONCE, rows=rows,
            first=place.rounds == 0, attached_at=work.attached_at,
        )  # fmt: skip
        work.want(row["unmet"])
        ended = row["seen"] < WALKED_AT_ONCE and len(row["unmet"]) < rows
        return place.after_walk(None if ended else row["last"], work.now), not ended

    # ------------------------------------------------------------ looking

    async def _look(self, connection: AsyncConnection[TupleRow], work: _Work) -> None:
        wanted = list(work.wanted)
        for begin in range(0, len(wanted), READ_AT_ONCE):
            some = wanted[begin : begin + READ_AT_ONCE]
            runs = await self._load(connection, some, work)
            policies = await self.policies(connection, {run.project_id for run in runs})
            for place, run in enumerate(runs):
                if place % BREATH == 0:
                    await asyncio.sleep(0)
                self._examine(run, policies[run.project_id], work)
            alive = {run.id for run in runs}
            work.forget += [id_ for id_ in some if id_ not in alive and str(id_) not in work.passed_over]  # fmt: skip

    async def _load(
        self, connection: AsyncConnection[TupleRow], run_ids: Sequence[UUID], work: _Work
    ) -> list[RunRow]:
        """Runs with their events. If something in them cannot be read, one by one, so that it is
        known what."""
        try:
            async with connection.transaction():
                return await _load(connection, run_ids)
        except (psycopg.DataError, ValueError, OverflowError) as problem:
            if len(run_ids) == 1:
                self._pass_over(run_ids[0], problem, work)
                return []
            return [run for id_ in run_ids for run in await self._load(connection, [id_], work)]

    def _examine(self, run: RunRow, policy: ProjectPolicy, work: _Work) -> None:
        settings = policy.for_workflow(run.slug)
        try:
            seen = self.rules.report(run, settings, work.now, work.attached_at)
        except Exception as problem:
            self._pass_over(run.id, problem, work)
            return
        work.found += [_signal(run, each) for each in seen.found]
        if seen.known:
            work.known.append({"run_id": run.id, "project_id": run.project_id,
                               "workflow": run.slug, "kind": seen.known[0].kind})  # fmt: skip
        reported = run.reported or bool(seen.found)
        if seen.clean:
            refs = (*seen.refs, *seen.disproved) if reported else ()
            outcome = RunOutcome(run.project_id, run.id, run.slug, run.started_at, work.now, refs)
            work.clean.append(outcome)
        elif seen.disproved and reported:
            outcome = RunOutcome(
                run.project_id, run.id, run.slug, run.started_at, work.now, seen.disproved
            )
            work.went_on.append(outcome)
        if seen.settled:
            work.forget.append(run.id)
        else:
            work.watches.append({"run_id": run.id, "status": run.status,
                                 "look_at": seen.look_again_at, "reported": reported})  # fmt: skip

    def _pass_over(self, run_id: UUID, problem: Exception, work: _Work) -> None:
        why = (str(problem).strip().splitlines() or [type(problem).__name__])[0]
        work.passed_over[str(run_id)] = why[:200]
        work.watches.append(
            {"run_id": run_id, "status": "unreadable", "look_at": work.now + AGAIN, "reported": False}
        )  # fmt: skip

    async def _put_off(self, connection: AsyncConnection[TupleRow], work: _Work) -> None:
        waiting = await self.wait_with(connection, work.found, work.now)
        if not waiting:
            return
        work.found = [each for each in work.found if each.run_id not in waiting]
        for watch in work.watches:
            if watch["run_id"] in waiting:
                watch["look_at"] = work.now + SOON

    async def _remember(self, connection: AsyncConnection[TupleRow], work: _Work) -> None:
        if work.known:
            await connection.execute(query("know_runs"), {"known": dumps(work.known)})
        if work.watches or work.forget:
            await connection.execute(
                query("watch_runs"),
                {"watches": dumps(work.watches), "forget": ",".join(map(str, work.forget))},
            )


async def _rows(
    connection: AsyncConnection[TupleRow], name: str, **parameters: Any
) -> list[DictRow]:
    cursor = connection.cursor(row_factory=dict_row)
    await cursor.execute(query(name), parameters)
    return await cursor.fetchall()


async def _load(connection: AsyncConnection[TupleRow], run_ids: Sequence[UUID]) -> list[RunRow]:
    cursor = await connection.execute(
        query("run_histories"), {"runs": ",".join(map(str, run_ids)), "events": EVENTS_KEPT}
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


def _signal(run: RunRow, found: FoundInRun) -> FoundSignal:
    return FoundSignal(
        project_id=run.project_id,
        kind=found.kind,
        ref=found.ref,
        at=found.at,
        run_id=run.id,
        workflow_id=run.workflow_id,
        workflow=run.slug,
        node_id=found.node_id,
        node_type=found.node_type,
        attempt=found.attempt,
        http_status=found.http_status,
        error=found.error,
        labels=None,
    )


def _by_run(rows: Sequence[TupleRow]) -> Iterable[tuple[TupleRow, list[TupleRow]]]:
    for _, group in groupby(rows, key=lambda row: row[0]):
        members = list(group)
        yield members[0], members
