"""Rules about open runs in which nothing more happens, by their newest event. One per rule."""

from __future__ import annotations

from collections.abc import Iterator

from meshhook_alerts.domain import kinds
from meshhook_alerts.sources.meshhook.runs.case import Case, Foreseen, past
from meshhook_alerts.sources.meshhook.runs.history import Event
from meshhook_alerts.sources.meshhook.runs.rules_of_steps import tells_of_failure

_NAMED_SILENCES = frozenset({"run_created", "step_started", "http_attempted", "step_succeeded"})


def m5_retry_abandoned(case: Case) -> Iterator[Foreseen]:
    """The worker died between two attempts."""
    if event := _waiting_for_retry(case):
        # M4 has told of this very event by its own reference; that it was the last is news.
        suffix = ":abandoned" if event in case.lasting else ""
        since = past(event.ts, case.limits.patience)
        yield case.by_event(kinds.RETRY_ABANDONED, event, suffix, since=since, detail=_text(event))


def m6_step_no_outcome(case: Case) -> Iterator[Foreseen]:
    """No executor, a dead one, or a node type that none knows."""
    return _silence_after("step_started", kinds.STEP_NO_OUTCOME, case)


def m7_response_no_outcome(case: Case) -> Iterator[Foreseen]:
    """The executor died with the answer in its hand."""
    return _silence_after("http_attempted", kinds.RESPONSE_NO_OUTCOME, case)


def m8_not_advanced(case: Case) -> Iterator[Foreseen]:
    """The step is done and nobody scheduled the next."""
    return _silence_after("step_succeeded", kinds.NOT_ADVANCED, case)


def m9_never_started(case: Case) -> Iterator[Foreseen]:
    """Accepted, and never taken up."""
    return _silence_after("run_created", kinds.NEVER_STARTED, case)


def m18_retrying(case: Case) -> Iterator[Foreseen]:
    """The engine will try again; ends where M5 begins."""
    if event := _waiting_for_retry(case):
        until = past(event.ts, case.limits.patience)
        yield case.by_event(kinds.RETRYING, event, ":retrying", until=until, detail=_text(event))


def catch_all_stalled(case: Case) -> Iterator[Foreseen]:
    """Silence that no other rule will name, so that no open run is ever missed.

    A completed run whose status stays open counts: M11 only warns of it.
    """
    run, last = case.run, case.last
    if not run.is_open or _named_otherwise(case):
        return
    since = past(last.ts if last else run.begun_at, case.limits.stall_after)
    if last is None:
        yield case.by_run(kinds.STALLED, ":stalled", since=since, detail="Run went silent")
    else:
        yield case.by_event(kinds.STALLED, last, ":stalled", since=since, detail=_text(last))


def _named_otherwise(case: Case) -> bool:
    """Whether a terminal finding of another rule names this silence, now or in time."""
    last = case.last
    if last is None:
        return not case.run.events_may_be_missing  # M10
    if last.type == "step_failed":
        return last.attempt_number is not None  # M5 below the attempt limit, M4 from there on
    return last.type in _NAMED_SILENCES or tells_of_failure(last)


def _silence_after(event_type: str, kind: kinds.Kind, case: Case) -> Iterator[Foreseen]:
    last = case.last
    if case.run.is_open and last and last.type == event_type:
        since = past(last.ts, case.limits.patience)
        yield case.by_event(kind, last, since=since, detail=_text(last))


def _waiting_for_retry(case: Case) -> Event | None:
    """The newest event of an open run, if it is an attempt that the engine should follow up."""
    last = case.last
    if not case.run.is_open or last is None or last.type != "step_failed":
        return None
    attempt = last.attempt_number
    return last if attempt is not None and attempt < case.limits.attempt_limit else None


def _text(last: Event) -> str:
    return f"Run went silent after {last.name}"
