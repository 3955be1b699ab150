"""What a signal from MeshHook's tables means.

One function per observation. A new detection rule is a kind (``domain/kinds.py``), a function
here, and a trigger or sweep that makes the signal.
"""

from __future__ import annotations

from collections.abc import Callable

from meshhook_alerts.domain import kinds
from meshhook_alerts.domain.failure import Judgement, SignalGroup
from meshhook_alerts.domain.policy import EffectiveSettings


def judge(group: SignalGroup, settings: EffectiveSettings) -> Judgement | None:
    """The failure a signal group tells of, or None while MeshHook will still retry."""
    read = _OBSERVATIONS.get(group.observed)
    return read(group, settings) if read else None


def _step_failed(group: SignalGroup, settings: EffectiveSettings) -> Judgement | None:
    """M4: the last attempt looks like the first four; only its number tells.

    A payload without a readable attempt is foreign; the sweep speaks up if its run goes silent.
    """
    if not _spent(group, settings):
        return None
    return _judgement(kinds.RETRIES_EXHAUSTED, group.error or "Step failed without an error text")


def _run_failed(group: SignalGroup, _: EffectiveSettings) -> Judgement:
    """M1: set by hand, or by a later MeshHook; the error is its newest failed step's."""
    return _judgement(kinds.RUN_FAILED, group.error or "Run was marked failed")


def _dead_letter(group: SignalGroup, _: EffectiveSettings) -> Judgement:
    """Q2: the queue library gave the job up; the run's status will not show it."""
    return _judgement(kinds.DEAD_LETTER, group.error or "Job was moved to the dead-letter queue")


def _silent(group: SignalGroup, settings: EffectiveSettings) -> Judgement:
    """The catch-all: an open run without an event for too long, whatever its last one was.

    If that was the last failed attempt, its trigger was missed and this is the same failure.
    """
    last_event = (group.labels or {}).get("last_event")
    if last_event == "step_failed" and _spent(group, settings):
        return _judgement(
            kinds.RETRIES_EXHAUSTED, group.error or "Step failed without an error text"
        )
    after = f"after {last_event}" if last_event else "with no event at all"
    text = f"Run went silent {after}"
    return _judgement(kinds.STALLED, f"{text}: {group.error}" if group.error else text)


def _spent(group: SignalGroup, settings: EffectiveSettings) -> bool:
    attempt = group.attempt_number()
    return attempt is not None and attempt >= settings.attempt_limit


def _judgement(kind: kinds.Kind, error: str) -> Judgement:
    return Judgement(kind.name, kind.failure_class, error)


_OBSERVATIONS: dict[str, Callable[[SignalGroup, EffectiveSettings], Judgement | None]] = {
    "step_failed": _step_failed,
    "run_failed": _run_failed,
    "dead_letter": _dead_letter,
    "silent": _silent,
}
