"""P3: no worker takes up any run. One failure for each project that waits, none for each run."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from meshhook_alerts.adapters.postgres.detection.condition_sweep import (
    ConditionRule,
    ConditionSweep,
    Look,
)
from meshhook_alerts.adapters.postgres.detection.conditions import HOLD, Condition
from meshhook_alerts.adapters.postgres.detection.rule_states import Need, PoliciesOf
from meshhook_alerts.domain import kinds

RECENT_EVENTS = 20_000
"""Newest events among which a sign of life is looked for."""
KEY = "workers"
TEXT = (
    "Runs are accepted and no worker takes up any: are the orchestrator and the executors running?"
)


async def fleet_silent(look: Look) -> Sequence[Condition]:
    """The projects whose runs wait while nothing was heard of any worker, in any project.

    It is over at a sign of life, not when no more runs come in.
    """
    grace = (await look.platform()).grace.total_seconds()
    rows = await look.rows("rule_p3_fleet_silent", events=RECENT_EVENTS, grace=grace)
    worked_at = rows[0]["worked_at"]
    waiting = [row["project_id"] for row in rows if row["project_id"]]
    policies = await look.policies(look.connection, waiting)
    silent = {
        project_id
        for project_id in waiting
        if is_silent(look.now, worked_at, policies[project_id].project.fleet_window)
    }
    silent |= {project_id for (project_id, _), since in look.still_open.items()
               if worked_at is None or worked_at <= since}  # fmt: skip
    return [
        Condition(kinds.FLEET_SILENT, project_id, KEY, TEXT, _evidence(worked_at))
        for project_id in sorted(silent)
    ]


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
