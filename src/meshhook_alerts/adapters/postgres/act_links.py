"""What a link in a message is about, read by the service itself: the link's seal lets its bearer in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg_pool import AsyncConnectionPool

from meshhook_alerts.adapters.postgres.errors import translated
from meshhook_alerts.adapters.postgres.queries import query


@dataclass(frozen=True, slots=True)
class LinkTarget:
    """An alert, and whether the link's message has done to it what it can do."""

    alert_id: UUID
    message_id: UUID
    workflow: str | None
    node_id: str | None
    kind: str
    severity: str
    status: str
    error: str
    count: int
    last_failure_at: datetime
    resolved_at: datetime | None
    channel: str | None
    used_at: datetime | None


class PostgresActLinks:
    """Finds what a link is about."""

    def __init__(self, pool: AsyncConnectionPool, hear: Callable[[datetime], None]) -> None:
        self._pool = pool
        self._hear = hear

    @translated
    async def find(self, alert_id: UUID, message_id: UUID, act: str) -> LinkTarget | None:
        """The target; None if the alert or the message is gone."""
        wanted = {"alert_id": alert_id, "message_id": message_id, "act": act}
        async with self._pool.connection() as connection:
            cursor = await connection.execute(query("page/link"), wanted)
            row = await cursor.fetchone()
        if row is None:
            return None
        self._hear(row[0])
        return LinkTarget(*row[1:])
