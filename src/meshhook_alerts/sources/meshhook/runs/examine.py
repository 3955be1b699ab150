"""What is wrong with one run: rules M1 to M19 and the catch-all, as one pure function."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from meshhook_alerts.sources.meshhook.runs import rules_of_runs as runs
from meshhook_alerts.sources.meshhook.runs import rules_of_silence as silence
from meshhook_alerts.sources.meshhook.runs import rules_of_steps as steps
from meshhook_alerts.sources.meshhook.runs.case import Case, Foreseen, Rule, past
from meshhook_alerts.sources.meshhook.runs.history import Examination, Limits, RunHistory

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

_LATE_ROWS = timedelta(minutes=10)
"""A worker that is alive writes more often than this, and a commit takes no longer."""


def examine(
    run: RunHistory, limits: Limits, now: datetime, attached_at: datetime | None = None
) -> Examination:
    """All that is wrong with ``run`` at ``now``, the terminal first: the first of them decides.

    ``attached_at``: what was so by then is known, and no finding.
    """
    case = Case.of(run, limits)
    # Whoever canceled a run knows of it, and of what led to it.
    rules = (runs.m2_run_canceled,) if run.status == "canceled" else RULES
    foreseen = [each for rule in rules for each in rule(case)]
    settles_at = _settles_at(case)
    changes = [moment for each in foreseen for moment in each.changes()]
    changes += [settles_at] if settles_at else []
    holding = sorted((each for each in foreseen if each.holds(now)), key=_decides_nothing)
    known = _known(case, holding, attached_at)
    return Examination(
        findings=[each.finding for each in holding if each not in known],
        look_again_at=min((moment for moment in changes if moment > now), default=None),
        settled=settles_at is not None and settles_at <= now,
        clean=_is_clean(case),
        known=[each.finding for each in known if each.finding.kind.critical],
    )


def _decides_nothing(each: Foreseen) -> bool:
    return not each.finding.kind.critical


def _known(
    case: Case, holding: Sequence[Foreseen], attached_at: datetime | None
) -> Sequence[Foreseen]:
    """What was so when we were attached. Of a run that was lost by then and has not gone on since,
    nothing is news, whatever rule or person comes to say so later."""
    if attached_at is None:
        return []
    before = [each for each in holding if each.moment <= attached_at]
    was_lost = any(each.finding.kind.critical for each in before)
    went_on = case.last is not None and case.last.ts > attached_at
    return holding if was_lost and not went_on else before


def _settles_at(case: Case) -> datetime | None:
    """When a closed run is beyond late rows; None while it is not closed.

    No rule waits for anything once a run is closed, so then it is settled.
    """
    run = case.run
    if run.status in ("running", "paused"):
        return None
    rows = [run.begun_at, run.finished_at, run.updated_at, case.last and case.last.ts]
    return past(max(at for at in rows if at), _LATE_ROWS)


def _is_clean(case: Case) -> bool:
    return (
        case.run.status == "succeeded"
        and bool(case.of_type("run_completed"))
        and not any(runs.unfinished_steps(case))
    )
