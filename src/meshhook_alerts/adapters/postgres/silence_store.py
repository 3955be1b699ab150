"""Silences on Postgres: seen under the caller's row-level security, written by the service for who may."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool

from meshhook_alerts.adapters.postgres.encoding import dumps
from meshhook_alerts.adapters.postgres.errors import translated
from meshhook_alerts.adapters.postgres.queries import query
from meshhook_alerts.adapters.postgres.settings_store import as_role, take_on
from meshhook_alerts.application.seen_failures import SeenFailures
from meshhook_alerts.application.settings_ports import Caller
from meshhook_alerts.application.silences import SilenceRequest, StoredSilence
from meshhook_alerts.domain.severity import FailureClass, Severity


class PostgresSilenceStore:
    """See ``silences.SilenceStore``."""

    def __init__(self, pool: AsyncConnectionPool, hear: Callable[[datetime], None]) -> None:
        """``hear``: is told the database's present moment, by which silences begin and end."""
        self._pool = pool
        self._hear = hear

    @asynccontextmanager
    async def as_caller(self, caller: Caller) -> AsyncIterator[PostgresSilenceTransaction]:
        """A transaction in the caller's role."""
        async with as_role(self._pool, caller) as connection:
            cursor = await connection.execute("select now()")
            for (now,) in await cursor.fetchall():
                self._hear(now)
            yield PostgresSilenceTransaction(connection, caller.role)


class PostgresSilenceTransaction:
    """See ``silences.SilenceTransaction``."""

    def __init__(self, connection: AsyncConnection[TupleRow], role: str) -> None:
        self._connection = connection
        self._role = role

    async def may_edit(self, project_id: UUID) -> bool:
        """Whether the caller may change the project's settings."""
        return await self._may("settings/may_edit_project", project_id)

    async def may_read(self, project_id: UUID) -> bool:
        """Whether the caller may see the project."""
        return await self._may("settings/may_read_project", project_id)

    async def seen(self, project_id: UUID, back: timedelta) -> Sequence[SeenFailures]:
        """Open alerts, and failures of the last days, under the caller's own rights."""
        rows = await self._rows("silences/seen", project_id=project_id, back=back)
        return [
            SeenFailures(kind, FailureClass(failure_class), Severity(severity), *rest)
            for kind, failure_class, severity, *rest in rows
        ]

    async def add(
        self, request: SilenceRequest, span: tuple[datetime, datetime], by: UUID | None
    ) -> StoredSilence:
        """Adds one, for a caller who may."""
        (row,) = await self._as_service(
            "silences/add",
            project_id=request.project_id,
            matchers=dumps(request.when.model_dump(mode="json")),
            starts_at=span[0],
            ends_at=span[1],
            reason=request.reason,
            by=by,
        )
        return StoredSilence(*row)

    async def all(self, project_id: UUID) -> Sequence[StoredSilence]:
        """Those of a project."""
        return [
            StoredSilence(*row) for row in await self._rows("silences/all", project_id=project_id)
        ]

    async def find(self, silence_id: UUID) -> StoredSilence | None:
        """One, if the caller may see it."""
        rows = await self._rows("silences/find", id=silence_id)
        return StoredSilence(*rows[0]) if rows else None

    async def end(self, silence_id: UUID) -> StoredSilence:
        """Ends it now, for a caller who may."""
        (row,) = await self._as_service("silences/end", id=silence_id)
        return StoredSilence(*row)

    async def _may(self, statement: str, project_id: UUID) -> bool:
        return self._role == "service_role" or bool(
            await self._rows(statement, project_id=project_id)
        )

    async def _as_service(self, statement: str, /, **parameters: Any) -> list[TupleRow]:
        await self._connection.execute("reset role")
        rows = await self._rows(statement, **parameters)
        await self._connection.execute(take_on(self._role))
        return rows

    @translated
    async def _rows(self, statement: str, /, **parameters: Any) -> list[TupleRow]:
        cursor = await self._connection.execute(query(statement), parameters)
        return await cursor.fetchall()
