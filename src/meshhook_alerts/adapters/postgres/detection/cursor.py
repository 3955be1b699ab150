"""How far the events have been read.

Ids of events become visible out of order: a transaction may commit an older id after a newer one
has been read. So the cursor passes an id only when every transaction that was under way when the
id was the newest has ended; until then the ids in between are read again, which is harmless.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from meshhook_alerts.adapters.postgres.queries import query

EVENTS_AT_ONCE = 5_000
"""Events passed in one slice."""
MARGIN = 200
"""Ids read again in any case: a number may be drawn a moment before its transaction begins."""
HELD_BACK_AT_MOST = 50_000
"""Ids that one transaction left open for hours can make us read again and again; beyond, the
sweep's other ways of meeting a run have to do."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where one slice reads from and to."""

    after: int
    upto: int
    now: datetime
    more: bool
    next_position: dict[str, Any]
    """What to remember for the next slice."""

    @property
    def ended_after(self) -> UUID:
        """Up to which run, by id, the ended ones have been seen."""
        return UUID(self.next_position["ended_after"])

    def position(self, ended_after: UUID | None) -> dict[str, Any]:
        """The next position; the round over ended runs begins anew when it has come to its end."""
        return {**self.next_position, "ended_after": str(ended_after or UUID(int=0))}


async def read_cursor(connection: AsyncConnection[TupleRow], position: Any) -> Cursor:
    """The next stretch to read, from what was remembered (None: at the very start)."""
    read = position["read"] if position else 2**62
    cursor = await connection.execute(
        query("event_horizon"), {"read": read, "limit": EVENTS_AT_ONCE}
    )
    row = await cursor.fetchone()
    assert row is not None
    return next_stretch(position, *row)


def next_stretch(
    position: Any, newest: int, reach: int, begun: int, ended: int, now: datetime
) -> Cursor:
    """Pure part of ``read_cursor``.

    ``reach``: the last id of a slice. ``begun`` and ``ended``: every transaction number below ``ended`` has ended; none from ``begun``
    on has begun. At the very start nothing old is read: open runs are met one by one, closed ones
    are history.
    """
    if position is None:
        position = {"safe": newest, "mark": newest, "begun": begun, "read": newest}
    safe, read = position["safe"], position["read"]
    upto = max(read, reach)
    after = max(0, min(safe, read) - MARGIN)
    # All that was under way when ``mark`` was noted has ended, so this very stretch, which still
    # begins at the old safe id, sees the last of it.
    proven = ended >= position["begun"]
    following = {
        "safe": max(position["mark"] if proven else safe, upto - HELD_BACK_AT_MOST),
        "mark": upto if proven else position["mark"],
        "begun": begun if proven else position["begun"],
        "read": upto,
        "ended_after": position.get("ended_after", str(UUID(int=0))),
    }
    return Cursor(after, upto, now, more=upto < newest, next_position=following)
