"""Changes of alerts and ledger on Postgres: what a snapshot could not see and the next one can."""

from __future__ import annotations

from uuid import UUID

from psycopg_pool import AsyncConnectionPool

from meshhook_alerts.adapters.postgres.errors import translated
from meshhook_alerts.adapters.postgres.queries import query
from meshhook_alerts.adapters.postgres.settings_store import as_role
from meshhook_alerts.application.settings_ports import Caller
from meshhook_alerts.application.stream import MOST_AT_ONCE, Batch, Change, Place


class PostgresChangeFeed:
    """See ``stream.ChangeFeed``."""

    def __init__(self, pool: AsyncConnectionPool) -> None:
        self._pool = pool

    @translated
    async def here(self) -> Place:
        """All that can be seen now."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                "select pg_current_snapshot()::text, clock_timestamp()"
            )
            row = await cursor.fetchone()
        assert row is not None
        return Place(*row)

    @translated
    async def between(
        self, begin: Place, end: Place | None, projects: frozenset[UUID] | None
    ) -> Batch:
        """What has become visible from ``begin`` to ``end``, or to now."""
        wanted = {
            "snapshot": begin.snapshot,
            "since": begin.since,
            "upto": end.snapshot if end else None,
            "projects": list(projects) if projects is not None else None,
            "limit": MOST_AT_ONCE + 1,
        }
        async with self._pool.connection() as connection:
            cursor = await connection.execute(query("alerts/changes"), wanted)
            rows = await cursor.fetchall()
        place = Place(*rows[0][:2])
        changes = [Change(*row[2:]) for row in rows if row[2] is not None]
        return Batch(place, None if len(changes) > MOST_AT_ONCE else changes)

    @translated
    async def projects_of(self, caller: Caller) -> frozenset[UUID] | None:
        """What the caller may see, by row-level security; None: all."""
        if caller.role == "service_role":
            return None
        async with as_role(self._pool, caller) as connection:
            cursor = await connection.execute(query("alerts/readable_projects"))
            return frozenset(row[0] for row in await cursor.fetchall())
