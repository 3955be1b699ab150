"""P4: a workflow has not run when it was expected to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from meshhook_alerts.adapters.postgres.detection.condition_sweep import Look
from meshhook_alerts.adapters.postgres.detection.conditions import Condition
from meshhook_alerts.domain import kinds
from meshhook_alerts.domain.expected_interval import ExpectedInterval
from meshhook_alerts.sources.meshhook.platform.watched import Watched, watched_for
from meshhook_alerts.sources.meshhook.queries import query

LATE_COMMITS = timedelta(minutes=5)
"""A run bears the time at which its transaction began, and may be seen later."""


async def workflow_silent(look: Look) -> Sequence[Condition]:
    """Which workflows should have run. When each last did is remembered, so that only the runs
    since the last look are read."""
    expectations = [
        (each, each.settings.expected)
        for each in await watched_for(look, "expected")
        if each.settings.expected and (each.published or _meant(each))
    ]
    last = await _last_runs(look, [each for each, _ in expectations])
    look.memory = {"seen_to": look.now, "last": last}
    conditions = [
        _silence(each, how_often, last[each.place], look.now) for each, how_often in expectations
    ]
    return [condition for condition in conditions if condition]


def _meant(each: Watched) -> bool:
    """A project's expectation is about what is published; a workflow's own holds in any case."""
    return each.settings.origin["expected"] == "workflow"


async def _last_runs(look: Look, watched: Sequence[Watched]) -> dict[str, datetime]:
    """When each last ran, by place. An expectation begins when it is first met."""
    known = {place: datetime.fromisoformat(at) for place, at in look.memory.get("last", {}).items()}
    seen_to = datetime.fromisoformat(look.memory.get("seen_to") or look.now.isoformat())
    newest: dict[UUID, datetime] = {}
    for project_id in sorted({each.project_id for each in watched}):
        after = seen_to - LATE_COMMITS
        rows = await look.rows(query("platform/p4_newest_runs"), project_id=project_id, after=after)
        newest |= {row["workflow_id"]: row["started_at"] for row in rows}
    return {
        each.place: max(
            [known.get(each.place, look.now)]
            + [newest[version] for version in each.ids if version in newest]
        )
        for each in watched
    }


def _silence(
    each: Watched, expected: ExpectedInterval, last: datetime, now: datetime
) -> Condition | None:
    if not expected.overdue(last, now, each.settings.grace):
        return None
    due = expected.due_after(last)
    evidence = f"one was due by {due:%Y-%m-%d %H:%M} UTC; none has begun since {last:%Y-%m-%d %H:%M} UTC"  # fmt: skip
    return each.condition(kinds.WORKFLOW_SILENT, "The workflow has not run when it was expected to", evidence)  # fmt: skip
