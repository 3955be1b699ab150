"""From a run's rows to what is said of it: the thresholds and switches of its workflow applied."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from meshhook_alerts.domain.policy import EffectiveSettings
from meshhook_alerts.sources.meshhook.runs.case import Case
from meshhook_alerts.sources.meshhook.runs.disproved import disproved
from meshhook_alerts.sources.meshhook.runs.examine import examine
from meshhook_alerts.sources.meshhook.runs.history import Event, Finding, Limits, RunHistory
from meshhook_alerts.sources.meshhook.runs.rows import FoundInRun, RunReport, RunRow

_EVENT_ENDINGS = ("", ":stalled", ":abandoned", ":not_closed", ":retrying")
_RUN_ENDINGS = ("no_events", "stalled", "over_deadline", "not_closed")


@dataclass(frozen=True, slots=True)
class MeshHookRuns:
    """What is wrong with runs, with the thresholds of their workflows."""

    def report(
        self, run: RunRow, settings: EffectiveSettings, now: datetime, attached_at: datetime
    ) -> RunReport:
        """What is to be said of a run at ``now``; what was so at ``attached_at`` is known."""
        history = _history(run)
        limits = _limits(settings)
        seen = examine(history, limits, now, attached_at)
        return RunReport(
            found=[_found(each) for each in seen.findings if _is_on(each, settings)],
            disproved=list(disproved(Case.of(history, limits))),
            clean=seen.clean,
            settled=seen.settled,
            look_again_at=seen.look_again_at,
            refs=_refs(history) if seen.clean else (),
            known=[_found(each) for each in seen.known],
        )

    def first_look(self, settings: EffectiveSettings) -> timedelta:
        """How soon after an ordinary event something could be wrong with its run at the earliest."""
        limits = _limits(settings)
        waits = (limits.patience, limits.no_events_after, limits.closing, limits.deadline)
        return min(wait for wait in waits if wait)


def _is_on(finding: Finding, settings: EffectiveSettings) -> bool:
    return settings.rules_on.get(finding.kind.name, finding.kind.default_on)


def _history(row: RunRow) -> RunHistory:
    return RunHistory(
        row.id,
        row.project_id,
        row.workflow_id,
        row.status,
        row.started_at,
        row.finished_at,
        row.updated_at,
        [Event(*event) for event in row.events],
        row.events_may_be_missing,
        row.met_at,
    )


def _limits(settings: EffectiveSettings) -> Limits:
    return Limits(
        grace=settings.grace,
        no_events_after=settings.no_events_after,
        attempt_limit=settings.attempt_limit,
        stall_after=settings.stall_after,
        pause_limit=settings.pause_limit,
        deadline=settings.deadline,
    )


def _found(finding: Finding) -> FoundInRun:
    event = finding.event
    return FoundInRun(
        kind=finding.kind.name,
        ref=finding.ref,
        at=finding.at,
        node_id=event.node_id if event else None,
        node_type=event.node_type if event else None,
        attempt=event.attempt if event else None,
        http_status=event.http_status if event else None,
        error=(event.error if event else None) or finding.detail,
    )


def _refs(run: RunHistory) -> list[tuple[str, datetime]]:
    """Every reference under which an earlier look, or a trigger, may have reported this run."""
    of_run = [(f"run:{run.id}:{ending}", run.started_at) for ending in _RUN_ENDINGS]
    of_events = [
        (f"event:{event.id}{ending}", event.ts) for event in run.events for ending in _EVENT_ENDINGS
    ]
    return of_run + of_events
