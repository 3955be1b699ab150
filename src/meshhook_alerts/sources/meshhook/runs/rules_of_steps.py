"""Rules about what single events say, whatever became of the run. One function per rule."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from meshhook_alerts.domain import kinds
from meshhook_alerts.sources.meshhook.runs.case import Case, Foreseen, past
from meshhook_alerts.sources.meshhook.runs.history import KNOWN_EVENTS, Event

_TELLS_OF_FAILURE = re.compile("fail|error|timed?[_-]?out|dead(?!line)|abort", re.IGNORECASE)


def m4_retries_exhausted(case: Case) -> Iterator[Foreseen]:
    """The main failure, which no status shows: an attempt after which nothing will mend."""
    for event, kind in case.lasting.items():
        yield case.by_event(kind, event, detail="Step failed without an error text")


def m14_effect_without_record(case: Case) -> Iterator[Foreseen]:
    """The far side did it and MeshHook says failed; told once per node, at its first time.

    Where the first attempt's error shows it, M4 has told already. Otherwise the next attempt may
    yet be stored, so it is told when the node has failed for good or is not tried again.
    """
    for _, steps in case.named_nodes():
        lasting = {case.lasting[event] for event in steps if event in case.lasting}
        event = _first_unrecorded(steps)
        if event and kinds.EFFECT_WITHOUT_RECORD not in lasting:
            at_work = case.run.is_open and not lasting
            since = past(steps[-1].ts, case.limits.patience) if at_work else None
            yield case.by_event(kinds.EFFECT_WITHOUT_RECORD, event, ":effect", since=since)


def _first_unrecorded(steps: Sequence[Event]) -> Event | None:
    """The first failure that directly follows a 2xx answer, unless the node has succeeded."""
    if any(event.type == "step_succeeded" for event in steps):
        return None
    return next(
        (
            event
            for before, event in pairwise(steps)
            if event.type == "step_failed" and before.succeeded_remotely
        ),
        None,
    )


def m19_unknown_event(case: Case) -> Iterator[Foreseen]:
    """A later MeshHook. Each event whose type tells of a failure is one; of other types the first
    of each is told: a chatty engine must not flood the list."""
    seen: set[str] = set()
    for event in case.events:
        if event.type in KNOWN_EVENTS:
            continue
        if tells_of_failure(event):
            yield case.by_event(kinds.RUN_FAILED, event, detail=f"Event {event.name}")
        elif event.type not in seen:
            seen.add(event.type)
            detail = f"Event of unknown type {event.name}"
            yield case.by_event(kinds.UNKNOWN_EVENT, event, ":unknown", detail=detail)


def tells_of_failure(event: Event) -> bool:
    """Whether the name of an event's type, not one of the known, is that of a failure."""
    return bool(_TELLS_OF_FAILURE.search(event.type))
