"""P3: no worker takes up any run. One failure for each project that waits, none for each run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from psycopg.rows import dict_row

from meshhook_alerts.adapters.postgres.detection.condition_sweep import (
    ConditionRule,
    ConditionSweep,
    Look,
)
from meshhook_alerts.adapters.postgres.detection.conditions import HOLD, Condition
from meshhook_alerts.adapters.postgres.detection.found import FoundSignal
from meshhook_alerts.adapters.postgres.detection.rule_states import Connection, Need, PoliciesOf
from meshhook_alerts.domain import kinds
from meshhook_alerts.domain.identifiers import PLATFORM
from meshhook_alerts.sources.meshhook.queries import query

RECENT_EVENTS = 20_000
"""Newest events among which a sign of life is looked for."""
MORE_THAN_ONE = 2
"""Waiting runs from which on it is the workers' silence; one alone is a run that was lost."""
SUSPICIOUS = timedelta(seconds=10)
"""Silence of a fleet for which runs wait, from which on it may turn out to be dead."""
KEY = "workers"
TEXT = (
    "Runs are accepted and no worker takes up any: are the orchestrator and the executors running?"
)


async def fleet_silent(look: Look) -> Sequence[Condition]:
    """The projects whose runs wait while nothing was heard of any worker, in any project; and one
    for the operator. It is over at a sign of life, not when no more runs come in."""
    fleet = await _look_at(look.connection, look.policies)
    silent = {
        project_id
        for project_id, window in fleet.windows.items()
        if is_silent(look.now, fleet.worked_at, window)
    }
    silent |= {project_id for (project_id, _), since in look.still_open.items()
               if fleet.worked_at is None or fleet.worked_at <= since}  # fmt: skip
    if silent:
        silent.add(PLATFORM)
    return [
        Condition(kinds.FLEET_SILENT, project_id, KEY, TEXT, _evidence(fleet.worked_at))
        for project_id in sorted(silent)
    ]


@dataclass(frozen=True, slots=True)
class _Fleet:
    """The workers as their events show them, and who waits for them."""

    worked_at: datetime | None
    windows: Mapping[UUID, timedelta]
    """Projects of which so many runs wait that it is more than a lost run → how long each waits
    for a sign of life."""


async def _look_at(connection: Connection, policies_of: PoliciesOf) -> _Fleet:
    grace = (await policies_of(connection, [PLATFORM]))[PLATFORM].project.grace.total_seconds()
    cursor = connection.cursor(row_factory=dict_row)
    await cursor.execute(
        query("platform/p3_fleet_silent"), {"events": RECENT_EVENTS, "grace": grace}
    )
    rows = await cursor.fetchall()
    waiting = [row["project_id"] for row in rows if row["runs"] and row["runs"] >= MORE_THAN_ONE]
    policies = await policies_of(connection, waiting)
    windows = {
        project_id: policies[project_id].project.fleet_window
        for project_id in waiting
        if policies[project_id].project.detects(kinds.FLEET_SILENT)
    }
    return _Fleet(rows[0]["worked_at"], windows)


class FleetFirst:
    """Asked before a run is reported as never started: what all workers' silence explains is not
    reported as long as it is open whether they are silent, and not before that is."""

    def __init__(self, policies_of: PoliciesOf) -> None:
        self._policies_of = policies_of
        self._sweep = fleet_sweep(policies_of)

    async def __call__(
        self, connection: Connection, found: Sequence[FoundSignal], now: datetime
    ) -> set[UUID]:
        """Reports the silence, if it is one, in the caller's transaction; returns the runs with
        whose report to wait until that is clear."""
        unbegun = [each for each in found if each.kind == kinds.NEVER_STARTED.name]
        if not unbegun:
            return set()
        fleet = await _look_at(connection, self._policies_of)
        if any(is_silent(now, fleet.worked_at, window) for window in fleet.windows.values()):
            await self._sweep.slice(connection, None, 1)
        unclear = {
            project_id
            for project_id, window in fleet.windows.items()
            if not is_silent(now, fleet.worked_at, window)
            and is_silent(now, fleet.worked_at, min(window, SUSPICIOUS))
        }
        return {each.run_id for each in unbegun if each.project_id in unclear and each.run_id}


def is_silent(now: datetime, worked_at: datetime | None, window: timedelta) -> bool:
    """Whether no worker has worked in the window; asked only while runs wait for one."""
    return worked_at is None or worked_at < now - window


def _evidence(worked_at: datetime | None) -> str:
    if worked_at is None:
        return "no worker has written an event"
    return f"the last event of a worker was at {worked_at:%Y-%m-%d %H:%M:%S} UTC"


def fleet_sweep(
    policies: PoliciesOf, interval_seconds: float = 5, hold: timedelta = HOLD
) -> ConditionSweep:
    """Often, and before the runs are looked at: it explains those that were never started."""
    needs = (Need("public.workflow_events"),)
    rule = ConditionRule("P3", kinds.FLEET_SILENT, needs, fleet_silent)
    return ConditionSweep("fleet", interval_seconds, (rule,), policies, hold)
