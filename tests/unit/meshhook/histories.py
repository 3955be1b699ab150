"""Histories that MeshHook can leave, as hypothesis draws them: played like the sample engine does,
but with rows that become visible late, workers that die, and any thresholds.

A worker writes a row, waits until it is committed, and only then goes on. Rows of workers that are
at it side by side become visible in any order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

from hypothesis import strategies as st

from meshhook_alerts.domain.error_class import http_status_in
from meshhook_alerts.sources.meshhook.runs.history import Event, Limits, RunHistory
from tests.unit.builders import PROJECT, START
from tests.unit.meshhook.scenarios import BACKOFF, RUN

ATTEMPTS = 5
MOST_DELAY = 4.0  # seconds from a row's time to when it can be seen
LEAST_PATIENCE = 30  # seconds; a live engine must be able to keep it
HEALING = (
    "Error: HTTP 503",
    "Error: HTTP 429",
    "Error: connect ECONNREFUSED 127.0.0.1:59999",
    "SocketError: other side closed",
    "HeadersTimeoutError: Headers Timeout Error",
    "AggregateError",
)
NOT_STORED = "error: unsupported Unicode escape sequence"
NO_DATABASE = "Error: Connection terminated due to connection timeout"
AFTER_THE_ANSWER = (NOT_STORED, NO_DATABASE)
HOPELESS = ("Error: HTTP 404", "Error: HTTP 301", "TypeError: Invalid URL", NOT_STORED)


@dataclass(frozen=True, slots=True)
class Node:
    """A node and what its attempts meet; a success follows unless there are five."""

    id: str
    type: str
    errors: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What will happen in a run."""

    groups: Sequence[Sequence[Node]]
    """One after the other; the nodes of a group side by side."""
    terminates: bool
    dies_after: int | None
    """So many rows are written before every worker dies; None: they live."""
    seed: int
    """Of pauses and delays."""
    longest_pause: float


@dataclass(frozen=True, slots=True)
class Commit:
    """Rows that become visible at once."""

    begun: timedelta
    inserted: timedelta
    seen: timedelta
    event: Event | None
    closes: bool = False


@dataclass(slots=True)
class Engine:
    """Plays a plan; times are seconds since the run's start."""

    plan: Plan
    rng: Random
    commits: list[Commit] = field(default_factory=list)

    def play(self) -> None:
        now, goes_on = self._write(0, "run_created"), True
        for group in self.plan.groups:
            ends = [self._step(now + self._pause(), node) for node in group]
            now = max(end for end, _ in ends)
            if not all(done for _, done in ends):
                return
        if goes_on:
            self._end(now + self._pause())

    def _end(self, now: float) -> None:
        if not self.plan.terminates:
            self._write(now, "run_completed", closes=True)
            return
        terminate = Node("terminate", "terminate")
        now = self._write(now, "step_started", terminate)
        now = self._write(now + self._pause(), "run_completed")
        self._write(now + 0.01, None, closes=True)

    def _step(self, now: float, node: Node) -> tuple[float, bool]:
        """When the step has ended, and whether well."""
        now = self._write(now, "step_started", node)
        if node.type == "delay":  # no worker knows it
            return now, False
        for attempt, error in enumerate(node.errors, start=1):
            now = self._fail(now + self._pause(), node, attempt, error)
        if len(node.errors) == ATTEMPTS:
            return now, False
        if node.type == "http_call":
            now = self._write(now + self._pause(), "http_attempted", node, http_status="200")
        return self._write(now + self._pause(), "step_succeeded", node), True

    def _fail(self, now: float, node: Node, attempt: int, error: str) -> float:
        status = 200 if error in AFTER_THE_ANSWER else http_status_in(error)
        if status:
            now = self._write(now, "http_attempted", node, http_status=str(status))
        now = self._write(now, "step_failed", node, attempt=str(attempt), error=error)
        return now + (BACKOFF[attempt - 1] if attempt < ATTEMPTS else 0)

    def _write(
        self,
        now: float,
        type_: str | None,
        node: Node | None = None,
        closes: bool = False,
        **more: Any,
    ) -> float:
        """Commit a row; when the worker can go on."""
        delay = self.rng.choice((0.001, 0.01, 0.1, MOST_DELAY)) * self.rng.random()
        begun, seen = _time(now), _time(now + delay)
        inserted = begun + (seen - begun) * self.rng.random()
        identity = (node.id, node.type) if node else (None, None)
        event = Event(0, START + begun, type_, *identity, **more) if type_ else None
        self.commits.append(Commit(begun, inserted, seen, event, closes))
        return now + delay + 0.001

    def _pause(self) -> float:
        return self.rng.choice((0.01, 0.2, self.plan.longest_pause)) * self.rng.random()


def _time(seconds: float) -> timedelta:
    return timedelta(microseconds=round(seconds * 1_000_000))


@dataclass(frozen=True, slots=True)
class Played:
    """What a plan came to, to be looked at at any moment."""

    commits: Sequence[Commit]
    limits: Limits

    @property
    def completed(self) -> bool:
        """Whether the run was closed."""
        return any(commit.closes for commit in self.commits)

    @property
    def over(self) -> datetime:
        """When the last row became visible."""
        return START + max((commit.seen for commit in self.commits), default=timedelta(0))

    def seen_at(self, moment: datetime) -> RunHistory:
        """The rows that are visible at ``moment``."""
        seen = [commit for commit in self.commits if START + commit.seen <= moment]
        closed = next((START + commit.begun for commit in seen if commit.closes), None)
        events = [commit.event for commit in seen if commit.event]
        return a_run(events, status="succeeded" if closed else "running", finished_at=closed)

    def moments(self) -> list[datetime]:
        """Every moment at which something may change, and the one before."""
        rows = [START, *(START + commit.seen for commit in self.commits)]
        limits = self.limits
        waits = [limits.grace, limits.stall_after, limits.no_events_after, limits.closing]
        ends = [row + wait for row in (rows[-1], self.over) for wait in waits]
        tick = timedelta(microseconds=1)
        return sorted({at + shift for at in rows + ends for shift in (-tick, tick * 0, tick)})


def a_run(events: Sequence[Event], **fields: Any) -> RunHistory:
    """A run with these events, open unless told otherwise."""
    ordered = sorted(events, key=lambda each: (each.ts, each.id))
    made = RunHistory(RUN, PROJECT, None, "running", START, None, None, ordered)
    return replace(made, **fields)


def play_plan(plan: Plan, limits: Limits) -> Played:
    """Everything that is written before the workers die; ids in the order of insertion."""
    engine = Engine(plan, Random(plan.seed))
    engine.play()
    kept = sorted(engine.commits, key=lambda each: each.begun)[: plan.dies_after]
    kept.sort(key=lambda each: each.inserted)
    numbered = [
        replace(commit, event=replace(commit.event, id=number)) if commit.event else commit
        for number, commit in enumerate(kept, start=1)
    ]
    return Played(sorted(numbered, key=lambda each: each.seen), limits)


def limits_of(least_attempts: int = 1, **fixed: Any) -> st.SearchStrategy[Limits]:
    """Thresholds as a workflow may set them."""
    drawn: dict[str, st.SearchStrategy[Any]] = {
        "grace": _seconds(LEAST_PATIENCE, 120),
        "stall_after": _seconds(LEAST_PATIENCE, 900),
        "attempt_limit": st.integers(least_attempts, 7),
        "deadline": st.none() | _seconds(1, 900),
    }
    return st.builds(Limits, **{**drawn, **{name: st.just(each) for name, each in fixed.items()}})


def _seconds(least: int, most: int) -> st.SearchStrategy[timedelta]:
    return st.integers(least, most).map(lambda number: timedelta(seconds=number))


@st.composite
def plans(
    draw: st.DrawFn, errors: Sequence[str], *, completing: bool = False, longest_pause: float = 15
) -> Plan:
    """Plans of up to four nodes; ``completing`` ones reach their end."""
    most = ATTEMPTS - 1 if completing else ATTEMPTS
    types = ("http_call", "transform") if completing else ("http_call", "transform", "delay")
    sizes = draw(st.lists(st.integers(1, 2), max_size=3))
    groups = [
        [
            Node(f"n{place}{side}", draw(st.sampled_from(types)), draw(st.lists(st.sampled_from(errors), max_size=most)))
            for side in range(size)
        ]
        for place, size in enumerate(sizes)
    ]  # fmt: skip
    dies_after = None if completing else draw(st.none() | st.integers(0, 30))
    return Plan(groups, draw(st.booleans()), dies_after, draw(st.integers(0, 2**32)), longest_pause)


_TYPES = (
    "run_created", "step_started", "http_attempted", "step_succeeded", "step_failed",
    "run_completed", "step_delayed", "run_failed", "",
)  # fmt: skip
_ATTEMPTS = (None, "", "1", "2", "5", "6", "-1", "0", "abc", "5.0", "٥", "²", "9" * 5000)
foreign_events = st.lists(
    st.builds(
        Event,
        id=st.integers(-5, 2**62),
        ts=st.integers(-100, 900).map(lambda number: START + timedelta(seconds=number)),
        type=st.sampled_from(_TYPES),
        node_id=st.sampled_from([None, "", "a", "b"]),
        node_type=st.sampled_from([None, "http_call", "terminate"]),
        attempt=st.sampled_from(_ATTEMPTS),
        error=st.sampled_from([None, "", "\ud800", *HEALING, *HOPELESS, NO_DATABASE]),
        http_status=st.sampled_from([None, "200", "204", "2xx", "503", "9" * 5000]),
    ),
    max_size=12,
    unique_by=lambda event: event.id,
)
"""Rows that no MeshHook wrote."""

foreign_runs = st.builds(
    a_run,
    foreign_events,
    status=st.sampled_from(
        ["running", "running", "succeeded", "failed", "paused", "canceled", "?"]
    ),
    finished_at=st.sampled_from([None, None, START]),
    updated_at=st.sampled_from([None, START, START + timedelta(minutes=2)]),
    events_may_be_missing=st.booleans(),
)
