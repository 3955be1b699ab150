"""What one slice of the sweep over runs has to look at, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from meshhook_alerts.adapters.postgres.detection.found import FoundSignal
from meshhook_alerts.adapters.postgres.detection.recovery import RunOutcome
from meshhook_alerts.adapters.postgres.detection.run_watch import KnownRun, Watch
from meshhook_alerts.sources.meshhook.runs.rows import FoundInRun, RunReport, RunRow

AGAIN = timedelta(hours=1)
"""Until a run that could not be read is tried again."""
SOON = timedelta(seconds=2)
"""Until a run is looked at again of which something is about to be clear."""

CLOSING = timedelta(seconds=20)
"""Within it a run that says it has completed is closed, as a rule."""


@dataclass(slots=True)
class Work:
    """One slice."""

    now: datetime
    attached_at: datetime
    wanted: dict[UUID, None] = field(default_factory=dict)
    """Runs to be looked at, in order."""
    found: list[FoundSignal] = field(default_factory=list)
    clean: list[RunOutcome] = field(default_factory=list)
    went_on: list[RunOutcome] = field(default_factory=list)
    """Runs of which something may have been said that is no longer so."""
    known: list[KnownRun] = field(default_factory=list)
    watches: dict[UUID, Watch] = field(default_factory=dict)
    forget: set[UUID] = field(default_factory=set)
    passed_over: dict[str, str] = field(default_factory=dict)

    def want(self, run_ids: Iterable[UUID]) -> None:
        """Has runs looked at."""
        self.wanted.update(dict.fromkeys(run_ids))

    def take(self, run: RunRow, seen: RunReport) -> None:
        """Takes in what a look at a run came to."""
        self.found += [_signal(run, each) for each in seen.found]
        if seen.known:
            self.known.append(KnownRun(run.id, run.project_id, run.slug, seen.known[0].kind))
        reported = run.reported or bool(seen.found)
        if seen.clean:
            self.clean.append(self._outcome(run, seen, reported))
        elif seen.disproved and reported:
            self.went_on.append(self._outcome(run, seen, reported))
        if seen.settled:
            self.forget.add(run.id)
        else:
            self.watches[run.id] = Watch(run.id, run.status, self._again(run, seen), reported)

    def _again(self, run: RunRow, seen: RunReport) -> datetime | None:
        """When to look at it next; soon, if it has just said that it has completed: it is about to be
        closed, and a clean end is news to whoever waits for it."""
        soon = self.now + SOON
        if run.status == "running" and run.completed_after(self.now - CLOSING):
            return min(soon, seen.look_again_at or soon)
        return seen.look_again_at

    def _outcome(self, run: RunRow, seen: RunReport, reported: bool) -> RunOutcome:
        refs = (*seen.refs, *seen.disproved) if reported else ()
        return RunOutcome(run.project_id, run.id, run.slug, run.started_at, self.now, refs)

    def pass_over(self, run_id: UUID, problem: Exception) -> None:
        """Leaves a run aside that cannot be read, and says which and why."""
        why = (str(problem).strip().splitlines() or [type(problem).__name__])[0]
        self.passed_over[str(run_id)] = why[:200]
        self.watches[run_id] = Watch(run_id, "unreadable", self.now + AGAIN)

    def put_off(self, run_ids: set[UUID]) -> None:
        """Reports nothing of these runs yet, and looks again soon."""
        self.found = [each for each in self.found if each.run_id not in run_ids]
        for run_id in run_ids & self.watches.keys():
            watch = self.watches[run_id]
            self.watches[run_id] = Watch(run_id, watch.status, self.now + SOON, watch.reported)

    def look_again(self, new: Iterable[UUID | None]) -> None:
        """Looks again soon at those runs of which something was disproved in the very look that found
        it: once it is recorded, it is withdrawn."""
        disproved = {run.run_id for run in (*self.clean, *self.went_on) if run.refs}
        for run_id in disproved & set(new):
            self.forget.discard(run_id)
            self.watches[run_id] = Watch(run_id, "reported", self.now + SOON, reported=True)


def _signal(run: RunRow, found: FoundInRun) -> FoundSignal:
    return FoundSignal(
        project_id=run.project_id,
        kind=found.kind,
        ref=found.ref,
        at=found.at,
        run_id=run.id,
        workflow_id=run.workflow_id,
        workflow=run.slug,
        node_id=found.node_id,
        node_type=found.node_type,
        attempt=found.attempt,
        http_status=found.http_status,
        error=found.error,
        labels=None,
    )
