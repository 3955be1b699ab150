"""Acts on Postgres: alerts are seen under the caller's row-level security; the service puts the act in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool

from meshhook_alerts.adapters.postgres.encoding import dumps
from meshhook_alerts.adapters.postgres.errors import translated
from meshhook_alerts.adapters.postgres.queries import query
from meshhook_alerts.adapters.postgres.settings_store import as_role, take_on
from meshhook_alerts.application.acts import Acted, KnownAlert, WantedAct
from meshhook_alerts.application.settings_ports import Caller
from meshhook_alerts.domain.life import Outcome


class PostgresActStore:
    """See ``acts.ActStore``."""

    def __init__(self, pool: AsyncConnectionPool, hear: Callable[[datetime], None]) -> None:
        self._pool = pool
        self._hear = hear

    @asynccontextmanager
    async def as_caller(self, caller: Caller) -> AsyncIterator[PostgresActTransaction]:
        """A transaction in the caller's role."""
        async with as_role(self._pool, caller) as connection:
            yield PostgresActTransaction(connection, caller.role, self._hear)

    @translated
    async def results(self, act_ids: Sequence[UUID]) -> Mapping[UUID, Acted]:
        """What came of acts that were this caller's own."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                query("alerts/results"), {"ids": ",".join(map(str, act_ids))}
            )
            rows = await cursor.fetchall()
        return {row[0]: Acted(row[1], Outcome(row[2]), *row[3:]) for row in rows}


class PostgresActTransaction:
    """See ``acts.ActTransaction``."""

    def __init__(
        self, connection: AsyncConnection[TupleRow], role: str, hear: Callable[[datetime], None]
    ) -> None:
        self._connection = connection
        self._role = role
        self._hear = hear

    @translated
    async def now(self) -> datetime:
        """The database's present moment."""
        ((now,),) = await self._rows("select clock_timestamp()")
        self._hear(now)
        return now  # type: ignore[no-any-return]

    @translated
    async def find(self, alert_ids: Sequence[UUID]) -> Sequence[KnownAlert]:
        """Those that the caller may see."""
        rows = await self._rows(query("alerts/known"), ids=",".join(map(str, alert_ids)))
        return [KnownAlert(*row) for row in rows]

    @translated
    async def may_edit(self, project_id: UUID) -> bool:
        """Whether the caller may act on the project's alerts."""
        if self._role == "service_role":
            return True
        return bool(await self._rows(query("settings/may_edit_project"), project_id=project_id))

    @translated
    async def add(self, acts: Sequence[tuple[UUID, WantedAct]]) -> None:
        """Puts acts in the way of the decision, for a caller who may."""
        rows = [{"project_id": project_id, **asdict(act)} for project_id, act in acts]
        await self._connection.execute("reset role")
        await self._connection.execute(query("alerts/add_acts"), {"acts": dumps(rows)})
        await self._connection.execute(take_on(self._role))

    async def _rows(self, statement: str, /, **parameters: object) -> list[TupleRow]:
        cursor = await self._connection.execute(statement.encode(), parameters)
        return await cursor.fetchall()
