"""One run laid out for the rules, and the form in which they answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from meshhook_alerts.domain.kinds import Kind
from meshhook_alerts.sources.meshhook.runs.history import Event, Finding, Limits, RunHistory
from meshhook_alerts.sources.meshhook.runs.step_failed import lasting_failures

_RESOLUTION = timedelta(microseconds=1)  # of Postgres' timestamps and of Python's
_STEP_EVENTS = frozenset({"step_started", "http_attempted", "step_succeeded", "step_failed"})


def past(at: datetime, wait: timedelta) -> datetime:
    """The first moment at which ``at`` is older than ``wait``."""
    try:
        return at + wait + _RESOLUTION
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Foreseen:
    """A finding and the time for which it holds if no further row is written.

    Rules know no present: they say what will be found from when on, so the moment to look again
    follows from the same words as the findings.
    """

    finding: Finding
    moment: datetime
    """When it became true."""
    since: datetime | None = None
    """None: from the start."""
    until: datetime | None = None

    def holds(self, now: datetime) -> bool:
        """Whether it is found at ``now``."""
        return (self.since is None or self.since <= now) and (
            self.until is None or now < self.until
        )

    def changes(self) -> Iterator[datetime]:
        """When it begins and ends."""
        return (moment for moment in (self.since, self.until) if moment is not None)


@dataclass(frozen=True, slots=True)
class Case:
    """A run with its events in order, by node, and its lasting failures."""

    run: RunHistory
    limits: Limits
    events: Sequence[Event]
    nodes: Mapping[str | None, Sequence[Event]]
    """The known step events of each node; None stands for those without a readable node."""
    lasting: Mapping[Event, Kind]
    """What rule M4 says, by event."""

    @classmethod
    def of(cls, run: RunHistory, limits: Limits) -> Case:
        """``run`` laid out."""
        events = sorted(run.events, key=lambda each: (each.ts, each.id))
        nodes: dict[str | None, list[Event]] = {}
        for event in events:
            if event.type in _STEP_EVENTS:
                nodes.setdefault(event.node_id, []).append(event)
        lasting: dict[Event, Kind] = {}
        for steps in nodes.values():
            failures = [event for event in steps if event.type == "step_failed"]
            lasting |= lasting_failures(failures, limits.attempt_limit)
        return cls(run, limits, events, nodes, lasting)

    @property
    def last(self) -> Event | None:
        """The newest event."""
        return self.events[-1] if self.events else None

    def named_nodes(self) -> Iterator[tuple[str, Sequence[Event]]]:
        """Every node that can be told from others, with its step events."""
        return ((node, steps) for node, steps in self.nodes.items() if node is not None)

    def of_type(self, name: str) -> Sequence[Event]:
        """The events of one type."""
        return [event for event in self.events if event.type == name]

    def by_event(
        self,
        kind: Kind,
        event: Event,
        suffix: str = "",
        *,
        detail: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Foreseen:
        """A finding that an event stands for."""
        finding = Finding(kind, f"event:{event.id}{suffix}", event.ts, event, detail)
        return Foreseen(finding, since or event.ts, since, until)

    def by_run(
        self,
        kind: Kind,
        suffix: str,
        *,
        at: datetime | None = None,
        event: Event | None = None,
        detail: str | None = None,
        since: datetime | None = None,
    ) -> Foreseen:
        """A finding that the run itself stands for."""
        at = at or self.run.started_at
        finding = Finding(kind, f"run:{self.run.id}{suffix}", at, event, detail)
        return Foreseen(finding, since or self.run.changed_at, since)


Rule = Callable[[Case], Iterable[Foreseen]]
