"""The sweep over runs: finds what no trigger can see, and everything where there is no trigger.

It touches only what can have changed: runs with events since the last time, runs whose silence has
become news, runs whose status has changed, and open runs it has not met yet. What it finds bears
the same references as what triggers find, so it counts once.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from meshhook_alerts.adapters.postgres.detection.cursor import Cursor, read_cursor
from meshhook_alerts.adapters.postgres.detection.found import FoundSignal, add_signals
from meshhook_alerts.adapters.postgres.detection.recovery import RunOutcome, add_run_recoveries
from meshhook_alerts.adapters.postgres.encoding import dumps
from meshhook_alerts.adapters.postgres.queries import query
from meshhook_alerts.application.ports import ExamineRun, FoundInRun, RunRow
from meshhook_alerts.domain.policy import EffectiveSettings, ProjectPolicy

NAME = "runs"
SLICE = 2_000
"""Runs of each sort taken in one transaction."""
EVENTS_KEPT = 1_000
"""Newest events of a run that are looked at; a run with more is a loop, told by its end."""

PoliciesOf = Callable[
    [AsyncConnection[TupleRow], Iterable[UUID]], Awaitable[Mapping[UUID, ProjectPolicy]]
]


@dataclass(slots=True)
class _Slice:
    """What one transaction of the sweep came to."""

    found: list[FoundSignal] = field(default_factory=list)
    clean: list[RunOutcome] = field(default_factory=list)
    watches: list[dict[str, Any]] = field(default_factory=list)
    forget: list[UUID] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class RunSweep:
    """Rules M1 to M19, the catch-all, and recovery of runs and workflows."""

    examine: ExamineRun
    policies: PoliciesOf
    name: str = NAME
    interval_seconds: float = 5

    async def slice(
        self, connection: AsyncConnection[TupleRow], position: Any
    ) -> tuple[int, Any, bool]:
        """One bounded slice in the caller's transaction.

        Returns the signals added, the new position, and whether there is more to do at once.
        """
        cursor = await read_cursor(connection, position)
        wanted = await self._wanted(connection, cursor)
        runs = await self._load(connection, [run_id for run_id, _ in wanted])
        result = await self._examine_all(connection, runs, cursor.now)
        result.forget += _gone(wanted, runs)
        added = await add_signals(connection, result.found)
        added += await add_run_recoveries(connection, result.clean)
        await self._remember(connection, result)
        ended = [run_id for run_id, is_ended in wanted if is_ended]
        more = cursor.more or len(wanted) - len(ended) >= SLICE
        return added, cursor.position(max(ended) if len(ended) == 500 else None), more

    async def _wanted(
        self, connection: AsyncConnection[TupleRow], cursor: Cursor
    ) -> list[tuple[UUID, bool]]:
        rows = await connection.execute(
            query("runs_to_examine"),
            {
                "after": cursor.after,
                "upto": cursor.upto,
                "limit": SLICE,
                "ended_after": cursor.ended_after,
            },
        )
        return [(run_id, ended) for run_id, ended in await rows.fetchall()]

    async def _load(
        self, connection: AsyncConnection[TupleRow], run_ids: Sequence[UUID]
    ) -> list[RunRow]:
        if not run_ids:
            return []
        cursor = await connection.execute(
            query("run_histories"),
            {"runs": ",".join(map(str, set(run_ids))), "events": EVENTS_KEPT},
        )
        rows = await cursor.fetchall()
        return [_row(run, group) for run, group in _by_run(rows)]

    async def _examine_all(
        self, connection: AsyncConnection[TupleRow], runs: Sequence[RunRow], now: datetime
    ) -> _Slice:
        policies = await self.policies(connection, {run.project_id for run in runs})
        result = _Slice()
        for run in runs:
            settings = policies[run.project_id].for_workflow(run.slug)
            self._examine_one(run, settings, now, result)
        return result

    def _examine_one(
        self, run: RunRow, settings: EffectiveSettings, now: datetime, result: _Slice
    ) -> None:
        seen = self.examine(run, settings, now)
        result.found += [_signal(run, each) for each in seen.found]
        reported = run.reported or bool(seen.found)
        if seen.clean:
            refs = seen.refs if reported else ()
            outcome = RunOutcome(run.project_id, run.id, run.slug, run.started_at, now, refs)
            result.clean.append(outcome)
        if seen.settled:
            result.forget.append(run.id)
        else:
            watch = {
                "run_id": run.id,
                "status": run.status,
                "look_at": seen.look_again_at,
                "reported": reported,
            }
            result.watches.append(watch)

    async def _remember(self, connection: AsyncConnection[TupleRow], result: _Slice) -> None:
        await connection.execute(
            query("watch_runs"),
            {"watches": dumps(result.watches), "forget": ",".join(map(str, result.forget))},
        )


def _row(run: TupleRow, group: Sequence[TupleRow]) -> RunRow:
    (id_, project_id, workflow_id, status, started_at, finished_at, updated_at, slug, missing,
     reported, *_) = run  # fmt: skip
    events = [row[10:] for row in group if row[10] is not None]
    return RunRow(
        id_, project_id, workflow_id, status, started_at, finished_at, updated_at, slug, missing,
        reported, events,
    )  # fmt: skip


def _gone(wanted: Sequence[tuple[UUID, bool]], runs: Sequence[RunRow]) -> list[UUID]:
    """Watched runs that have been deleted."""
    alive = {run.id for run in runs}
    return [run_id for run_id, ended in wanted if not ended and run_id not in alive]


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
