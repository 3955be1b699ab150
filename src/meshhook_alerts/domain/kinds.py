"""What can fail: the closed list of failure kinds, each with the detection rule behind it.

This is the place to add a kind. A source finds it (``sources/``), people read its ``title``, rules
match on its ``name``; the reference page follows from here.
"""

from __future__ import annotations

from dataclasses import dataclass

from meshhook_alerts.domain.severity import FailureClass, Severity

TRANSIENT, TERMINAL = FailureClass.TRANSIENT, FailureClass.TERMINAL
HAZARD, PLATFORM = FailureClass.HAZARD, FailureClass.PLATFORM
_QUEUE = ("job_tracking", "pgmq.q_workflow_jobs")
_DEAD = ("pgmq.q_workflow_jobs_dlq",)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of failure."""

    name: str
    """The word in rules, tables, API and messages."""
    rule: str
    """Identifier of the detection rule that finds it; ``API`` for the trigger endpoint."""
    failure_class: FailureClass
    title: str
    """What happened, as the end of "Workflow orders: …"."""
    evidence: str = ""
    """What the verdict rests on."""
    thresholds: tuple[str, ...] = ()
    """Names of the settings that bound it."""
    severity: Severity | None = None
    """Set where it does not follow from the class."""
    default_on: bool = True
    needs: tuple[str, ...] = ()
    """Tables without which the rule switches itself off."""

    @property
    def critical(self) -> bool:
        """Whether the run cannot complete without a person."""
        return self.failure_class is TERMINAL and self.severity is not Severity.INFO


# ---------------------------------------------------------------- one run

RUN_FAILED = Kind(
    "run_failed", "M1", TERMINAL, "run was marked failed",
    "the run's status is failed, or an event of an unknown type tells of a failure",
)  # fmt: skip
RUN_CANCELED = Kind(
    "run_canceled", "M2", TERMINAL, "run was canceled", "the run's status is canceled",
    severity=Severity.INFO,
)  # fmt: skip
PAUSED_TOO_LONG = Kind(
    "paused_too_long", "M3", HAZARD, "run has been paused for too long",
    "status paused, not changed for the pause limit", ("pause_limit",),
)  # fmt: skip
RETRIES_EXHAUSTED = Kind(
    "retries_exhausted", "M4", TERMINAL, "step failed and its retries are used up",
    "the attempt of a step_failed event reaches the attempt limit", ("attempt_limit",),
)  # fmt: skip
WILL_NOT_HEAL = Kind(
    "will_not_heal", "M4", TERMINAL, "step failed in a way that will not heal by itself",
    "the first attempt failed with an error that no retry can mend (HTTP 4xx, bad URL, certificate, …)",
)  # fmt: skip
RETRY_ABANDONED = Kind(
    "retry_abandoned", "M5", TERMINAL, "step failed and was never tried again",
    "the newest event is a step_failed below the attempt limit, older than the grace time",
    ("grace", "attempt_limit"),
)  # fmt: skip
STEP_NO_OUTCOME = Kind(
    "step_no_outcome", "M6", TERMINAL, "step was started and nothing more was heard of it",
    "the newest event is a step_started older than the grace time", ("grace",),
)  # fmt: skip
RESPONSE_NO_OUTCOME = Kind(
    "response_no_outcome", "M7", TERMINAL, "an answer arrived and nothing more was heard of the step",
    "the newest event is an http_attempted older than the grace time", ("grace",),
)  # fmt: skip
NOT_ADVANCED = Kind(
    "not_advanced", "M8", TERMINAL, "step succeeded and the next one was never scheduled",
    "the newest event is a step_succeeded older than the grace time", ("grace",),
)  # fmt: skip
NEVER_STARTED = Kind(
    "never_started", "M9", TERMINAL, "run was accepted and never started",
    "the newest event is run_created, older than the grace time", ("grace",),
)  # fmt: skip
NO_EVENTS = Kind(
    "no_events", "M10", TERMINAL, "run was created and has no event at all",
    "an open run without events; its intake died half-way", ("no_events_after",),
)  # fmt: skip
COMPLETED_NOT_CLOSED = Kind(
    "completed_not_closed", "M11", HAZARD, "run completed but its status was never closed",
    "a run_completed event of an open run, older than 30 s",
)  # fmt: skip
CLOSED_NO_EVENT = Kind(
    "closed_no_event", "M12", HAZARD, "run is marked succeeded without having completed",
    "status succeeded without a run_completed event or a finishing time",
)  # fmt: skip
FALSE_SUCCESS = Kind(
    "false_success", "M13", TERMINAL, "run is marked succeeded although a step never succeeded",
    "status succeeded, and the newest event of a step other than terminate is not step_succeeded",
)  # fmt: skip
EFFECT_WITHOUT_RECORD = Kind(
    "effect_without_record", "M14", TERMINAL,
    "call succeeded but its result could not be stored; it may have been repeated",
    "a 2xx answer followed by a failure of the same step, and no success of it",
)  # fmt: skip
EVENT_AFTER_END = Kind(
    "event_after_end", "M15", HAZARD, "run went on after its end",
    "an event newer than the run's run_completed",
)  # fmt: skip
EXECUTED_TWICE = Kind(
    "executed_twice", "M16", HAZARD, "step or run was executed twice",
    "two step_started of one node, or two run_completed, in one run",
)  # fmt: skip
OVER_DEADLINE = Kind(
    "over_deadline", "M17", TERMINAL, "run is past its deadline",
    "an open run older than the deadline set for its workflow", ("deadline",),
)  # fmt: skip
RETRYING = Kind(
    "retrying", "M18", TRANSIENT, "step failed and will be tried again",
    "a step_failed below the attempt limit, younger than the grace time", ("attempt_limit",),
    default_on=False,
)  # fmt: skip
UNKNOWN_EVENT = Kind(
    "unknown_event", "M19", HAZARD, "an event of an unknown type was seen",
    "the event's type is none of the six that MeshHook writes", severity=Severity.INFO,
)  # fmt: skip
STALLED = Kind(
    "stalled", "CATCH-ALL", TERMINAL, "run went silent before its end",
    "an open run without an event for the stall limit, whatever its last event was", ("stall_after",),
)  # fmt: skip

# ---------------------------------------------------------------- the queue

DEAD_LETTER = Kind(
    "dead_letter", "Q1 Q2", TERMINAL, "job was moved to the dead-letter queue",
    "a message in the dead-letter queue, or job_tracking.moved_to_dlq_at", needs=("job_tracking",),
)  # fmt: skip
JOB_FAILED = Kind(
    "job_failed", "Q3", TERMINAL, "job was marked failed", "job_tracking.failed_at is set",
    needs=("job_tracking",),
)  # fmt: skip
POISON_JOB = Kind(
    "poison_job", "Q4", TERMINAL, "job kills its worker again and again",
    "a queue message read at least three times", ("poison_reads",), needs=_QUEUE,
)  # fmt: skip
JOB_LOST = Kind(
    "job_lost", "Q5", TERMINAL, "job was lost between two attempts",
    "archived over 60 s ago; the run is open and nothing carries the job on", needs=_QUEUE,
)  # fmt: skip
ACKNOWLEDGED_RUN_OPEN = Kind(
    "acknowledged_run_open", "Q6", TERMINAL, "job counts as done but its run is still open",
    "completed_at older than the grace time, and no message, job or event since", ("grace",), needs=_QUEUE,
)  # fmt: skip
JOB_VANISHED = Kind(
    "job_vanished", "Q7", TERMINAL, "job has vanished from the queue",
    "a tracked job without an end whose message is in neither queue nor archive", needs=_QUEUE,
)  # fmt: skip
UNTRACKED_JOB = Kind(
    "untracked_job", "Q8", HAZARD, "job is in the queue but not tracked",
    "a queue message without its row in job_tracking", severity=Severity.INFO, needs=_QUEUE,
)  # fmt: skip
QUEUE_LAG = Kind(
    "queue_lag", "Q9", PLATFORM, "jobs are due and nobody takes them",
    "the oldest due message is older than the limit", ("queue_lag_limit",), needs=_QUEUE[1:],
)  # fmt: skip
QUEUE_DEPTH = Kind(
    "queue_depth", "Q10", PLATFORM, "the queue is too long",
    "more messages than the limit", ("queue_depth_limit",), needs=_QUEUE[1:],
)  # fmt: skip
QUEUE_STUCK = Kind(
    "queue_stuck", "Q13", PLATFORM, "workers hold jobs and none of them ends",
    "every job is held, none is due, and no held one has left the queue for the limit",
    ("queue_lag_limit",), needs=_QUEUE[1:],
)  # fmt: skip
DEAD_LETTER_GROWTH = Kind(
    "dead_letter_growth", "Q11", PLATFORM, "dead letters pile up",
    "more new dead letters in an hour than the limit", ("dead_letter_limit",), needs=_DEAD,
)  # fmt: skip
JOB_RETRYING = Kind(
    "job_retrying", "Q12", TRANSIENT, "job failed and will be tried again",
    "an archived message followed by a later attempt for the same run", default_on=False, needs=_QUEUE,
)  # fmt: skip

# ---------------------------------------------------------------- platform, silence, aggregates

PARTITION_RUNWAY = Kind(
    "partition_runway", "P1", PLATFORM, "the next month has no partition for events",
    "no partition of workflow_events covers the day 14 days ahead (critical: 2 days)",
)  # fmt: skip
PARTITION_MISSING = Kind(
    "partition_missing", "P12", PLATFORM, "events of runs cannot be written",
    "no partition of workflow_events covers the moment two minutes ahead; told in each project that had"
    " runs today, and to the operator",
)  # fmt: skip
MAINTENANCE_BROKEN = Kind(
    "maintenance_broken", "P2", HAZARD, "the job that makes partitions does not run",
    "pg_cron absent, its job missing, or its last run failed or older than 26 h",
)  # fmt: skip
FLEET_SILENT = Kind(
    "fleet_silent", "P3", PLATFORM, "no worker takes up any run",
    "runs were accepted in the window, and no other event was written", ("fleet_window",),
)  # fmt: skip
WORKFLOW_SILENT = Kind(
    "workflow_silent", "P4", TERMINAL, "workflow has not run when it was expected to",
    "no run since the expected interval, in its calendar and time zone", ("expected",),
)  # fmt: skip
FAILURE_RATE = Kind(
    "failure_rate", "P5", TERMINAL, "too many of the workflow's runs fail",
    "failing share of the runs settled in the window, with a least number", ("failure_rate",),
)  # fmt: skip
CONSECUTIVE_FAILURES = Kind(
    "consecutive_failures", "P6", TERMINAL, "the workflow's last runs all failed",
    "the last runs to settle all failed", ("consecutive",),
)  # fmt: skip
SLUG_COLLISION = Kind(
    "slug_collision", "P7", HAZARD, "another project has a workflow of the same slug",
    "one slug in several projects: deliveries may go to another tenant",
)  # fmt: skip
RAN_UNPUBLISHED = Kind(
    "ran_unpublished", "P8", HAZARD, "runs are started on a version that is not published",
    "the newest run is attached to a draft or archived definition",
)  # fmt: skip
ROW_SECURITY_OFF = Kind(
    "row_security_off", "P9", HAZARD, "event tables are open to every user",
    "row-level security is off on workflow_events or job_tracking",
)  # fmt: skip
EVIDENCE_GONE = Kind(
    "evidence_gone", "P10", HAZARD, "the run of an open alert has been deleted",
    "the run that an open alert's evidence names no longer exists", severity=Severity.INFO,
)  # fmt: skip
DETECTOR_STALE = Kind(
    "detector_stale", "P11", PLATFORM, "detection itself is late",
    "a sweep has not finished for three of its intervals",
)  # fmt: skip

# ---------------------------------------------------------------- reported by callers

INTAKE_REJECTED = Kind(
    "intake_rejected", "API", TERMINAL, "incoming webhook was rejected", "reported by the intake"
)
CIRCUIT_OPEN = Kind(
    "circuit_open", "API", HAZARD, "calls to a destination are suspended", "reported by the worker"
)
LOOP_ITEM_FAILED = Kind(
    "loop_item_failed", "API", HAZARD, "items of a loop failed while the run went on",
    "reported by the worker",
)  # fmt: skip
HANDLER_EXCEPTION = Kind(
    "handler_exception", "API", TERMINAL, "a handler threw and nobody caught it",
    "reported by the orchestrator or an executor",
)  # fmt: skip
CUSTOM = Kind("custom", "API", TERMINAL, "failure was reported", "reported by a caller")

KINDS: dict[str, Kind] = {
    value.name: value for value in list(globals().values()) if isinstance(value, Kind)
}

REPORTABLE = frozenset(kind.name for kind in KINDS.values() if kind.rule == "API")
"""Kinds that a caller of the trigger endpoint may report."""

HEALED_BY_A_CLEAN_RUN = frozenset(
    kind.name
    for kind in KINDS.values()
    if kind.rule[0] in "MC" or kind.rule in {"Q1 Q2", *(f"Q{n}" for n in range(3, 9))}
) | {INTAKE_REJECTED.name, HANDLER_EXCEPTION.name}
"""Kinds whose alerts end when a run of the workflow that began later ends clean. The others are
conditions, which end with themselves, or reports, which a person closes."""


ENDS_WITH_ITSELF = frozenset(KINDS) - HEALED_BY_A_CLEAN_RUN - REPORTABLE
"""Conditions: open for as long as they hold, however long nothing is heard of them."""

EXPLAINED_BY: dict[str, tuple[str, ...]] = {
    NEVER_STARTED.name: (FLEET_SILENT.name,),
    NO_EVENTS.name: (PARTITION_MISSING.name,),
    QUEUE_LAG.name: (FLEET_SILENT.name, QUEUE_STUCK.name),
    QUEUE_DEPTH.name: (FLEET_SILENT.name, QUEUE_STUCK.name, QUEUE_LAG.name),
}
"""Kind → larger troubles of the same project that explain it: while one is open, it is no news."""

LARGER = frozenset(larger for each in EXPLAINED_BY.values() for larger in each)
"""Kinds that explain others."""


def title_of(kind: str) -> str:
    """The title of a kind; a readable form of the name for one this version does not know."""
    known = KINDS.get(kind)
    return known.title if known else kind.replace("_", " ")
