"""Which verdicts about a run later rows have disproved, whatever may become of it.

A silence is over with the next event; a step that failed for good and then succeeded has not
failed for good; a run that was paused and no longer is has been taken up.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from meshhook_alerts.sources.meshhook.runs.case import Case
from meshhook_alerts.sources.meshhook.runs.history import Event

Reference = tuple[str, datetime | None]
"""Under which a failure counts once; without a time whatever its time was."""

_SILENT_AFTER = frozenset({"run_created", "step_started", "http_attempted", "step_succeeded"})


def disproved(case: Case) -> Iterator[Reference]:
    """The references of all that may have been said of the run and is no longer so."""
    for event in case.events[:-1]:
        yield from _silence_after(case, event)
    for steps in case.nodes.values():
        if steps[-1].type == "step_succeeded":
            yield from ((f"event:{each.id}", each.ts) for each in steps if each in case.lasting)
    if case.events:
        yield f"run:{case.run.id}:no_events", case.run.started_at
        yield f"run:{case.run.id}:stalled", case.run.started_at
    if case.run.status != "paused":
        yield f"run:{case.run.id}:paused", None
    if case.run.status != "running":
        yield f"run:{case.run.id}:not_closed", None
        yield from ((f"event:{end.id}:not_closed", end.ts) for end in case.of_type("run_completed"))


def _silence_after(case: Case, event: Event) -> Iterator[Reference]:
    """An event that is not the last was no silence."""
    yield f"event:{event.id}:stalled", event.ts
    if event.type in _SILENT_AFTER:
        yield f"event:{event.id}", event.ts
    elif event.type == "step_failed":
        suffix = ":abandoned" if event in case.lasting else ""
        yield f"event:{event.id}{suffix}", event.ts
