"""Rules about a run as a whole: its status, its end, its time. One function per rule."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from meshhook_alerts.domain import kinds
from meshhook_alerts.sources.meshhook.runs.case import Case, Foreseen, past
from meshhook_alerts.sources.meshhook.runs.history import Event


def m1_run_failed(case: Case) -> Iterator[Foreseen]:
    """Set by hand or by a later MeshHook; its newest failed step tells why."""
    if case.run.status == "failed":
        failures = case.of_type("step_failed")
        yield case.by_run(kinds.RUN_FAILED, ":failed", event=failures[-1] if failures else None)


def m2_run_canceled(case: Case) -> Iterator[Foreseen]:
    """Stopped by somebody."""
    if case.run.status == "canceled":
        yield case.by_run(kinds.RUN_CANCELED, ":canceled")


def m3_paused_too_long(case: Case) -> Iterator[Foreseen]:
    """A forgotten pause."""
    run = case.run
    if run.status == "paused":
        at = run.updated_at or run.started_at
        # The old schema does not tell when a pause began; not before the newest event.
        begun = run.updated_at or max(run.begun_at, case.last.ts if case.last else run.begun_at)
        since = past(begun, case.limits.pause_limit)
        yield case.by_run(kinds.PAUSED_TOO_LONG, ":paused", at=at, since=since)


def m10_no_events(case: Case) -> Iterator[Foreseen]:
    """The intake died between the run and its first event."""
    run = case.run
    if run.is_open and not case.events and not run.events_may_be_missing:
        since = past(run.begun_at, case.limits.no_events_after)
        detail = "Run went silent with no event at all"
        yield case.by_run(kinds.NO_EVENTS, ":no_events", since=since, detail=detail)


def m11_completed_not_closed(case: Case) -> Iterator[Foreseen]:
    """The executor died between the last event and the status, or somebody set the time alone."""
    run, ends = case.run, case.of_type("run_completed")
    if run.status == "running" and ends:
        since = past(ends[0].ts, case.limits.closing)
        yield case.by_event(kinds.COMPLETED_NOT_CLOSED, ends[0], ":not_closed", since=since)
    elif run.status == "running" and run.finished_at:
        since = past(run.finished_at, case.limits.closing)
        detail = "Run has a finishing time and is still marked running"
        yield case.by_run(kinds.COMPLETED_NOT_CLOSED, ":not_closed", since=since, detail=detail)


def m12_closed_no_event(case: Case) -> Iterator[Foreseen]:
    """Closed by hand, or its events are lost."""
    run = case.run
    if run.status != "succeeded" or run.events_may_be_missing:
        return
    if run.finished_at is None or not case.of_type("run_completed"):
        yield case.by_run(kinds.CLOSED_NO_EVENT, ":no_completion")


def m13_false_success(case: Case) -> Iterator[Foreseen]:
    """MeshHook closes a run without a look at its steps."""
    if case.run.status == "succeeded":
        for node, newest in unfinished_steps(case):
            yield case.by_run(
                kinds.FALSE_SUCCESS,
                f":false_success:{node}",
                event=newest,
                detail=f"Run succeeded although its step ended with {newest.type}",
            )


def unfinished_steps(case: Case) -> Iterator[tuple[str, Event]]:
    """Nodes whose newest step event is no success, with that event.

    A terminate node never has one. Types of a later MeshHook say nothing here: one written after
    a success must not turn it into a failure.
    """
    for node, steps in case.named_nodes():
        if steps[-1].type != "step_succeeded" and steps[-1].node_type != "terminate":
            yield node, steps[-1]


def m15_event_after_end(case: Case) -> Iterator[Foreseen]:
    """A late attempt. A second end is M16's."""
    types = [event.type for event in case.events]
    first_end = types.index("run_completed") if "run_completed" in types else len(types)
    for event in case.events[first_end + 1 :]:
        if event.type != "run_completed":
            detail = f"{event.type} after run_completed"
            yield case.by_event(kinds.EVENT_AFTER_END, event, ":late", detail=detail)


def m16_executed_twice(case: Case) -> Iterator[Foreseen]:
    """A race or a redelivery; retries happen within one ``step_started``.

    Only the second is told: a third is the same trouble.
    """
    for _, steps in case.named_nodes():
        starts = [event for event in steps if event.type == "step_started"]
        yield from _second(case, starts, "Step was started twice")
    yield from _second(case, case.of_type("run_completed"), "Run completed twice")


def _second(case: Case, same: Sequence[Event], detail: str) -> Iterator[Foreseen]:
    if len(same) > 1:
        yield case.by_event(kinds.EXECUTED_TWICE, same[1], ":twice", detail=detail)


def m17_over_deadline(case: Case) -> Iterator[Foreseen]:
    """Too slow, whatever the last event."""
    run, deadline = case.run, case.limits.deadline
    if deadline is None or run.status not in ("running", "paused"):
        return
    first = case.events[0].ts if case.events else None
    begun = run.started_at if run.start_is_known else first
    if begun is not None:
        yield case.by_run(kinds.OVER_DEADLINE, ":over_deadline", since=past(begun, deadline))
