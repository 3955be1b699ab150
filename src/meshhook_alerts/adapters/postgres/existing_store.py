"""What was known before attachment, on Postgres."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any
from uuid import UUID

from psycopg.rows import tuple_row
from psycopg_pool import AsyncConnectionPool

from meshhook_alerts.adapters.postgres.encoding import dumps
from meshhook_alerts.adapters.postgres.errors import translated
from meshhook_alerts.adapters.postgres.queries import query
from meshhook_alerts.application.tell_existing import Existing, KnownBefore
from meshhook_alerts.domain.message import SCHEMA_VERSION
from meshhook_alerts.domain.redaction import redact_name


class PostgresExistingStore:
    """See ``tell_existing.ExistingStore``."""

    def __init__(self, pool: AsyncConnectionPool) -> None:
        self._pool = pool

    @translated
    async def existing(self, project_id: UUID | None) -> Sequence[Existing]:
        """What was known, of one project or all."""
        async with self._pool.connection() as connection:
            cursor = connection.cursor(row_factory=tuple_row)
            await cursor.execute(query("past/existing"), {"project": project_id})
            rows = await cursor.fetchall()
        return [
            Existing(
                project_id=id_,
                project=of_project[0][1],
                attached_at=of_project[0][5],
                known=[KnownBefore(row[2], row[3], row[4]) for row in of_project],
                channels=of_project[0][6],
                names=of_project[0][7],
            )
            for id_, of_project in (
                (id_, list(rows)) for id_, rows in groupby(rows, key=lambda row: row[0])
            )
        ]

    @translated
    async def tell(
        self, existing: Existing, alert_id: UUID, ids: Sequence[UUID], content: dict[str, Any]
    ) -> int:
        """Queues one message per channel; returns how many had not been before."""
        async with self._pool.connection() as connection:
            cursor = connection.cursor(row_factory=tuple_row)
            await cursor.execute(
                query("past/tell_existing"),
                {
                    "project_id": existing.project_id,
                    "alert_id": alert_id,
                    "content": dumps(content),
                    "version": SCHEMA_VERSION,
                    "ids": list(ids),
                    "channels": list(existing.channels),
                    "names": [redact_name(name) for name in existing.names],
                    "runs": existing.runs,
                },
            )
            row = await cursor.fetchone()
            return row[0] if row else 0
