"""From signal groups to folds: judge, redact, classify, fingerprint, and merge what agrees."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from uuid import UUID

from meshhook_alerts.domain.error_class import classify, http_status_in
from meshhook_alerts.domain.error_text import error_of
from meshhook_alerts.domain.failure import Fold, Judgement, Recovery, SignalGroup
from meshhook_alerts.domain.fingerprint import fingerprint
from meshhook_alerts.domain.kinds import CUSTOM
from meshhook_alerts.domain.policy import EffectiveSettings, ProjectPolicy
from meshhook_alerts.domain.redaction import clean_line, redact, redact_line
from meshhook_alerts.domain.severity import severity_of

Judge = Callable[[SignalGroup, EffectiveSettings], Judgement | None]
"""A source's reading of its signals: None means "not a failure" (yet)."""


RECOVERED = "recovered"
"""What a signal observes that tells of an end, whatever its source; its labels name the alert."""


@dataclass(frozen=True, slots=True)
class Folded:
    """The folds of one batch, and the recoveries that came with it."""

    folds: Sequence[Fold] = ()
    recoveries: Sequence[Recovery] = ()


class Folding:
    """Judges signal groups and merges those that agree in all a rule can look at, in as many steps
    as there are to be; how the groups are spread over the steps changes nothing.

    Texts that differ only in ids and numbers are equal here: rules see the normalised error.
    """

    def __init__(self, judges: Mapping[str, Judge], policy: ProjectPolicy) -> None:
        self._judges = judges
        self._policy = policy
        self._tallies: dict[object, _Tally] = {}
        self._recoveries: list[Recovery] = []

    def add(self, groups: Iterable[SignalGroup]) -> dict[UUID, UUID]:
        """Takes ``groups`` in; returns signal group id → fold id of those that are failures."""
        fold_of: dict[UUID, UUID] = {}
        for group in groups:
            if group.observed == RECOVERED:
                self._recoveries += _recovery(group)
                continue
            settings = self._policy.for_workflow(group.workflow)
            judgement = _judged(group, self._judges, settings)
            if judgement is not None:
                fold_of[group.id] = _count(self._tallies, _readable(group), judgement, settings)
        return fold_of

    def folded(self) -> Folded:
        """What all groups so far came to."""
        return Folded([tally.fold() for tally in self._tallies.values()], self._recoveries)


@dataclass(slots=True)
class _Tally:
    """A fold in the making: made from its first group, counting the others."""

    first: Fold
    count: int
    first_at: datetime
    last_at: datetime

    def fold(self) -> Fold:
        if self.count == self.first.count:
            return self.first
        return replace(self.first, count=self.count, first_at=self.first_at, last_at=self.last_at)


def _recovery(group: SignalGroup) -> list[Recovery]:
    """The end a signal tells of; a signal that names no alert tells of none."""
    labels = group.labels or {}
    try:
        alert_id = UUID(labels["alert"])
        failures = int(labels["failures"]) if "failures" in labels else None
    except (KeyError, ValueError):
        return []
    return [Recovery(alert_id, group.at, failures, group.run_id)]


def _judged(
    group: SignalGroup, judges: Mapping[str, Judge], settings: EffectiveSettings
) -> Judgement | None:
    """A signal nobody can read is a failure of its own: one bad row must not stop the others."""
    judge = judges.get(group.source)
    if judge is None:
        return _unreadable(f"Signal of unknown source {group.source!r}")
    try:
        return judge(group, settings)
    except Exception as problem:
        return _unreadable(f"Signal {group.observed!r} could not be read: {problem!r}")


def _unreadable(text: str) -> Judgement:
    return Judgement(CUSTOM.name, CUSTOM.failure_class, text)


def _readable(group: SignalGroup) -> SignalGroup:
    """``group`` with names and labels that can be stored, shown and sent; mostly they can."""
    found = group.workflow, group.workflow_name, group.node_id, group.node_type
    wanted = _clean_names(*found)
    if wanted == found and not group.labels:
        return group
    labels = {
        redact_line(str(name)): redact_line(str(text))
        for name, text in (group.labels or {}).items()
    }
    workflow, name, node_id, node_type = wanted
    return replace(
        group,
        workflow=workflow,
        workflow_name=name,
        node_id=node_id,
        node_type=node_type,
        labels=labels or None,
    )


@lru_cache(maxsize=4096)
def _clean_names(
    workflow: str | None, workflow_name: str | None, node_id: str | None, node_type: str | None
) -> tuple[str | None, str | None, str | None, str | None]:
    return (
        workflow and clean_line(workflow),
        workflow_name and clean_line(workflow_name),
        node_id and redact_line(node_id),
        node_type and redact_line(node_type, 100),
    )


def _count(
    tallies: dict[object, _Tally],
    group: SignalGroup,
    judgement: Judgement,
    settings: EffectiveSettings,
) -> UUID:
    """Counts a group in; returns the id of its fold."""
    error = error_of(judgement.error)
    status = judgement.http_status or http_status_in(error)
    key = (
        group.at,
        judgement.kind,
        judgement.failure_class,
        judgement.severity,
        group.workflow,
        group.node_id,
        group.node_type,
        status,
        error,
        tuple(sorted(group.labels.items())) if group.labels else None,
    )
    tally = tallies.get(key)
    if tally is None:
        fold = _fold(group, judgement, settings, error, status)
        tallies[key] = _Tally(fold, group.count, group.first_at, group.last_at)
        return fold.id
    tally.count += group.count
    tally.first_at = min(tally.first_at, group.first_at)
    tally.last_at = max(tally.last_at, group.last_at)
    return tally.first.id


def _fold(
    group: SignalGroup,
    judgement: Judgement,
    settings: EffectiveSettings,
    error: str,
    status: int | None,
) -> Fold:
    failure_class = judgement.failure_class
    return Fold(
        id=group.id,
        project_id=group.project_id,
        fingerprint=fingerprint(
            group.project_id, group.workflow, group.node_id, failure_class, error
        ),
        kind=judgement.kind,
        failure_class=failure_class,
        severity=judgement.severity or severity_of(failure_class, settings.criticality),
        criticality=settings.criticality,
        error=error,
        error_class=classify(error, status).name,
        at=group.at,
        first_at=group.first_at,
        last_at=group.last_at,
        count=group.count,
        workflow=group.workflow,
        workflow_name=group.workflow_name,
        workflow_version=group.workflow_version,
        node_id=group.node_id,
        node_type=group.node_type,
        http_status=status,
        attempt=group.attempt_number(),
        labels=group.labels,
        run_id=group.run_id,
        sample=redact(judgement.error),
    )
