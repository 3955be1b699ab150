"""Sweeps on Postgres, and finding the project of signals that came without one."""

from __future__ import annotations

from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool

from meshhook_alerts.adapters.postgres.errors import translated
from meshhook_alerts.adapters.postgres.queries import query
from meshhook_alerts.domain.identifiers import NIL, NOBODY
from meshhook_alerts.domain.policy import PRODUCT_DEFAULTS

SLICE = 2_000
"""Open runs looked at in one go."""


class PostgresSweeps:
    """See ``ports.Sweeps``."""

    def __init__(self, pool: AsyncConnectionPool) -> None:
        self._pool = pool

    @translated
    async def run(self) -> int:
        """One slice of the catch-all, and the following ones until all open runs are seen."""
        total = 0
        while True:
            added, examined = await self._slice()
            total += added
            if examined < SLICE:
                return total

    async def _slice(self) -> tuple[int, int]:
        async with self._pool.connection() as connection:
            await connection.execute(query("introduce_sweep"), {"name": "silent_runs"})
            parameters = {
                "limit": SLICE,
                "stall_after": PRODUCT_DEFAULTS.stall_after.total_seconds(),
            }
            cursor = await connection.execute(query("silent_runs"), parameters)
            row: TupleRow | None = await cursor.fetchone()
            return (row[0], row[1]) if row else (0, 0)

    @translated
    async def attribute(self) -> int:
        """Finds projects that a trigger could not see; gives up on runs that are gone."""
        async with self._pool.connection() as connection:
            found = await connection.execute(query("attribute_signals"), {"nil": NIL})
            await connection.execute(query("give_up_attribution"), {"nil": NIL, "nobody": NOBODY})
            return found.rowcount
