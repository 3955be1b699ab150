"""The queue of notifications and the record of tries, on pgmq and our tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from psycopg.rows import TupleRow, tuple_row
from psycopg_pool import AsyncConnectionPool

from meshhook_alerts.adapters.postgres.encoding import dumps
from meshhook_alerts.adapters.postgres.errors import translated
from meshhook_alerts.adapters.postgres.queries import query
from meshhook_alerts.application.ports import (
    AttemptResult,
    DeliveryNews,
    Destination,
    DueNotification,
    Receipt,
)

Pool = AsyncConnectionPool
Hear = Callable[[datetime], None]
_MSG_ID, _STATE, _NOW = 0, 8, 12  # places in read_queue.sql's answer
_PROJECT = 1  # place in record_attempts.sql's answer


class PostgresDeliveryStore:
    """See ``ports.DeliveryStore``."""

    def __init__(self, pool: Pool, worker: str, hear: Hear = lambda _: None) -> None:
        self._pool = pool
        self._worker = worker
        self._hear = hear
        """Takes the database's present moment whenever it comes along."""

    @translated
    async def take_due(self, limit: int, lease_seconds: int) -> Sequence[DueNotification]:
        """Leases due notifications; entries whose notification has ended are cleared away."""
        async with self._pool.connection() as connection:
            cursor = connection.cursor(row_factory=tuple_row)
            await cursor.execute(
                query("delivering/read_queue"), {"lease": lease_seconds, "limit": limit}
            )
            rows = await cursor.fetchall()
            if rows:
                self._hear(rows[0][_NOW])
            ended = [row[_MSG_ID] for row in rows if row[_STATE] != "pending"]
            if ended:
                await cursor.execute(query("delivering/drop_messages"), {"ids": _joined(ended)})
        return [_due(row) for row in rows if row[_STATE] == "pending"]

    @translated
    async def record(self, results: Sequence[AttemptResult]) -> Sequence[DeliveryNews]:
        """Writes tries and their consequences in one transaction; one worker hears of a change."""
        async with self._pool.connection() as connection:
            cursor = connection.cursor(row_factory=tuple_row)
            await cursor.execute(
                query("delivering/record_attempts"),
                {"attempts": dumps([_row(result) for result in results]), "worker": self._worker},
            )
            return [_news(row) for row in await cursor.fetchall() if row[_PROJECT] is not None]

    @translated
    async def extend(self, queue_ids: Sequence[int], lease_seconds: int) -> None:
        """Renews the lease on notifications still being sent."""
        async with self._pool.connection() as connection:
            await connection.execute(
                query("delivering/extend_leases"),
                {"ids": _joined(queue_ids), "lease": lease_seconds},
            )


class PostgresReceipts:
    """See ``take_receipt.ReceiptStore``."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    @translated
    async def destination(self, channel_id: UUID, notification_id: UUID) -> Destination | None:
        """The channel a message went to, if it did."""
        wanted = {"channel_id": channel_id, "notification_id": notification_id}
        async with self._pool.connection() as connection:
            cursor = connection.cursor(row_factory=tuple_row)
            await cursor.execute(query("delivering/receipt_for"), wanted)
            row = await cursor.fetchone()
        return Destination(*row) if row else None

    @translated
    async def record(self, notification_id: UUID, receipt: Receipt, channel: str) -> bool:
        """Keeps it; whether the message is now known to have reached nobody."""
        kept = {"id": notification_id, "part": receipt.part, "state": receipt.state,
                "detail": receipt.detail, "channel": channel}  # fmt: skip
        async with self._pool.connection() as connection:
            cursor = connection.cursor(row_factory=tuple_row)
            await cursor.execute(query("delivering/record_receipt"), kept)
            row = await cursor.fetchone()
        return bool(row and row[0])


def _joined(ids: Sequence[int]) -> str:
    return ",".join(map(str, ids))


def _due(row: TupleRow) -> DueNotification:
    (msg_id, notification_id, project_id, _, _, _, content, template_version, _, attempts,
     deadline_at, created_at, _, done, thread, channel_id, name, kind, enabled, config, secrets) = row  # fmt: skip
    destination = None
    if channel_id is not None:
        destination = Destination(channel_id, project_id, name, kind, enabled, config, secrets)
    return DueNotification(
        notification_id,
        msg_id,
        content,
        template_version,
        created_at,
        deadline_at,
        attempts,
        destination,
        tuple(done),
        thread,
    )


def _news(row: TupleRow) -> DeliveryNews:
    _, project_id, _, channel, kind, notification_id, state, detail, starts, ends = row
    return DeliveryNews(project_id, channel, kind, notification_id, state, detail, starts, ends)


def _row(result: AttemptResult) -> dict[str, object]:
    return {
        "msg_id": result.queue_id,
        "notification_id": result.notification_id,
        "started_at": result.started_at,
        "finished_at": result.finished_at,
        "outcome": result.outcome,
        "detail": result.detail,
        "state": result.state,
        "wait": result.wait_seconds,
        "reason": result.reason,
        "done": result.done,
        "connected": result.connected,
        "channel": result.channel,
        "reference": result.reference,
    }
