"""How far the events have been read.

Ids of events become visible out of order: a transaction may commit an older id after a newer one
has been read. So each stretch is remembered with the snapshot it was read in, and once all
transactions of that snapshot have ended, the stretch is looked at a second time, for just the rows
that the snapshot could not see. Until then nothing of it is read again, however long a transaction
takes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

STRETCHES_KEPT = 16
"""Beyond, neighbours become one, which costs reading a part of it twice."""
IDS_KEPT = 200_000
"""Ids that one transaction left open for hours can hold back; beyond, the sweep's other ways of
meeting a run have to do."""
MARGIN = timedelta(seconds=1)
"""An id may be drawn a moment before its transaction has a number that snapshots know."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Ids ``after`` < id ≤ ``upto``, read at a moment."""

    after: int
    upto: int
    snapshot: str
    """Postgres' text of it: oldest running, next to come, running in between."""
    at: str
    """When, ISO 8601."""

    def is_over(self, oldest_running: int, now: datetime) -> bool:
        """Whether nothing can be added to it any more."""
        begun = int(self.snapshot.split(":")[1])
        return oldest_running >= begun and datetime.fromisoformat(self.at) <= now - MARGIN

    def joined(self, later: Stretch) -> Stretch:
        """With its neighbour, as if all had been read in the older snapshot."""
        return Stretch(self.after, later.upto, self.snapshot, later.at)


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where one slice reads from and to."""

    after: int
    upto: int
    late: Sequence[Stretch]
    """To be looked at again, for what their snapshots could not see."""
    kept: Sequence[Stretch]
    now: datetime
    attached_at: datetime
    more: bool

    def position(self) -> dict[str, Any]:
        """To be remembered for the next slice."""
        return {"read": self.upto, "open": [asdict(each) for each in self.kept]}


async def read_cursor(
    connection: AsyncConnection[TupleRow], horizon: str, position: Any, limit: int
) -> Cursor:
    """The next stretch of ``limit`` events, from what was remembered (None: at the very start).

    ``horizon``: the source's query for the newest event, the last of a stretch from ``read`` on, the
    snapshot, the clock, and since when we are attached.
    """
    read = position["read"] if position else 2**62
    cursor = await connection.execute(horizon.encode(), {"read": read, "limit": limit})
    row = await cursor.fetchone()
    assert row is not None
    return next_stretch(position, *row)


def next_stretch(
    position: Any, newest: int, reach: int, snapshot: str, now: datetime, attached_at: datetime
) -> Cursor:
    """Pure part of ``read_cursor``.

    ``reach``: the last id of a slice. At the very start nothing old is read: open runs are met one
    by one.
    """
    read = position["read"] if position else newest
    before = [Stretch(**each) for each in position["open"]] if position else []
    oldest_running = int(snapshot.split(":")[0])
    late = [each for each in before if each.is_over(oldest_running, now)]
    kept = [each for each in before if each not in late]
    upto = max(read, reach)
    if upto > read or not position:
        begin = read if position else max(0, newest - IDS_KEPT)
        kept.append(Stretch(begin, upto, snapshot, now.isoformat()))
    return Cursor(read, upto, late, _bounded(kept), now, attached_at, more=upto < newest)


def _bounded(stretches: list[Stretch]) -> list[Stretch]:
    while len(stretches) > STRETCHES_KEPT:
        first, second, *rest = stretches
        stretches = [first.joined(second), *rest]
    if not stretches:
        return []
    floor = stretches[-1].upto - IDS_KEPT
    return [each for each in stretches if each.upto > floor]
