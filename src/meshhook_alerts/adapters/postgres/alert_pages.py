"""What the page of one alert shows, read by the service itself: the link's seal lets its reader in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool

from meshhook_alerts.adapters.postgres.errors import translated
from meshhook_alerts.adapters.postgres.queries import query

Row = dict[str, Any]
MOST = 50
"""Decisions, and messages, that are shown; the rest is counted."""


@dataclass(frozen=True, slots=True)
class AlertRecord:
    """One alert and what became of it."""

    alert: Row
    decisions: Sequence[Row]
    messages: Sequence[Row]


class PostgresAlertPages:
    """Reads one alert."""

    def __init__(self, pool: AsyncConnectionPool) -> None:
        self._pool = pool

    @translated
    async def read(self, alert_id: UUID) -> AlertRecord | None:
        """The alert; None if there is none."""
        async with self._pool.connection() as connection:
            cursor = connection.cursor(row_factory=dict_row)
            wanted = {"id": alert_id, "limit": MOST}
            await cursor.execute(query("page/alert"), wanted)
            alert = await cursor.fetchone()
            if alert is None:
                return None
            await cursor.execute(query("page/decisions"), wanted)
            decisions = await cursor.fetchall()
            await cursor.execute(query("page/messages"), wanted)
            return AlertRecord(alert, decisions, await cursor.fetchall())
