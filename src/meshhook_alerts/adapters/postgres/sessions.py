"""Sessions: every connection of ours is opened here, with what we rely on pinned.

Roles and databases set defaults for their sessions, a transaction pooler hands over sessions that
others have used. What a statement of ours means must depend on neither: time zone, formats,
encoding, quoting, and where names and operators are looked up.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import psycopg
from psycopg import AsyncConnection, IsolationLevel, errors
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool

from meshhook_alerts.application.ports import StoreUnavailable

PINNED = {
    "timezone": "UTC",
    "datestyle": "ISO, MDY",
    "intervalstyle": "postgres",
    "client_encoding": "UTF8",
    "standard_conforming_strings": "on",
    "bytea_output": "hex",
    "extra_float_digits": "1",
    "array_nulls": "on",
    "transform_null_equals": "off",
    "row_security": "on",
    "search_path": "pg_catalog, pg_temp",
}
"""Setting → value. Limits (timeouts, memory) are the host's to set, and so is whether it may be
written to."""
HEALED_BY_ANOTHER = (
    errors.ReadOnlySqlTransaction,  # the session began while the database was read-only
    errors.FeatureNotSupported,  # a cached plan, after a table of MeshHook's has changed
    errors.InvalidSqlStatementName,  # prepared in another session: there is a pooler after all
    errors.DuplicatePreparedStatement,
)
"""What a new session may be free of: the connection that says so is given up."""
_LONGER_BY_SECONDS = 0.02
"""The pause before another connection is tried: none after the first that does not answer, then longer
each time, for a database that accepts connections and ends them at once."""


class UnusableDatabase(StoreUnavailable):
    """A database that waiting does not mend."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where the database is, and whether a transaction pooler stands in front of it."""

    conninfo: str = field(repr=False)
    pooled: bool

    def options(self, *, autocommit: bool) -> dict[str, Any]:
        """How to connect. Behind a transaction pooler a prepared statement may be asked of another
        server session."""
        threshold = None if self.pooled else 1
        return {"autocommit": autocommit, "prepare_threshold": threshold}


async def connect(address: Address, *, autocommit: bool) -> AsyncConnection[TupleRow]:
    """A new pinned connection.

    Raises:
        psycopg.Error, UnusableDatabase
    """
    options = cast(Any, address.options(autocommit=autocommit))
    connection = await AsyncConnection.connect(address.conninfo, **options)
    try:
        await prepare(connection, address)
    except BaseException:
        await connection.close()
        raise
    return connection


async def prepare(connection: AsyncConnection[TupleRow], address: Address) -> None:
    """Makes a new connection fit to be used.

    Raises:
        psycopg.Error, UnusableDatabase
    """
    await connection.set_isolation_level(IsolationLevel.READ_COMMITTED)
    await connection.set_deferrable(False)
    if not address.pooled:  # there the session is others', too; each transaction is pinned instead
        await pin(connection)
    check_encoding(connection)


async def pin(connection: AsyncConnection[TupleRow], *, local: bool = False) -> None:
    """Pins a session that is ours alone; or, ``local``, the transaction under way."""
    await connection.execute(_setting(local=local))
    if not local and not connection.autocommit:
        await connection.commit()


async def begin(connection: AsyncConnection[TupleRow], address: Address) -> None:
    """To be called first in each transaction."""
    if address.pooled:
        await pin(connection, local=True)


def check_encoding(connection: AsyncConnection[TupleRow]) -> None:
    """Raises ``UnusableDatabase`` for a database that cannot keep every text."""
    encoding = connection.info.parameter_status("server_encoding")
    if encoding not in ("UTF8", None):
        raise UnusableDatabase(wrong_encoding(encoding))


def wrong_encoding(encoding: str) -> str:
    """What is wrong with a database in another encoding, and what would be right."""
    return (
        f"the database is encoded in {encoding}, which cannot keep every error text; MeshHook Alerts"
        " needs UTF8 (as Supabase has it): dump MeshHook's database and restore it into one made with"
        " `create database … template template0 encoding 'UTF8'`"
    )


def _setting(*, local: bool) -> bytes:
    # Qualified: before it has run, names are looked up wherever the session says.
    each = (
        f"pg_catalog.set_config('{name}', '{value}', {str(local).lower()})"
        for name, value in PINNED.items()
    )
    return f"select {', '.join(each)}".encode()


class PinnedPool(AsyncConnectionPool[AsyncConnection[TupleRow]]):
    """A pool of pinned connections; what a new connection would be free of, it gets rid of."""

    def __init__(self, address: Address, **options: Any) -> None:
        self._address = address
        super().__init__(
            address.conninfo,
            kwargs=address.options(autocommit=False),
            configure=self._prepare,
            **options,
        )

    async def _prepare(self, connection: AsyncConnection[TupleRow]) -> None:
        await prepare(connection, self._address)

    @asynccontextmanager
    async def connection(
        self,
        timeout: float | None = None,  # noqa: ASYNC109 - the library's own
    ) -> AsyncIterator[AsyncConnection[TupleRow]]:
        """As the library's."""
        connection = await self._alive(self.timeout if timeout is None else timeout)
        try:
            async with connection, given_up(connection):
                await begin(connection, self._address)
                yield connection
        finally:
            await self.putconn(connection)

    async def _alive(self, seconds: float) -> AsyncConnection[TupleRow]:
        """A connection that answers.

        Those from before the database's restart, or idle for longer than it allows, are passed over. The
        library's own ``check`` waits for a second, then two, at each of them: with a few in the pool
        nobody got a connection in time.
        """
        clock = asyncio.get_running_loop().time
        give_up = clock() + seconds
        pause = 0.0
        while True:
            connection = await self.getconn(give_up - clock())
            try:
                await self.check_connection(connection)
            except BaseException as problem:
                await self.putconn(connection)  # which replaces what is broken
                if not isinstance(problem, psycopg.Error):
                    raise
            else:
                return connection
            await asyncio.sleep(pause)
            pause += _LONGER_BY_SECONDS


@asynccontextmanager
async def given_up(connection: AsyncConnection[TupleRow]) -> AsyncIterator[None]:
    """Closes the connection on troubles that another one may not have."""
    try:
        yield
    except Exception as problem:
        if isinstance(problem, HEALED_BY_ANOTHER) or isinstance(
            problem.__cause__, HEALED_BY_ANOTHER
        ):
            await connection.close()
        raise
