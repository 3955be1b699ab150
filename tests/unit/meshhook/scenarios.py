"""A small language for the histories of runs: one line tells what was written, and when.

    run created, started http_call, failed http_call 1..5 'Error: HTTP 503', silence 70 s

Clauses, separated by commas:

    run created                        the run's first event
    started NODE [as TYPE]             step_started; TYPE follows from the name unless it is given
    attempted NODE STATUS              http_attempted
    succeeded NODE                     step_succeeded
    failed NODE N | N..M ['ERROR'] [after STATUS]
                                       step_failed for each attempt, with MeshHook's pauses between;
                                       an http_attempted before each where the error names a status
                                       or one is given. N may be anything, as foreign data may be,
                                       and ``?`` for none
    completed                          run_completed and the status, in one transaction
    terminated                         run_completed and then the status, in two
    event TYPE [NODE] ['ERROR']        any event by its type
    status STATUS                      set by hand; ``succeeded`` sets the finishing time too
    unfinished | finished              takes the finishing time away | sets it
    paused | resumed                   status paused | running, the row's updated_at with it
    wait SPAN | silence SPAN           time passes: ms, s, min, h or d
    swap ids                           the two newest events got their ids in the other order
    late SPAN                          the newest event is older than the one before it by so much
    old schema                         no updated_at
    start unknown                      the old schema's null for started_at
    partition dropped                  the events so far are lost, legitimately
    attempt limit N, deadline SPAN, stall SPAN, grace SPAN, pause limit SPAN
                                       the thresholds of the run's workflow

``?`` as a NODE is a payload without one. Every event takes a tenth of a second, so the span after
the last clause is the exact age of the newest event when the run is looked at.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from meshhook_alerts.domain.error_class import http_status_in
from meshhook_alerts.sources.meshhook.runs.examine import examine
from meshhook_alerts.sources.meshhook.runs.history import (
    START_UNKNOWN,
    Event,
    Examination,
    Limits,
    RunHistory,
)
from tests.unit.builders import PROJECT, START

RUN = UUID(int=42)
EVENT_TAKES = timedelta(milliseconds=100)
BACKOFF = (0.5, 1.0, 2.0, 4.0)
_UNITS = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_CLAUSE = re.compile(r"\s*((?:'[^']*'|[^,'])*)(?:,|$)")
_SPAN = r"(?P<amount>\d+(?:\.\d+)?) ?(?P<unit>ms|s|min|h|d)"
_NODE = r"(?P<node>[\w.#-]+|\?)"
_ERROR = r"(?: '(?P<error>[^']*)')?"


class ScenarioError(ValueError):
    """The story cannot be read; the text says where and why."""


@dataclass(slots=True)
class Scene:
    """A run as the story has left it."""

    now: datetime = START
    status: str = "running"
    started_at: datetime = START
    finished_at: datetime | None = None
    updated_at: datetime | None = START
    events: list[Event] = field(default_factory=list)
    events_may_be_missing: bool = False
    limits: Limits = field(default_factory=Limits)
    written: int = 0

    def look(self, later: timedelta = timedelta(0)) -> Examination:
        """What is found at the story's end, or so much later."""
        return examine(self.run(), self.limits, self.now + later)

    def run(self) -> RunHistory:
        """The run for ``examine``."""
        return RunHistory(
            id=RUN,
            project_id=PROJECT,
            workflow_id=None,
            status=self.status,
            started_at=self.started_at,
            finished_at=self.finished_at,
            updated_at=self.updated_at,
            events=sorted(self.events, key=lambda each: (each.ts, each.id)),
            events_may_be_missing=self.events_may_be_missing,
        )

    def add(self, type_: str, node: str | None = None, **fields: str | None) -> None:
        """Write an event; its id is its place in the story, from 1."""
        self.now += EVENT_TAKES
        self.written += 1
        node_id = None if node == "?" else node
        self.events.append(Event(self.written, self.now, type_, node_id, **fields))

    def set_status(self, status: str) -> None:
        """Update the row, as its trigger does."""
        self.status = status
        if self.updated_at is not None:
            self.updated_at = self.now

    def close(self) -> None:
        """What MeshHook writes when a run has ended well."""
        self.set_status("succeeded")
        self.finished_at = self.now


def play(story: str) -> Scene:
    """The scene that ``story`` leads to."""
    scene = Scene()
    for number, (column, clause) in enumerate(_clauses(story), start=1):
        try:
            _perform(scene, clause)
        except ScenarioError as problem:
            raise ScenarioError(
                f"clause {number} at column {column}, {clause!r}: {problem}"
            ) from None
    return scene


def _clauses(story: str) -> Iterator[tuple[int, str]]:
    """Each clause with the column it begins at, from 1."""
    position = 0
    while position < len(story):
        found = _CLAUSE.match(story, position)
        if found is None:
            raise ScenarioError(f"column {position + 1}: a quotation without its end")
        yield found.start(1) + 1, found.group(1).strip()
        position = found.end()


def _perform(scene: Scene, clause: str) -> None:
    for pattern, perform in _GRAMMAR:
        if found := re.fullmatch(pattern, clause):
            perform(scene, found)
            return
    words = sorted({pattern.split(" ")[0].strip("(?:") for pattern, _ in _GRAMMAR})
    raise ScenarioError(f"not understood; clauses begin with {', '.join(words)}")


def _started(scene: Scene, found: re.Match[str]) -> None:
    scene.add("step_started", found["node"], node_type=found["type"] or _type_of(found["node"]))


def _attempted(scene: Scene, found: re.Match[str]) -> None:
    node = found["node"]
    scene.add("http_attempted", node, node_type=_type_of(node), http_status=found["status"])


def _succeeded(scene: Scene, found: re.Match[str]) -> None:
    scene.add("step_succeeded", found["node"], node_type=_type_of(found["node"]))


def _failed(scene: Scene, found: re.Match[str]) -> None:
    node, error = found["node"], found["error"]
    answered = found["status"] or http_status_in(error or "")
    for place, attempt in enumerate(_attempts(found["attempt"])):
        if place:
            scene.now += timedelta(seconds=BACKOFF[min(place, len(BACKOFF)) - 1])
        if answered:
            scene.add("http_attempted", node, node_type=_type_of(node), http_status=str(answered))
        scene.add("step_failed", node, node_type=_type_of(node), attempt=attempt, error=error)


def _attempts(text: str) -> list[str | None]:
    first, dots, last = text.partition("..")
    if not dots:
        return [None if text == "?" else text]
    if not (first.isdecimal() and last.isdecimal() and int(first) <= int(last)):
        raise ScenarioError(f"{text!r} is no range of attempts")
    return [str(number) for number in range(int(first), int(last) + 1)]


def _type_of(node: str) -> str | None:
    if node == "?":
        return None
    known = next((each for each in ("transform", "terminate") if node.startswith(each)), None)
    return known or "http_call"


def _completed(scene: Scene, _: re.Match[str]) -> None:
    scene.add("run_completed")
    scene.close()


def _terminated(scene: Scene, _: re.Match[str]) -> None:
    scene.add("run_completed")
    scene.now += EVENT_TAKES
    scene.close()


def _event(scene: Scene, found: re.Match[str]) -> None:
    scene.add(found["type"], found["node"], error=found["error"])


def _status(scene: Scene, found: re.Match[str]) -> None:
    if found["status"] == "succeeded":
        scene.close()
    else:
        scene.set_status(found["status"])


def _swap_ids(scene: Scene, _: re.Match[str]) -> None:
    before, last = _two_newest(scene)
    scene.events[-2:] = [replace(before, id=last.id), replace(last, id=before.id)]


def _late(scene: Scene, found: re.Match[str]) -> None:
    before, last = _two_newest(scene)
    scene.events[-1] = replace(last, ts=before.ts - _span(found))


def _two_newest(scene: Scene) -> list[Event]:
    if len(scene.events) < 2:
        raise ScenarioError("there are not two events yet")
    return scene.events[-2:]


def _partition_dropped(scene: Scene, _: re.Match[str]) -> None:
    scene.events.clear()
    scene.events_may_be_missing = True


def _pass_time(scene: Scene, found: re.Match[str]) -> None:
    scene.now += _span(found)


def _attempt_limit(scene: Scene, found: re.Match[str]) -> None:
    scene.limits = replace(scene.limits, attempt_limit=int(found["number"]))


def _limit(name: str) -> Callable[[Scene, re.Match[str]], None]:
    def perform(scene: Scene, found: re.Match[str]) -> None:
        limits: dict[str, Any] = {name: _span(found)}
        scene.limits = replace(scene.limits, **limits)

    return perform


def _span(found: re.Match[str]) -> timedelta:
    return timedelta(seconds=float(found["amount"]) * _UNITS[found["unit"]])


def _put(name: str, value: Callable[[Scene], datetime | None]) -> Callable[..., None]:
    return lambda scene, _: setattr(scene, name, value(scene))


_GRAMMAR: tuple[tuple[str, Callable[[Scene, re.Match[str]], None]], ...] = (
    ("run created", lambda scene, _: scene.add("run_created")),
    (rf"started {_NODE}(?: as (?P<type>\w+))?", _started),
    (rf"attempted {_NODE} (?P<status>\S+)", _attempted),
    (rf"succeeded {_NODE}", _succeeded),
    (rf"failed {_NODE} (?P<attempt>[^\s']+){_ERROR}(?: after (?P<status>\d+))?", _failed),
    ("completed", _completed),
    ("terminated", _terminated),
    (rf"event (?P<type>\S+)(?: {_NODE})?{_ERROR}", _event),
    (r"status (?P<status>\w+)", _status),
    ("paused", lambda scene, _: scene.set_status("paused")),
    ("resumed", lambda scene, _: scene.set_status("running")),
    ("unfinished", _put("finished_at", lambda _: None)),
    ("finished", _put("finished_at", lambda scene: scene.now)),
    (rf"(?:wait|silence) {_SPAN}", _pass_time),
    ("swap ids", _swap_ids),
    (rf"late {_SPAN}", _late),
    ("old schema", _put("updated_at", lambda _: None)),
    ("start unknown", _put("started_at", lambda _: START_UNKNOWN)),
    ("partition dropped", _partition_dropped),
    (r"attempt limit (?P<number>\d+)", _attempt_limit),
    (rf"deadline {_SPAN}", _limit("deadline")),
    (rf"stall {_SPAN}", _limit("stall_after")),
    (rf"grace {_SPAN}", _limit("grace")),
    (rf"pause limit {_SPAN}", _limit("pause_limit")),
)
