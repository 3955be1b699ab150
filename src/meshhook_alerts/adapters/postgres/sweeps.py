"""Sweeps on Postgres, and finding the project of signals that came without one."""

from __future__ import annotations

from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool

from meshhook_alerts.adapters.postgres.errors import translated
from meshhook_alerts.adapters.postgres.queries import query
from meshhook_alerts.domain.identifiers import NIL, NOBODY
from meshhook_alerts.domain.policy import PRODUCT_DEFAULTS

SLICE = 2_000
"""Rows looked at in one go."""
PAUSE_SECONDS = 60
"""Between two searches for what a trigger should have told; searching costs more than silence."""

_SEARCHES = {
    "silent_runs": "public.workflow_runs",
    "failed_runs": "public.workflow_runs",
    "dead_letters": "public.job_tracking",
}
"""Search, and the table without which there is nothing to search."""


class PostgresSweeps:
    """See ``ports.Sweeps``."""

    def __init__(self, pool: AsyncConnectionPool) -> None:
        self._pool = pool

    @translated
    async def run(self) -> int:
        """Every search, slice after slice, until all there is has been seen."""
        return sum([await self._search(name) for name in await self._possible()])

    async def _possible(self) -> list[str]:
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                "select name from unnest(%s::text[], %s::text[]) search (name, wanted)"
                " where to_regclass(wanted) is not null or name = 'silent_runs'",
                (list(_SEARCHES), list(_SEARCHES.values())),
            )
            return [row[0] for row in await cursor.fetchall()]

    async def _search(self, name: str) -> int:
        total = 0
        while True:
            added, examined = await self._slice(name)
            total += added
            if examined < SLICE:
                return total

    async def _slice(self, name: str) -> tuple[int, int]:
        async with self._pool.connection() as connection:
            await connection.execute(query("introduce_sweep"), {"name": name})
            parameters = {
                "limit": SLICE,
                "stall_after": PRODUCT_DEFAULTS.stall_after.total_seconds(),
                "pause": PAUSE_SECONDS,
            }
            cursor = await connection.execute(query(name), parameters)
            row: TupleRow | None = await cursor.fetchone()
            return (row[0], row[1]) if row else (0, 0)

    @translated
    async def attribute(self) -> int:
        """Finds projects that a trigger could not see; gives up on runs that are gone."""
        async with self._pool.connection() as connection:
            found = await connection.execute(query("attribute_signals"), {"nil": NIL})
            await connection.execute(query("give_up_attribution"), {"nil": NIL, "nobody": NOBODY})
            return found.rowcount
