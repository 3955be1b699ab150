"""How a try to send ends, and when to try again."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from meshhook_alerts.domain.severity import Severity


@dataclass(frozen=True, slots=True)
class Delivered:
    """The channel accepted the message."""

    detail: str
    reference: str | None = None
    """What the channel calls the message, where later ones about the same alert are to be put beside it."""
    done: tuple[str, ...] = ()
    """Parts that arrived, as in ``TryAgain``: what receipts may come for."""


@dataclass(frozen=True, slots=True)
class TryAgain:
    """It did not arrive, and a later try may."""

    detail: str
    retry_after: timedelta | None = None
    """What the other side asked for."""
    done: tuple[str, ...] = ()
    """Parts that did arrive, in the channel's own words: only the others are to be tried again."""
    connected: bool | None = field(default=None, compare=False)
    """Whether the other side was reached at all; None: the channel does not say."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """It did not arrive, and no further try will change that."""

    detail: str
    connected: bool | None = field(default=None, compare=False)
    """Whether the other side was reached at all; None: the channel does not say."""


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """It may have arrived: the other side went silent after it had everything. It is tried again; given up after
    all, whoever may have been told is told of the end."""

    detail: str
    done: tuple[str, ...] = ()
    """Parts that did arrive, as in ``TryAgain``."""


Outcome = Delivered | TryAgain | Rejected | Ambiguous

_FIRST_WAIT = timedelta(seconds=5)
_LONGEST_WAIT = timedelta(minutes=15)
_LAST_TRY = timedelta(seconds=30)
"""How long before its deadline a message is tried for the last time."""


def deadline_for(severity: Severity) -> timedelta:
    """How long a message is worth sending: an alert has a shelf life."""
    return timedelta(hours=1) if severity is Severity.CRITICAL else timedelta(hours=6)


def wait_before_next(
    attempts: int, retry_after: timedelta | None, jitter: float, left: timedelta
) -> timedelta | None:
    """How long to wait after ``attempts`` tries, or None after the last.

    Doubles from 5 s to 15 min, spread by ``jitter`` (0 to 1) over half to the whole of it, and
    never earlier than ``retry_after``; but what would pass the deadline is tried once more shortly
    before it: ``left`` is the time until then.
    """
    backoff = min(_FIRST_WAIT * 2 ** min(attempts - 1, 10), _LONGEST_WAIT)
    wait: timedelta = max(backoff * (0.5 + jitter / 2), retry_after or timedelta())
    if wait < left:
        return wait
    return left - _LAST_TRY if left > 2 * _LAST_TRY else None
