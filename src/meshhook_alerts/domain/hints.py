"""What to try first, for whoever reads a message."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from meshhook_alerts.domain.error_class import ERROR_CLASSES

_WORKERS = "See whether MeshHook's workers run, and what their logs say last."

BY_KIND: Mapping[str, str] = {
    "intake_rejected": "Compare the sender's secret and size with what the workflow takes: MeshHook keeps"
    " nothing of a rejected delivery, so ask for it again.",
    "circuit_open": "See whether the destination is well again; calls to it resume by themselves.",
    "handler_exception": "A mistake in the code: the trace stands in the workers' log.",
    "dead_letter": "Mend the cause, then put the job back from the dead-letter queue.",
    "job_failed": "Mend the cause, then start the run anew.",
    "job_lost": "Start the run anew; its events say how far it had come.",
    "job_vanished": "Start the run anew; its events say how far it had come.",
    "poison_job": "Take the job out of the queue before it stops the next worker, then look at its last step.",
    "queue_lag": _WORKERS,
    "queue_stuck": _WORKERS,
    "queue_depth": "Add workers, or see what has begun to start so many runs.",
    "dead_letter_growth": "See what the newest dead letters have in common.",
    "fleet_silent": _WORKERS,
    "partition_missing": "Make this month's partition of workflow_events: until then every event is refused.",
    "partition_runway": "Make the next month's partition of workflow_events, and see why pg_cron did not.",
    "maintenance_broken": "See cron.job_run_details for what the job said last.",
    "workflow_silent": "See whether its trigger still fires, and whether it is published.",
    "failure_rate": "See what its latest failures have in common.",
    "consecutive_failures": "See what its latest failures have in common, and what changed before the first.",
    "slug_collision": "Give one of the two workflows another slug.",
    "ran_unpublished": "Publish the version that should run.",
    "row_security_off": "Enable row-level security on the table that is named.",
    "detector_stale": "Run `meshhook-alerts doctor`: it names the search and its trouble.",
}
"""Where the error itself says nothing of what to do."""


@lru_cache(maxsize=1024)
def hint_for(kind: str, error_class: str) -> str:
    """What to try first: by the error where it is of a class, else by what happened."""
    if error_class == "unknown" and kind in BY_KIND:
        return BY_KIND[kind]
    return ERROR_CLASSES[error_class].hint
