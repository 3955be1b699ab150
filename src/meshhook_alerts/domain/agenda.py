"""The order of things: folds, recoveries and timers by their moments, timers set on the way among them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from heapq import heappop, heappush

from meshhook_alerts.domain.failure import Fold, Recovery
from meshhook_alerts.domain.kinds import FLEET_SILENT
from meshhook_alerts.domain.life import Act
from meshhook_alerts.domain.timers import Timer, TimerKind

Item = Fold | Recovery | Timer | Act

NOTICED_WITHIN = timedelta(minutes=5)
"""Between what all workers' silence explains and the notice of it; no longer than an end of it must
have held to be believed, so that this passes no end."""

_ID_BITS = 128
_Moment = tuple[datetime, int, int]


class Agenda:
    """What is to be walked, moment by moment; what comes due meanwhile may be put in."""

    def __init__(self, items: Iterable[Item]) -> None:
        self._ahead = deque(sorted(items, key=moment_of))
        self._added: list[tuple[_Moment, str, Timer]] = []

    def add(self, timer: Timer) -> None:
        """Puts in a timer whose moment has not been walked yet."""
        heappush(self._added, (moment_of(timer), timer.subject, timer))

    def __iter__(self) -> Iterator[list[Item]]:
        """One by one, but together what is told in one message if it may be told: all that comes due for
        a channel at one moment."""
        while self._ahead or self._added:
            first = self._next()
            group: list[Item] = [first]
            if isinstance(first, Timer) and first.kind is TimerKind.UNTOLD:
                while self._follows(first):
                    group.append(self._next())
            yield group

    def _next(self) -> Item:
        if self._added and (not self._ahead or self._added[0][0] <= moment_of(self._ahead[0])):
            return heappop(self._added)[2]
        return self._ahead.popleft()

    def _follows(self, first: Timer) -> bool:
        moment = moment_of(first)
        return any(
            each == moment
            for each in (
                *(added for added, *_ in self._added[:1]),
                *([moment_of(self._ahead[0])] if self._ahead else ()),
            )
        )


def moment_of(item: Item) -> _Moment:
    """What explains others comes before them, and within one second an end last: it proves
    something about what was before. A timer comes first, as it is there before any failure of its
    second can be; and first of all what people did, in their order: of failures of that second they
    knew."""
    if isinstance(item, Act):
        within = (item.at.microsecond << _ID_BITS) + item.id.int
        return item.at.replace(microsecond=0), -3, within
    if isinstance(item, Timer) and item.kind is TimerKind.STORM:
        return item.due, 3, 0  # what is due for its summaries goes first
    if isinstance(item, Timer):
        return item.due, -1 if item.kind is TimerKind.UNTOLD else -2, item.channel_id.int
    if isinstance(item, Recovery):
        return item.at, 2, item.alert_id.int
    if item.kind == FLEET_SILENT.name:
        # It began before anybody could notice it, and so before what it explains was noticed.
        return item.at - NOTICED_WITHIN, 0, item.id.int
    return item.at, 1, item.id.int  # ordered as the ids are, and compared far faster
