"""The ways in which the sweep meets runs there may be news about, each bounded by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from psycopg.rows import DictRow, dict_row

from meshhook_alerts.adapters.postgres.detection import run_watch
from meshhook_alerts.adapters.postgres.detection.cursor import Cursor
from meshhook_alerts.adapters.postgres.detection.recovery import RunOutcome
from meshhook_alerts.adapters.postgres.detection.rule_states import Connection, PoliciesOf
from meshhook_alerts.adapters.postgres.encoding import dumps
from meshhook_alerts.sources.meshhook.queries import query
from meshhook_alerts.sources.meshhook.runs.place import Place
from meshhook_alerts.sources.meshhook.runs.report import MeshHookRuns
from meshhook_alerts.sources.meshhook.runs.work import Work

WATCHED_AT_ONCE = 5_000
"""Watched runs whose status is compared in one slice."""
WALKED_AT_ONCE = 20_000
"""Runs passed in one slice of the walk over all of them."""


@dataclass(frozen=True, slots=True)
class Meeting:
    """Meets runs in the caller's transaction; ``rows`` bounds each way."""

    connection: Connection
    rules: MeshHookRuns
    policies: PoliciesOf
    rows: int
    work: Work

    async def by_events(self, cursor: Cursor) -> tuple[int, list[UUID]]:
        """By new events: what tells of more than an ordinary course is looked at now, the rest
        expected to end well in time. Returns the events read, and the runs that have ended."""
        late = [
            {"after": each.after, "upto": each.upto, "snapshot": each.snapshot}
            for each in cursor.late
        ]
        rows = await self._rows(
            "runs/met_runs", after=cursor.after, upto=cursor.upto, late=dumps(late)
        )
        self.work.want(row["run_id"] for row in rows if row["at_once"])
        await run_watch.went_on(self.connection, [row["run_id"] for row in rows if row["known"]])
        ordinary = [row for row in rows if not row["at_once"]]
        await self._expect(
            [row for row in ordinary if not row["completed"] and not row["expected"]]
        )
        ended = [row["run_id"] for row in ordinary if row["completed"]]
        return sum(row["events"] for row in rows), ended

    async def _expect(self, rows: Sequence[DictRow]) -> None:
        policies = await self.policies(self.connection, {row["project_id"] for row in rows})
        waits: dict[tuple[UUID, str | None], timedelta] = {}
        runs = []
        for row in rows:
            place = row["project_id"], row["slug"]
            if place not in waits:
                settings = policies[place[0]].for_workflow(place[1])
                waits[place] = self.rules.first_look(settings)
            look_at = (row["last_at"] or self.work.now) + waits[place]
            runs.append(run_watch.Watch(row["run_id"], row["status"], look_at))
        await run_watch.expect(self.connection, runs)

    async def by_time(self) -> list[UUID]:
        """By a time that has come."""
        due = await self._rows("runs/due_runs", rows=self.rows)
        self.work.forget |= {row["run_id"] for row in due if row["gone"]}
        return [row["run_id"] for row in due if not row["gone"]]

    async def settle_plain(self, run_ids: Sequence[UUID]) -> None:
        """Most runs end well; they are told apart by the database, and need no look."""
        if not run_ids:
            return
        plain = await self._rows("runs/plain_runs", runs=",".join(map(str, run_ids)))
        self.work.clean += [
            RunOutcome(row["project_id"], row["run_id"], row["slug"], row["started_at"], self.work.now, ())
            for row in plain
        ]  # fmt: skip
        settled = {row["run_id"] for row in plain}
        self.work.forget |= settled
        self.work.want(id_ for id_ in run_ids if id_ not in settled)

    async def by_status(self, place: Place) -> Place:
        """By a status that has changed without an event."""
        (row,) = await self._rows(
            "runs/changed_runs", after=place.changed_after, limit=WATCHED_AT_ONCE
        )
        self.work.want(row["changed"])
        return place.after_changed(row["last"] if row["seen"] >= WATCHED_AT_ONCE else None)

    async def by_beginning(self, place: Place) -> int:
        """By having begun without an event, or ended without a completion."""
        since = max(place.recent_since or self.work.attached_at, self.work.now - timedelta(days=1))
        recent = await self._rows("runs/recent_runs", since=since, rows=self.rows)
        self.work.want(row["id"] for row in recent)
        return len(recent)

    async def by_walking(self, place: Place) -> tuple[Place, bool]:
        """By a walk over all runs. The first round takes the baseline; the later ones, far apart,
        are for what every other way has missed."""
        if not place.walk_is_due(self.work.now):
            return place, False
        (row,) = await self._rows(
            "runs/walk_runs", after=place.walked_after, limit=WALKED_AT_ONCE, rows=self.rows,
            first=place.rounds == 0, attached_at=self.work.attached_at,
        )  # fmt: skip
        self.work.want(row["unmet"])
        ended = row["seen"] < WALKED_AT_ONCE and len(row["unmet"]) < self.rows
        return place.after_walk(None if ended else row["last"], self.work.now), not ended

    async def _rows(self, name: str, **parameters: Any) -> list[DictRow]:
        cursor = self.connection.cursor(row_factory=dict_row)
        await cursor.execute(query(name).encode(), parameters)
        return await cursor.fetchall()
