"""From signal groups to folds: judge, redact, classify, fingerprint, and merge what agrees."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from uuid import UUID

from meshhook_alerts.domain.error_class import classify, http_status_in
from meshhook_alerts.domain.failure import Fold, Judgement, SignalGroup
from meshhook_alerts.domain.fingerprint import fingerprint, normalise
from meshhook_alerts.domain.kinds import CUSTOM
from meshhook_alerts.domain.policy import EffectiveSettings, ProjectPolicy
from meshhook_alerts.domain.redaction import redact
from meshhook_alerts.domain.severity import severity_of

Judge = Callable[[SignalGroup, EffectiveSettings], Judgement | None]
"""A source's reading of its signals: None means "not a failure" (yet)."""


@dataclass(slots=True)
class Folded:
    """The folds of one batch, and which of them each signal group went into."""

    folds: dict[object, Fold] = field(default_factory=dict)
    fold_of: dict[UUID, UUID] = field(default_factory=dict)
    """Signal group id → fold id; a group that is no failure is absent."""


def fold_signals(
    groups: Iterable[SignalGroup], judges: Mapping[str, Judge], policy: ProjectPolicy
) -> Folded:
    """Judges every group and merges those that agree in all a rule can look at.

    Texts that differ only in ids and numbers are equal here: rules see the normalised error.
    """
    folded = Folded()
    for group in groups:
        settings = policy.for_workflow(group.workflow)
        judgement = _judged(group, judges, settings)
        if judgement is not None:
            _add(folded, group, judgement, settings)
    return folded


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


def _add(
    folded: Folded, group: SignalGroup, judgement: Judgement, settings: EffectiveSettings
) -> None:
    sample = redact(judgement.error)
    error = normalise(sample)
    status = judgement.http_status or http_status_in(sample)
    error_class = classify(sample, status).name
    severity = judgement.severity or severity_of(judgement.failure_class, settings.criticality)
    key = (
        group.at,
        judgement.kind,
        judgement.failure_class,
        severity,
        group.workflow,
        group.node_id,
        group.node_type,
        status,
        error_class,
        error,
        tuple(sorted(group.labels.items())) if group.labels else (),
    )
    known = folded.folds.get(key)
    if known is None:
        folded.folds[key] = known = Fold(
            id=group.id,
            project_id=group.project_id,
            fingerprint=fingerprint(
                group.project_id, group.workflow, group.node_id, judgement.failure_class, error
            ),
            kind=judgement.kind,
            failure_class=judgement.failure_class,
            severity=severity,
            criticality=settings.criticality,
            error=error,
            error_class=error_class,
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
            sample=sample,
        )
    else:
        folded.folds[key] = replace(
            known,
            count=known.count + group.count,
            first_at=min(known.first_at, group.first_at),
            last_at=max(known.last_at, group.last_at),
        )
    folded.fold_of[group.id] = known.id
