"""Rules about single jobs of the queue: Q1 to Q8 and Q12, one query each."""

from __future__ import annotations

from meshhook_alerts.adapters.postgres.detection.job_sweep import JobRule, JobSweep
from meshhook_alerts.adapters.postgres.detection.rule_states import Need, PoliciesOf
from meshhook_alerts.domain import kinds
from meshhook_alerts.domain.policy import EffectiveSettings
from meshhook_alerts.sources.meshhook.queries import query

QUEUE = Need("pgmq.q_workflow_jobs", ("msg_id", "read_ct", "enqueued_at", "vt", "message"))
LETTERS = Need("pgmq.q_workflow_jobs_dlq", ("msg_id", "enqueued_at", "message"))
ARCHIVE = Need("pgmq.a_workflow_jobs", ("msg_id", "archived_at", "message"))
_TRACKED = ("id", "msg_id", "run_id", "queue_name", "attempt", "enqueued_at")
_ENDS = ("completed_at", "failed_at", "moved_to_dlq_at")
TRACKING = Need("public.job_tracking", (*_TRACKED, *_ENDS, "error_message"))


def _poison(settings: EffectiveSettings, reads: float) -> bool:
    return reads >= settings.poison_reads


def _abandoned(settings: EffectiveSettings, seconds: float) -> bool:
    return seconds >= settings.grace.total_seconds()


OFTEN = (
    JobRule(
        "Q1", kinds.DEAD_LETTER, query("queue/q1_dead_letter"), (LETTERS,),
        text="Job was moved to the dead-letter queue",
    ),
    JobRule(
        "Q4", kinds.POISON_JOB, query("queue/q4_poison_job"), (QUEUE,), reached=_poison,
        text="Job was taken again and again and never finished: it may kill its worker",
    ),
    JobRule(
        "Q5", kinds.JOB_LOST, query("queue/q5_job_lost"), (QUEUE, LETTERS, ARCHIVE, TRACKING),
        text="Job was archived after a failed attempt, and no next attempt was ever sent",
        keeps_place=True,
    ),
    JobRule(
        "REPLAY", kinds.DEAD_LETTER, query("queue/replays"), (QUEUE,),
        text="", keeps_place=True,  # finds nothing, and marks what is being tried again
    ),
)  # fmt: skip
"""Rules that matter at once."""

SELDOM = (
    JobRule(
        "Q2", kinds.DEAD_LETTER, query("queue/q2_dead_letter_history"), (TRACKING,),
        text="Job was moved to the dead-letter queue",
    ),
    JobRule("Q3", kinds.JOB_FAILED, query("queue/q3_job_failed"), (TRACKING,), text="Job was marked failed"),
    JobRule(
        "Q6", kinds.ACKNOWLEDGED_RUN_OPEN, query("queue/q6_acknowledged_run_open"), (QUEUE, TRACKING),
        text="Job counts as done, but its run is still open and nothing carries it on",
        reached=_abandoned,
    ),
    JobRule(
        "Q7", kinds.JOB_VANISHED, query("queue/q7_job_vanished"), (QUEUE, ARCHIVE, TRACKING),
        text="Job is in neither queue nor archive: it was deleted, or the queue was purged",
    ),
    JobRule(
        "Q8", kinds.UNTRACKED_JOB, query("queue/q8_untracked_job"), (QUEUE, TRACKING),
        text="Job is in the queue but has no row in job_tracking",
    ),
    JobRule(
        "Q12", kinds.JOB_RETRYING, query("queue/q12_job_retrying"), (QUEUE, ARCHIVE, TRACKING),
        text="Job failed and will be tried again; the error of a retried attempt is stored nowhere",
        keeps_place=True,
    ),
)  # fmt: skip
"""Rules that walk over all open runs or all messages, and those that only inform."""


def queue_sweep(policies: PoliciesOf, interval_seconds: float = 5) -> JobSweep:
    """Dead letters, poison and lost jobs."""
    return JobSweep("queue_jobs", interval_seconds, OFTEN, policies)


def tracked_jobs_sweep(policies: PoliciesOf, interval_seconds: float = 30) -> JobSweep:
    """The other rules; a dead letter is among them for where neither trigger nor letter told it."""
    return JobSweep("tracked_jobs", interval_seconds, SELDOM, policies)
