"""The inbox, as the trigger endpoint fills it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from psycopg_pool import AsyncConnectionPool

from meshhook_alerts.adapters.postgres.encoding import dumps
from meshhook_alerts.adapters.postgres.errors import translated
from meshhook_alerts.adapters.postgres.queries import query
from meshhook_alerts.application.accept_failures import ReportedFailure


class PostgresSignalInbox:
    """See ``accept_failures.SignalInbox``."""

    def __init__(self, pool: AsyncConnectionPool) -> None:
        self._pool = pool

    @translated
    async def unknown_projects(self, projects: Sequence[UUID]) -> set[UUID]:
        """Those of ``projects`` that do not exist."""
        wanted = sorted(set(projects))
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                "select id from public.projects where id = any (%s)", (wanted,)
            )
            known = {row[0] for row in await cursor.fetchall()}
        return set(wanted) - known

    @translated
    async def add(self, failures: Sequence[ReportedFailure]) -> int:
        """Adds what is new; returns how many that were."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                query("add_reported"), {"failures": dumps([_row(each) for each in failures])}
            )
            row = await cursor.fetchone()
        return int(row[0]) if row else 0


def _row(failure: ReportedFailure) -> dict[str, object]:
    row = failure.model_dump(mode="json", exclude={"severity"})
    row["http_status"] = str(failure.http_status) if failure.http_status else None
    if failure.severity:
        row["labels"]["severity"] = failure.severity.value
    row["labels"] = row["labels"] or None
    return row
