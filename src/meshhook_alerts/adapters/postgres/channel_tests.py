"""Test messages on Postgres."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from psycopg.rows import TupleRow, dict_row, tuple_row
from psycopg_pool import AsyncConnectionPool

from meshhook_alerts.adapters.postgres.decision_store import fold_from
from meshhook_alerts.adapters.postgres.encoding import dumps
from meshhook_alerts.adapters.postgres.errors import translated
from meshhook_alerts.adapters.postgres.queries import query
from meshhook_alerts.adapters.postgres.settings_store import as_role
from meshhook_alerts.application.preview_channel import Known
from meshhook_alerts.application.settings_ports import Caller
from meshhook_alerts.application.try_channel import Progress, TooSoon, TriedChannel, Try
from meshhook_alerts.domain.alert import Alert, AlertStatus
from meshhook_alerts.domain.failure import Fold
from meshhook_alerts.domain.identifiers import PLATFORM
from meshhook_alerts.domain.message import SCHEMA_VERSION
from meshhook_alerts.domain.redaction import redact_name


class PostgresChannelTests:
    """See ``try_channel.ChannelTests``."""

    def __init__(self, pool: AsyncConnectionPool) -> None:
        self._pool = pool

    @translated
    async def channel(self, channel_id: UUID, caller: Caller) -> TriedChannel | None:
        """The channel, if the caller may edit it; row-level security decides whether they see it."""
        wanted = {"id": channel_id, "service": caller.role == "service_role"}
        async with as_role(self._pool, caller) as connection:
            cursor = await connection.execute(query("trying/visible_channel"), wanted)
            row = await cursor.fetchone()
        return TriedChannel(*row[:4]) if row and row[4] else None

    @translated
    async def queue(
        self, channel: TriedChannel, notification_id: UUID, alert_id: UUID, content: dict[str, Any]
    ) -> bool:
        """Queues the message; whether a worker is alive."""
        planned = {
            "id": notification_id,
            "project_id": channel.project_id,
            "channel_id": channel.id,
            "channel": redact_name(channel.name),
            "alert_id": alert_id,
            "content": dumps(content),
            "version": SCHEMA_VERSION,
        }
        async with self._pool.connection() as connection:
            cursor = connection.cursor(row_factory=tuple_row)
            await cursor.execute(query("trying/send_test"), planned)
            queued, alive = await cursor.fetchone() or (0, False)
        if not queued:
            raise TooSoon("the channel was tried a moment ago; wait five seconds")
        return bool(alive)

    @translated
    async def progress(self, notification_id: UUID) -> Progress:
        """How it is doing."""
        async with self._pool.connection() as connection:
            cursor = connection.cursor(row_factory=tuple_row)
            await cursor.execute(query("trying/tries_of"), {"id": notification_id})
            rows = await cursor.fetchall()
        tries = [Try(*row[1:6]) for row in rows if row[1] is not None]
        return Progress(rows[0][0], tries, rows[0][6]) if rows else Progress("expired", (), None)

    @translated
    async def named(self, name: str | None, project_id: UUID | None) -> list[dict[str, Any]]:
        """Channels of a name, for the operator at the command line."""
        wanted = {"name": name, "project": project_id, "platform": PLATFORM}
        async with self._pool.connection() as connection:
            cursor = connection.cursor(row_factory=dict_row)
            await cursor.execute(query("trying/named_channels"), wanted)
            return await cursor.fetchall()


class PostgresPastFailures:
    """See ``preview_channel.PastFailures``; row-level security decides what is seen."""

    def __init__(self, pool: AsyncConnectionPool) -> None:
        self._pool = pool

    @translated
    async def known(self, channel_id: UUID, caller: Caller) -> Known | None:
        """The channel."""
        async with as_role(self._pool, caller) as connection:
            cursor = await connection.execute(query("trying/known_channel"), {"id": channel_id})
            row = await cursor.fetchone()
        return Known(*row) if row else None

    @translated
    async def last(
        self, project_id: UUID, caller: Caller, limit: int
    ) -> Sequence[tuple[Fold, Alert]]:
        """The project's last failures."""
        wanted = {"project_id": project_id, "limit": limit}
        async with as_role(self._pool, caller) as connection:
            cursor = await connection.execute(query("trying/last_failures"), wanted)
            rows = await cursor.fetchall()
        return [_fold_and_alert(row) for row in rows]


def _fold_and_alert(row: TupleRow) -> tuple[Fold, Alert]:
    *of_fold, status, opened_at, last_failure_at, count = row
    fold = fold_from(tuple(of_fold))
    alert = Alert(
        row[0], fold.project_id, fold.fingerprint, AlertStatus(status), fold.severity, opened_at,
        last_failure_at, count, kind=fold.kind,
    )  # fmt: skip
    return fold, alert
