"""What is wrong with one run: rules M1 to M19 and the catch-all, as one pure function."""

from __future__ import annotations

from datetime import datetime, timedelta

from meshhook_alerts.sources.meshhook import rules_of_runs as runs
from meshhook_alerts.sources.meshhook import rules_of_silence as silence
from meshhook_alerts.sources.meshhook import rules_of_steps as steps
from meshhook_alerts.sources.meshhook.case import Case, Rule, past
from meshhook_alerts.sources.meshhook.history import Examination, Limits, RunHistory

RULES: tuple[Rule, ...] = (
    runs.m1_run_failed,
    runs.m2_run_canceled,
    runs.m3_paused_too_long,
    steps.m4_retries_exhausted,
    silence.m5_retry_abandoned,
    silence.m6_step_no_outcome,
    silence.m7_response_no_outcome,
    silence.m8_not_advanced,
    silence.m9_never_started,
    runs.m10_no_events,
    runs.m11_completed_not_closed,
    runs.m12_closed_no_event,
    runs.m13_false_success,
    steps.m14_effect_without_record,
    runs.m15_event_after_end,
    runs.m16_executed_twice,
    runs.m17_over_deadline,
    silence.m18_retrying,
    steps.m19_unknown_event,
    silence.catch_all_stalled,
)

_LATE_ROWS = timedelta(seconds=60)
"""A worker that is alive writes more often than this; see the grace time."""


def examine(run: RunHistory, limits: Limits, now: datetime) -> Examination:
    """All that is wrong with ``run`` at ``now``."""
    case = Case.of(run, limits)
    foreseen = [each for rule in RULES for each in rule(case)]
    settles_at = _settles_at(case)
    changes = [moment for each in foreseen for moment in each.changes()]
    changes += [settles_at] if settles_at else []
    return Examination(
        findings=[each.finding for each in foreseen if each.holds(now)],
        look_again_at=min((moment for moment in changes if moment > now), default=None),
        settled=settles_at is not None and settles_at <= now,
        clean=_is_clean(case),
    )


def _settles_at(case: Case) -> datetime | None:
    """When a closed run is beyond late rows; None while it is not closed.

    No rule waits for anything once a run is closed, so then it is settled.
    """
    run = case.run
    if run.status in ("running", "paused"):
        return None
    rows = [run.started_at, run.finished_at, run.updated_at, case.last and case.last.ts]
    return past(max(at for at in rows if at), _LATE_ROWS)


def _is_clean(case: Case) -> bool:
    return (
        case.run.status == "succeeded"
        and bool(case.of_type("run_completed"))
        and not any(runs.unfinished_steps(case))
    )
