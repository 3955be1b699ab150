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
from meshhook_alerts.domain.identifiers import derive_id
from meshhook_alerts.domain.kinds import CUSTOM
from meshhook_alerts.domain.normaliser import OLDER
from meshhook_alerts.domain.policy import EffectiveSettings, ProjectPolicy
from meshhook_alerts.domain.redaction import (
    clean_line,
    redact,
    redact_line,
    redact_name,
    redact_value,
)
from meshhook_alerts.domain.severity import FailureClass, Severity, severity_of

Judge = Callable[[SignalGroup, EffectiveSettings], Judgement | None]
"""A source's reading of its signals: None means "not a failure" (yet)."""


RECOVERED = "recovered"
"""What a signal observes that tells of an end, whatever its source; its labels name the alert."""


@dataclass(frozen=True, slots=True)
class Folded:
    """The folds of one batch, and the recoveries that came with it."""

    folds: Sequence[Fold] = ()
    recoveries: Sequence[Recovery] = ()


@dataclass(frozen=True, slots=True)
class Placed:
    """Where signals went."""

    members: str
    """Their ids, as the database listed them."""
    count: int
    fold_id: UUID | None
    """None: they are no failures."""
    decides: bool = False
    """Whether they are the first terminal failures of their runs, which decide their alerts."""


class Folding:
    """Judges signal groups and merges those that agree in all a rule can look at, in as many steps
    as there are to be; how the groups are spread over the steps changes nothing.

    Texts that differ only in ids and numbers are equal here: rules see the normalised error. The
    first terminal failure of a run decides its alert; what follows in the batch becomes folds of
    its own, as evidence.
    """

    def __init__(self, judges: Mapping[str, Judge], policy: ProjectPolicy) -> None:
        self._judges = judges
        self._policy = policy
        self._tallies: dict[object, _Tally] = {}
        self._recoveries: list[Recovery] = []
        self._verdicts: dict[str, UUID] = {}
        """Run → the fold that decided about it in this batch."""

    def add(self, groups: Iterable[SignalGroup]) -> list[Placed]:
        """Takes ``groups`` in, in the order of their first signals; says where those went."""
        return [placed for group in groups for placed in self._place(group)]

    def folded(self) -> Folded:
        """What all groups so far came to."""
        return Folded([tally.fold() for tally in self._tallies.values()], self._recoveries)

    def _place(self, group: SignalGroup) -> list[Placed]:
        if group.observed == RECOVERED:
            self._recoveries += _recovery(group)
            return [Placed(group.members, group.count, None)]
        settings = self._policy.for_workflow(group.workflow)
        judgement = _judged(group, self._judges, settings)
        if judgement is None:
            return [Placed(group.members, group.count, None)]
        group = _readable(group)
        if group.decided_by is not None:
            return [self._count(group, judgement, settings)]
        decides = _decides(judgement)
        runs = group.runs.split(",") if group.runs.strip(",") else []
        if len(set(runs)) == len(runs) and self._verdicts.keys().isdisjoint(runs):
            return [self._first(group, runs, judgement, settings, decides)]
        return self._split(group, runs, judgement, settings, decides)

    def _first(
        self,
        group: SignalGroup,
        runs: Sequence[str],
        judgement: Judgement,
        settings: EffectiveSettings,
        decides: bool,
    ) -> Placed:
        placed = self._count(group, judgement, settings, decides=decides)
        if decides and placed.fold_id:
            self._verdicts.update(dict.fromkeys(filter(None, runs), placed.fold_id))
        return placed

    def _split(
        self,
        group: SignalGroup,
        runs: Sequence[str],
        judgement: Judgement,
        settings: EffectiveSettings,
        decides: bool,
    ) -> list[Placed]:
        """A group some of whose runs were decided before, or come twice: those apart, by the fold
        that decided."""
        first: dict[str, str] = {}
        met: set[str] = set()
        later: dict[UUID | None, list[tuple[str, str]]] = {}
        for member, run in zip(group.members.split(","), runs, strict=True):
            if run in self._verdicts or (run and decides and run in met):
                later.setdefault(self._verdicts.get(run), []).append((member, run))
            else:
                first[member] = run
                met.add(run)
        placed = []
        if first:
            part = _part_of(group, list(first.items()), "first")
            placed.append(self._first(part, list(first.values()), judgement, settings, decides))
        for fold_id, members in later.items():
            follows = fold_id or placed[0].fold_id
            part = _part_of(group, members, f"evidence/{follows}")
            placed.append(self._count(part, judgement, settings, follows=follows))
        return placed

    def _count(
        self,
        group: SignalGroup,
        judgement: Judgement,
        settings: EffectiveSettings,
        *,
        decides: bool = False,
        follows: UUID | None = None,
    ) -> Placed:
        fold_id = _count(self._tallies, group, judgement, settings, follows)
        return Placed(group.members, group.count, fold_id, decides)


def _decides(judgement: Judgement) -> bool:
    """Whether it says of a run that it cannot complete."""
    return (
        judgement.failure_class is FailureClass.TERMINAL and judgement.severity is not Severity.INFO
    )


def _part_of(group: SignalGroup, members: Sequence[tuple[str, str]], name: str) -> SignalGroup:
    """Some signals of a group, given as pairs of id and run."""
    ids, runs = zip(*members, strict=True)
    return replace(
        group,
        id=derive_id(group.id, name),
        count=len(ids),
        members=",".join(ids),
        runs=",".join(runs),
        run_id=next((UUID(run) for run in runs if run), None),
    )


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
    return [Recovery(alert_id, group.at, failures, group.run_id, group.last_at)]


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
        redact_line(str(name)): clean_line(redact_value(str(name), str(text)))
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
        workflow and clean_line(workflow),  # settings are found by it; redacted when it is stored
        workflow_name and redact_name(workflow_name),
        node_id and redact_name(node_id),
        node_type and redact_name(node_type, 100),
    )


def _count(
    tallies: dict[object, _Tally],
    group: SignalGroup,
    judgement: Judgement,
    settings: EffectiveSettings,
    follows: UUID | None,
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
        group.decided_by,
        follows,
    )
    tally = tallies.get(key)
    if tally is None:
        fold = _fold(group, judgement, settings, error, status, follows)
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
    follows: UUID | None,
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
        older=_older(group, failure_class, judgement.error) if OLDER else (),
        decided_by=group.decided_by,
        follows=follows,
    )


def _older(group: SignalGroup, failure_class: FailureClass, error: str) -> tuple[str, ...]:
    text = redact(error)
    place = group.project_id, group.workflow, group.node_id, failure_class
    return tuple(
        fingerprint(*place, normalise(text)) for _, normalise in sorted(OLDER.items(), reverse=True)
    )
