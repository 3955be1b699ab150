"""Rules about MeshHook itself, its queue and its tables: Q9 to Q11, Q13, P1, P2 and P7 to P10."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from meshhook_alerts.adapters.postgres.detection.condition_sweep import (
    ConditionRule,
    ConditionSweep,
    Look,
)
from meshhook_alerts.adapters.postgres.detection.conditions import HOLD, Condition
from meshhook_alerts.adapters.postgres.detection.rule_states import (
    CannotLookError,
    Need,
    PoliciesOf,
)
from meshhook_alerts.domain import kinds
from meshhook_alerts.domain.identifiers import PLATFORM
from meshhook_alerts.sources.meshhook.platform.fleet import RECENT_EVENTS
from meshhook_alerts.sources.meshhook.queries import query

_QUEUE = "workflow_jobs"
_DEFINITIONS = Need("public.workflow_definitions", ("status", "updated_at"))
_EVENTS = Need("public.workflow_events")
_PARTITIONS = Need("public.workflow_events", partitioned=True)


async def queue_lag(look: Look) -> Sequence[Condition]:
    """Q9: jobs are due and nobody takes them."""
    limit = (await look.platform()).queue_lag_limit
    (row,) = await look.rows(query("platform/q9_queue_lag"))
    if row["seconds"] is None or row["seconds"] <= limit.total_seconds():
        return []
    evidence = f"the oldest has been due for {row['seconds']:.0f} s; the limit is {limit.total_seconds():.0f} s"
    return [_platform(kinds.QUEUE_LAG, _QUEUE, f"Jobs are due in {_QUEUE} and nobody takes them", evidence)]  # fmt: skip


async def queue_stuck(look: Look) -> Sequence[Condition]:
    """Q13: occupied and still. What is held is remembered, so that one that leaves is seen."""
    limit = (await look.platform()).queue_lag_limit
    (row,) = await look.rows(query("platform/q13_queue_stuck"))
    held_before = set(look.memory.get("held", ()))
    moves = row["any_due"] or not row["held"] or bool(held_before - set(row["held"]))
    since = look.now if moves or not held_before else datetime.fromisoformat(look.memory["since"])
    look.memory = {"held": row["held"], "since": since.isoformat()}
    if moves or look.now - since <= limit:
        return []
    evidence = (
        f"{len(row['held'])} held; none has ended for {(look.now - since).total_seconds():.0f} s"
    )
    return [_platform(kinds.QUEUE_STUCK, _QUEUE, f"Workers hold every job of {_QUEUE} and none ends", evidence)]  # fmt: skip


async def queue_depth(look: Look) -> Sequence[Condition]:
    """Q10: the queue is too long."""
    limit = (await look.platform()).queue_depth_limit
    (row,) = await look.rows(query("platform/q10_queue_depth"), limit=limit)
    if row["messages"] <= limit:
        return []
    evidence = f"more than {limit} jobs"
    return [_platform(kinds.QUEUE_DEPTH, _QUEUE, f"The queue {_QUEUE} is too long", evidence)]


async def dead_letter_growth(look: Look) -> Sequence[Condition]:
    """Q11: dead letters pile up."""
    limit = (await look.platform()).dead_letter_limit
    (row,) = await look.rows(query("platform/q11_dead_letter_growth"), limit=limit)
    if row["letters"] <= limit:
        return []
    evidence = f"more than {limit} in the last hour"
    text = f"Dead letters pile up in {_QUEUE}_dlq"
    return [_platform(kinds.DEAD_LETTER_GROWTH, f"{_QUEUE}_dlq", text, evidence)]


async def partition_runway(look: Look) -> Sequence[Condition]:
    """P1: two weeks ahead it is a warning, two days ahead it is critical."""
    return [
        _platform(
            kinds.PARTITION_RUNWAY,
            f"{row['days']} days",
            f"No partition of workflow_events covers the day {row['days']} days ahead:"
            " from then on every event is refused",
            f"{row['day']} is not covered",
            severity="critical" if row["days"] == 2 else "warning",
        )
        for row in await look.rows(query("platform/p1_partition_runway"))
    ]


async def partition_missing(look: Look) -> Sequence[Condition]:
    """P12: whose runs will leave no event, and why; said before the first of them is found to have none."""
    text = "No partition of workflow_events covers the present: every event of a run is refused"
    projects = [
        row["project_id"] for row in await look.rows(query("platform/p12_partition_missing"))
    ]
    return [
        Condition(kinds.PARTITION_MISSING, project_id, "present", text)
        for project_id in ([PLATFORM, *projects] if projects else [])
    ]


_MAINTENANCE = {
    "missing": "pg_cron has no job that makes partitions of workflow_events",
    "inactive": "The job that makes partitions of workflow_events is switched off",
    "failed": "The job that makes partitions of workflow_events failed at its last run",
    "late": "The job that makes partitions of workflow_events has not run for 26 hours",
}


async def maintenance_broken(look: Look) -> Sequence[Condition]:
    """P2: where there is pg_cron, somebody must have told it to make partitions. Without it they are
    made some other way, and P1 says in time if they are not."""
    (cron,) = await look.rows(query("platform/p2_cron"))
    if not cron["there"]:
        return []
    if not cron["readable"]:
        raise CannotLookError("our role may not read cron.job and cron.job_run_details")
    rows = await look.rows(query("platform/p2_maintenance"))
    if any(row["state"] == "hidden" for row in rows):
        raise CannotLookError("row-level security of cron.job hides the jobs of other roles")
    return [
        _platform(kinds.MAINTENANCE_BROKEN, "job", _MAINTENANCE[row["state"]], row["detail"] or "")
        for row in rows
    ]


async def slug_collision(look: Look) -> Sequence[Condition]:
    """P7: told to each of the projects, none of which learns of the others."""
    return [
        Condition(
            kinds.SLUG_COLLISION, row["project_id"], row["slug"],
            "Another project has a workflow of the same slug: deliveries may go to it",
            workflow=row["slug"],
        )
        for row in await look.rows(query("platform/p7_slug_collision"))
    ]  # fmt: skip


async def ran_unpublished(look: Look) -> Sequence[Condition]:
    """P8: the intake takes the highest version, whatever its status."""
    return [
        Condition(
            kinds.RAN_UNPUBLISHED, row["project_id"], row["slug"],
            "Runs are started on a version that is not published",
            f"version {row['version']} is {row['status']}",
            workflow=row["slug"],
        )
        for row in await look.rows(query("platform/p8_ran_unpublished"), events=RECENT_EVENTS // 4)
    ]  # fmt: skip


async def row_security_off(look: Look) -> Sequence[Condition]:
    """P9: the MeshHook of today ships that way, so it is a warning, told to the operator alone."""
    return [
        _platform(
            kinds.ROW_SECURITY_OFF,
            row["name"],
            f"Row-level security is off on {row['name']}: users may read each other's rows",
        )
        for row in await look.rows(query("platform/p9_row_security_off"))
    ]


async def evidence_gone(look: Look) -> Sequence[Condition]:
    """P10: what callers report may name a run that never was."""
    reported = ",".join(sorted(kinds.REPORTABLE))
    return [
        Condition(
            kinds.EVIDENCE_GONE, row["project_id"], str(row["alert_id"]),
            "The run of an open alert has been deleted; the alert keeps a redacted copy of what it showed",
            workflow=row["workflow"],
            labels={"alert": str(row["alert_id"])},
        )
        for row in await look.rows(query("platform/p10_evidence_gone"), reported=reported)
    ]  # fmt: skip


def _platform(kind: kinds.Kind, key: str, text: str, evidence: str = "", **labels: str) -> Condition:  # fmt: skip
    return Condition(kind, PLATFORM, key, text, evidence, labels=labels)


OF_THE_QUEUE = (
    ConditionRule("Q9", kinds.QUEUE_LAG, (Need("pgmq.q_workflow_jobs", ("vt",)),), queue_lag),
    ConditionRule(
        "Q13", kinds.QUEUE_STUCK, (Need("pgmq.q_workflow_jobs", ("vt", "read_ct")),), queue_stuck
    ),
    ConditionRule("Q10", kinds.QUEUE_DEPTH, (Need("pgmq.q_workflow_jobs"),), queue_depth),
    ConditionRule(
        "Q11", kinds.DEAD_LETTER_GROWTH, (Need("pgmq.q_workflow_jobs_dlq", ("enqueued_at",)),),
        dead_letter_growth,
    ),
)  # fmt: skip
OF_THE_PLATFORM = (
    ConditionRule("P1", kinds.PARTITION_RUNWAY, (_PARTITIONS,), partition_runway),
    ConditionRule(
        "P12",
        kinds.PARTITION_MISSING,
        (_PARTITIONS, Need("public.workflow_runs")),
        partition_missing,
    ),
    ConditionRule("P2", kinds.MAINTENANCE_BROKEN, (_PARTITIONS,), maintenance_broken),
    ConditionRule("P7", kinds.SLUG_COLLISION, (), slug_collision),
    ConditionRule("P8", kinds.RAN_UNPUBLISHED, (_DEFINITIONS, _EVENTS), ran_unpublished),
    ConditionRule("P9", kinds.ROW_SECURITY_OFF, (_EVENTS,), row_security_off),
    ConditionRule("P10", kinds.EVIDENCE_GONE, (Need("public.workflow_runs"),), evidence_gone),
)


def queue_conditions_sweep(
    policies: PoliciesOf, interval_seconds: float = 15, hold: timedelta = HOLD
) -> ConditionSweep:
    """How the queue as a whole is doing."""
    return ConditionSweep("queue", interval_seconds, OF_THE_QUEUE, policies, hold)


def platform_sweep(
    policies: PoliciesOf, interval_seconds: float = 60, hold: timedelta = HOLD
) -> ConditionSweep:
    """How MeshHook as a whole is doing."""
    return ConditionSweep("platform", interval_seconds, OF_THE_PLATFORM, policies, hold)
