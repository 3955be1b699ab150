"""What failed attempts tell: rule M4, from one row alone and from all rows of a node.

The trigger sees one row; a later look sees the whole run. Both must name the same failure with
the same reference, so what one row tells is said in one place, ``judge_step_failed``.
"""

from __future__ import annotations

from collections.abc import Sequence

from meshhook_alerts.domain.error_class import classify, http_status_in
from meshhook_alerts.domain.kinds import (
    EFFECT_WITHOUT_RECORD,
    RETRIES_EXHAUSTED,
    WILL_NOT_HEAL,
    Kind,
)
from meshhook_alerts.sources.meshhook.runs.history import Event

_LENGTH_OF_ERROR = 2000  # the trigger passes on no more
_UNCLEAR = frozenset({"unknown", "silent"})  # classes that say nothing about healing


def judge_step_failed(attempt: int | None, error: str | None, attempt_limit: int) -> Kind | None:
    """The failure that one failed attempt shows by itself, or None.

    An error that no retry mends is one at the first attempt; any other at the attempt that
    reaches the limit. Exactly that one: the engine may go on beyond a limit set lower than its
    own, and those rows tell nothing new. A hopeless error at the limit has been told at the first
    attempt, unless the first attempt failed differently, which takes the history to know.
    """
    if attempt == 1 and is_hopeless(error):
        return EFFECT_WITHOUT_RECORD if _is_unstorable(error) else WILL_NOT_HEAL
    if attempt == attempt_limit and not is_hopeless(error):
        return RETRIES_EXHAUSTED
    return None


def lasting_failures(failures: Sequence[Event], attempt_limit: int) -> dict[Event, Kind]:
    """Of one node's failed attempts those that leave it failed, with what each one is."""
    found = {
        event: kind
        for event in failures
        if (kind := judge_step_failed(event.attempt_number, event.error, attempt_limit))
    }
    told_at_first = any(kind is not RETRIES_EXHAUSTED for kind in found.values())
    for event in _reaching(failures, attempt_limit):
        if not (told_at_first and is_hopeless(event.error)):
            found[event] = RETRIES_EXHAUSTED
    return found


def is_hopeless(error: str | None) -> bool:
    """Whether the error is known to be one that no retry mends."""
    found = classify(*_text_and_status(error))
    return not found.heals and found.name not in _UNCLEAR


def _is_unstorable(error: str | None) -> bool:
    return classify(*_text_and_status(error)).name == "unstorable_response"


def _text_and_status(error: str | None) -> tuple[str, int | None]:
    text = (error or "")[:_LENGTH_OF_ERROR]
    return text, http_status_in(text)


def _reaching(failures: Sequence[Event], attempt_limit: int) -> Sequence[Event]:
    """The attempts that use up the limit: those at it, or else the first beyond it."""
    numbered = [(event.attempt_number, event) for event in failures]
    at_limit = [event for number, event in numbered if number == attempt_limit]
    beyond = [event for number, event in numbered if number and number > attempt_limit]
    return at_limit or beyond[:1]
