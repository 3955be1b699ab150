"""Rules about a workflow's runs taken together: P4 to P6. Each needs a threshold from settings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from meshhook_alerts.adapters.postgres.detection.condition_sweep import (
    ConditionRule,
    ConditionSweep,
    Look,
)
from meshhook_alerts.adapters.postgres.detection.conditions import HOLD, Condition
from meshhook_alerts.adapters.postgres.detection.rule_states import Need, PoliciesOf
from meshhook_alerts.adapters.postgres.encoding import dumps
from meshhook_alerts.domain import kinds
from meshhook_alerts.sources.meshhook.platform.silence import workflow_silent
from meshhook_alerts.sources.meshhook.platform.watched import watched_for
from meshhook_alerts.sources.meshhook.queries import query

_RUNS = (Need("public.workflow_runs"), Need("public.workflow_definitions"))


async def failure_rate(look: Look) -> Sequence[Condition]:
    """P5: too many of the workflow's runs fail."""
    watched = {
        (each.project_id, each.slug): (each, each.settings.failure_rate)
        for each in await watched_for(look, "failure_rate")
        if each.settings.failure_rate
    }
    wanted = [each.row(seconds=rate.window.total_seconds()) for each, rate in watched.values()]
    found = []
    for row in (
        await look.rows(query("platform/p5_failure_rate"), wanted=dumps(wanted)) if wanted else ()
    ):
        place = row["project_id"], row["slug"]
        each, rate = watched[place]
        if rate.exceeded(row["failing"], row["settled"], already=place in look.still_open):
            text = f"{rate.percent} % or more of the workflow's runs fail"
            evidence = f"{row['failing']} of {row['settled']} within {rate.window}"
            found.append(each.condition(kinds.FAILURE_RATE, text, evidence))
    return found


async def consecutive_failures(look: Look) -> Sequence[Condition]:
    """P6: the workflow's last runs all failed."""
    watched = {
        (each.project_id, each.slug): (each, each.settings.consecutive)
        for each in await watched_for(look, "consecutive")
        if each.settings.consecutive
    }
    wanted = [each.row(number=number) for each, number in watched.values()]
    rows = (
        await look.rows(query("platform/p6_consecutive_failures"), wanted=dumps(wanted))
        if wanted
        else []
    )
    failing = [watched[row["project_id"], row["slug"]] for row in rows]
    return [
        each.condition(kinds.CONSECUTIVE_FAILURES, f"The workflow's last {number} runs all failed")
        for each, number in failing
    ]


OF_WORKFLOWS = (
    ConditionRule("P4", kinds.WORKFLOW_SILENT, _RUNS, workflow_silent),
    ConditionRule("P5", kinds.FAILURE_RATE, _RUNS, failure_rate),
    ConditionRule("P6", kinds.CONSECUTIVE_FAILURES, _RUNS, consecutive_failures),
)


def aggregates_sweep(
    policies: PoliciesOf, interval_seconds: float = 60, hold: timedelta = HOLD
) -> ConditionSweep:
    """How workflows as a whole are doing."""
    return ConditionSweep("aggregates", interval_seconds, OF_WORKFLOWS, policies, hold)
