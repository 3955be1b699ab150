"""What a signal from MeshHook's tables means.

A trigger passes on a row it has just seen, and one function per such observation judges it. A
sweep has looked at more than a row (``examine.py``) and passes on the name of the kind it found.
"""

from __future__ import annotations

from collections.abc import Callable

from meshhook_alerts.domain import kinds
from meshhook_alerts.domain.failure import Judgement, SignalGroup
from meshhook_alerts.domain.policy import EffectiveSettings
from meshhook_alerts.sources.meshhook.runs.step_failed import judge_step_failed


def judge(group: SignalGroup, settings: EffectiveSettings) -> Judgement | None:
    """The failure a signal group tells of, or None while MeshHook will still retry."""
    if group.canceled and group.observed != kinds.RUN_CANCELED.name:
        return None  # whoever canceled the run knows of it
    if read := _OBSERVATIONS.get(group.observed):
        return read(group, settings)
    kind = kinds.KINDS.get(group.observed)
    return _judgement(kind, group.error or kind.title) if kind else None


def _step_failed(group: SignalGroup, settings: EffectiveSettings) -> Judgement | None:
    """M4, as far as one row shows it; what takes the history is found by a look at the run.

    A payload without a readable attempt is foreign; the look finds it if its run goes silent.
    """
    kind = judge_step_failed(group.attempt_number(), group.error, settings.attempt_limit)
    return _judgement(kind, group.error or "Step failed without an error text") if kind else None


def _run_failed(group: SignalGroup, _: EffectiveSettings) -> Judgement:
    """M1: set by hand, or by a later MeshHook; the error is its newest failed step's."""
    return _judgement(kinds.RUN_FAILED, group.error or "Run was marked failed")


def _dead_letter(group: SignalGroup, _: EffectiveSettings) -> Judgement:
    """Q2: the queue library gave the job up; the run's status will not show it."""
    return _judgement(kinds.DEAD_LETTER, group.error or "Job was moved to the dead-letter queue")


def _judgement(kind: kinds.Kind, error: str) -> Judgement:
    return Judgement(kind.name, kind.failure_class, error, severity=kind.severity)


_OBSERVATIONS: dict[str, Callable[[SignalGroup, EffectiveSettings], Judgement | None]] = {
    "step_failed": _step_failed,
    "run_failed": _run_failed,
    "dead_letter": _dead_letter,
}
