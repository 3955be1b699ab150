"""The deciding transaction on Postgres: three round trips from a signal to a committed decision."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection, AsyncCursor
from psycopg.rows import TupleRow, tuple_row

from meshhook_alerts.adapters.postgres import encoding
from meshhook_alerts.adapters.postgres.errors import translated
from meshhook_alerts.adapters.postgres.queries import query
from meshhook_alerts.application.ports import Batch, Message, ProjectSettings
from meshhook_alerts.domain.alert import Alert, AlertStatus
from meshhook_alerts.domain.decision import Decisions, State
from meshhook_alerts.domain.failure import Fold, SignalGroup
from meshhook_alerts.domain.folding import Folded
from meshhook_alerts.domain.identifiers import NIL
from meshhook_alerts.domain.message import SCHEMA_VERSION
from meshhook_alerts.domain.severity import Criticality, FailureClass, Severity

LEASE_SECONDS = 10
"""How long a notification belongs to the worker that took it; a dead worker's come back."""

_ANY_WAITING = 4  # place in take_project.sql's answer

Connect = Callable[[], Awaitable[AsyncConnection[TupleRow]]]
LoadSettings = Callable[[AsyncConnection[TupleRow], UUID, int], Awaitable[ProjectSettings]]


class PostgresDecisionStore:
    """Decides on one connection of its own, so that statements stay prepared."""

    def __init__(self, connect: Connect, load_settings: LoadSettings) -> None:
        self._connect = connect
        self._load_settings = load_settings
        self._connection: AsyncConnection[TupleRow] | None = None

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[PostgresDecidingTransaction]:
        """A deciding transaction; rolled back unless it committed."""
        connection = await self._usable()
        try:
            yield PostgresDecidingTransaction(connection, self._load_settings)
        finally:
            if not connection.closed:
                await connection.rollback()

    async def close(self) -> None:
        """Gives the connection back."""
        if self._connection is not None:
            await self._connection.close()
            self._connection = None

    async def _usable(self) -> AsyncConnection[TupleRow]:
        if self._connection is None or self._connection.closed or self._connection.broken:
            self._connection = await self._connect()
        return self._connection


class PostgresDecidingTransaction:
    """See ``ports.DecidingTransaction``."""

    def __init__(self, connection: AsyncConnection[TupleRow], load_settings: LoadSettings) -> None:
        self._connection = connection
        self._load_settings = load_settings

    @translated
    async def take(self, limit: int) -> Batch | None:
        """Locks a project and reads its oldest signals, in one round trip."""
        taken, rows = await self._take(limit)
        if taken[0] is None and taken[_ANY_WAITING] and await self._introduce():
            taken, rows = await self._take(limit)
        project_id, settings_version, now, *_ = taken
        if project_id is None:
            await self._connection.commit()  # a rollback would forget the prepared statements
            return None
        return Batch(
            project_id,
            settings_version,
            now,
            groups=[_group(row) for row in rows if not row[0]],
            seen=[row[-1] for row in rows if row[0]],
        )

    async def _take(self, limit: int) -> tuple[TupleRow, list[TupleRow]]:
        async with self._connection.pipeline():
            project = await self._cursor("take_project", nil=NIL)
            groups = await self._cursor("group_signals", limit=limit)
            return (await project.fetchall())[0], await groups.fetchall()

    async def _introduce(self) -> bool:
        cursor = await self._cursor("introduce_projects", nil=NIL)
        await self._connection.commit()
        return cursor.rowcount > 0

    @translated
    async def settings(self, batch: Batch) -> ProjectSettings:
        """The project's wishes, from memory if they have not changed."""
        return await self._load_settings(self._connection, batch.project_id, batch.settings_version)

    @translated
    async def state(
        self, project_id: UUID, fingerprints: Sequence[str], alert_ids: Sequence[UUID]
    ) -> State:
        """What the engine must know, in one round trip."""
        if not fingerprints and not alert_ids:
            return State()
        ids = ",".join(map(str, alert_ids))
        async with self._connection.pipeline():
            alerts = await self._cursor(
                "open_alerts",
                project_id=project_id,
                fingerprints=",".join(fingerprints),
                alert_ids=ids,
            )
            silent = await self._cursor("fleet_silent", project_id=project_id)
            folds = await self._cursor("last_folds", alert_ids=ids) if ids else None
            is_silent = await silent.fetchone()
            last_folds = await folds.fetchall() if folds else []
            return State(
                alerts={row[2]: _alert(row) for row in await alerts.fetchall()},
                last_folds={row[0]: _last_fold(row) for row in last_folds},
                fleet_silent=bool(is_silent and is_silent[0]),
            )

    @translated
    async def commit(
        self,
        batch: Batch,
        folded: Folded,
        decisions: Decisions,
        messages: Sequence[Message],
        leased: int,
    ) -> Sequence[int]:
        """Writes and commits in one round trip."""
        mine, others = messages[:leased], messages[leased:]
        async with self._connection.pipeline():
            if not folded.folds:
                # All retries under way: lost in a crash, they would be judged the same again.
                await self._connection.execute("set local synchronous_commit = off")
            await self._cursor(
                "commit_decisions",
                project_id=batch.project_id,
                settings_version=batch.settings_version,
                template_version=SCHEMA_VERSION,
                **encoding.parameters(batch, folded, decisions, messages),
            )
            queued = await self._enqueue(mine, LEASE_SECONDS) if mine else None
            if others:
                await self._enqueue(others, 0)
            await self._connection.commit()
            return [row[0] for row in await queued.fetchall()] if queued else []

    @translated
    async def postpone(self, batch: Batch, seconds: float) -> None:
        """Rolls back, then marks the project."""
        await self._connection.rollback()
        await self._cursor("postpone_project", project_id=batch.project_id, seconds=seconds)
        await self._connection.commit()

    async def _enqueue(self, messages: Sequence[Message], lease: int) -> AsyncCursor[TupleRow]:
        ids = ",".join(str(message.notification_id) for message in messages)
        return await self._cursor("enqueue_notifications", ids=ids, lease=lease)

    async def _cursor(self, name: str, **parameters: Any) -> AsyncCursor[TupleRow]:
        cursor = self._connection.cursor(row_factory=tuple_row, binary=True)
        return await cursor.execute(query(name), parameters)


def _group(row: TupleRow) -> SignalGroup:
    (_, id_, project_id, source, observed, at, first_at, last_at, count, workflow, name, version,
     node_id, node_type, attempt, http_status, error, labels, run_id, members) = row  # fmt: skip
    return SignalGroup(
        id_, project_id, source, observed, at, first_at, last_at, count, workflow, name, version,
        node_id, node_type, attempt, http_status, error, labels, run_id, members,
    )  # fmt: skip


def _alert(row: TupleRow) -> Alert:
    (id_, project_id, fingerprint, status, severity, opened_at, last_at, count, told,
     kind, withdrawn, resolved_at) = row  # fmt: skip
    return Alert(
        id_,
        project_id,
        fingerprint,
        AlertStatus(status),
        Severity(severity),
        opened_at,
        last_at,
        count,
        {UUID(channel): encoding.told_from(entry) for channel, entry in told.items()},
        kind,
        withdrawn,
        resolved_at,
    )


def _last_fold(row: TupleRow) -> Fold:
    (_, id_, project_id, fingerprint, kind, failure_class, severity, error, error_class, at,
     first_at, last_at, count, workflow, version, node_id, node_type, status, run_id, sample) = row  # fmt: skip
    return Fold(
        id_, project_id, fingerprint, kind, FailureClass(failure_class), Severity(severity),
        Criticality.NORMAL, error, error_class, at, first_at, last_at, count, workflow, None, version,
        node_id, node_type, status, None, None, run_id, sample,
    )  # fmt: skip
