"""Waking up: a notify while the worker sleeps, and a short poll that makes it certain.

The trigger notifies only if it can share the advisory lock, that is, while no worker holds it: a
notify costs MeshHook's commits dearly where they are many, and a busy worker needs none. Lock and LISTEN live on one
direct connection; behind a transaction pooler there is neither, and the poll alone does the work.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from meshhook_alerts.adapters.postgres.errors import translated
from meshhook_alerts.adapters.postgres.queries import query

AWAKE_LOCK = 7241150193621
"""Advisory lock that an awake worker holds; the same number stands in the trigger functions."""
POLL_SECONDS = 0.05
LINGER_SECONDS = 0.03
"""How long a worker stays awake after it was busy: longer than a commit takes, mostly."""
LINGER_POLL_SECONDS = 0.002

_log = logging.getLogger(__name__)
Begin = Callable[[AsyncConnection[TupleRow]], Awaitable[None]]
Connect = Callable[[], Awaitable[AsyncConnection[TupleRow]]]


class PostgresWaker:
    """See ``ports.Waker``."""

    def __init__(self, connect: Connect, begin: Begin, *, listen: bool) -> None:
        self._connect = connect
        self._begin = begin
        self._listen = listen
        self._connection: AsyncConnection[TupleRow] | None = None
        self._locking: asyncio.Task[None] | None = None
        self._awake_until = 0.0

    def busy(self) -> None:
        """Takes the lock in the background, not to delay what the worker woke up for."""
        self._awake_until = time.monotonic() + LINGER_SECONDS
        if self._listen and self._connection is not None and self._locking is None:
            self._locking = asyncio.create_task(self._lock(self._connection))

    @translated
    async def until_signals(self, limit: float) -> None:
        """Sleeps until a notify, or a poll that finds something, or ``limit`` seconds."""
        connection = await self._usable()
        give_up = time.monotonic() + limit
        if await self._awhile(connection):
            return
        await self._unlock(connection)
        await self._forget_notifies(connection)
        while time.monotonic() < give_up:
            if await self._waiting(connection) or await self._notified(connection):
                return

    async def _awhile(self, connection: AsyncConnection[TupleRow]) -> bool:
        """Looks closely before falling asleep: whoever is about to commit saw us awake, and will
        not wake us."""
        if self._locking is None:
            return False
        while time.monotonic() < self._awake_until:
            if await self._waiting(connection):
                return True
            await asyncio.sleep(LINGER_POLL_SECONDS)
        return False

    async def close(self) -> None:
        """Gives the connection, and with it the lock, back."""
        if self._locking is not None:
            self._locking.cancel()
        if self._connection is not None:
            await self._connection.close()
            self._connection = None

    async def _usable(self) -> AsyncConnection[TupleRow]:
        if self._connection is None or self._connection.closed or self._connection.broken:
            self._locking = None
            self._connection = await self._connect()
            if self._listen:
                await self._connection.execute("listen meshhook_alerts")
        return self._connection

    async def _lock(self, connection: AsyncConnection[TupleRow]) -> None:
        try:
            await connection.execute("select pg_try_advisory_lock(%s)", (AWAKE_LOCK,))
        except psycopg.Error as problem:
            _log.debug("could not take the awake lock: %s", problem)

    async def _unlock(self, connection: AsyncConnection[TupleRow]) -> None:
        if self._locking is not None:
            await self._locking
            self._locking = None
            await connection.execute("select pg_advisory_unlock_all()")

    async def _waiting(self, connection: AsyncConnection[TupleRow]) -> bool:
        if self._listen:
            return await _anything_waiting(connection)
        async with connection.transaction():
            await self._begin(connection)
            return await _anything_waiting(connection)

    async def _forget_notifies(self, connection: AsyncConnection[TupleRow]) -> None:
        """Those that came meanwhile: the next look sees their signals, if they still wait."""
        if self._listen:
            async for _ in connection.notifies(timeout=0):
                pass

    async def _notified(self, connection: AsyncConnection[TupleRow]) -> bool:
        if not self._listen:
            await asyncio.sleep(POLL_SECONDS)
            return False
        async for _ in connection.notifies(timeout=POLL_SECONDS, stop_after=1):
            return True
        return False


async def _anything_waiting(connection: AsyncConnection[TupleRow]) -> bool:
    cursor = await connection.execute(query("deciding/anything_waiting"))
    row = await cursor.fetchone()
    return bool(row and row[0])
