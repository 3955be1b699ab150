"""Connections: one pool for short work, and direct ones for those that need their own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

import psycopg
from psycopg import AsyncConnection
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool

from meshhook_alerts.adapters.postgres.errors import explain, translated
from meshhook_alerts.application.ports import StoreUnavailable

_SWEEPS_AT_ONCE = 10
_POOLER_PORT = "6543"  # where Supabase's transaction pooler listens


@dataclass(frozen=True, slots=True)
class Address:
    """Where the database is, and whether a transaction pooler stands in front of it."""

    conninfo: str = field(repr=False)
    pooled: bool


def parse_address(url: str, pooled: bool | None = None) -> Address:
    """Reads a ``DATABASE_URL``; ``pooled=None`` finds out from it.

    Raises:
        ValueError: it is not a Postgres URL; the text says what is wrong without repeating it.
    """
    url, marked = _without_mark(url)
    try:
        parts = conninfo_to_dict(url)
    except psycopg.ProgrammingError:  # its text repeats what may be a password
        raise ValueError("not a Postgres address") from None
    if not url.startswith(("postgres://", "postgresql://")) and "host" not in parts:
        raise ValueError("not a Postgres address")
    ports = str(parts.get("port") or "").split(",")
    if not all(port == "" or (port.isdecimal() and int(port) < 65536) for port in ports):
        raise ValueError("not a Postgres address: its port is no number up to 65535")
    by_port = _POOLER_PORT in ports
    chosen = marked or by_port if pooled is None else pooled
    return Address(
        make_conninfo(url, application_name="meshhook-alerts", connect_timeout=5), chosen
    )


def _without_mark(url: str) -> tuple[str, bool]:
    """Prisma and others write ``pgbouncer=true`` into the URL; libpq would refuse it."""
    for mark in ("?pgbouncer=true&", "&pgbouncer=true", "?pgbouncer=true"):
        if mark in url:
            return url.replace(mark, "?" if mark.endswith("&") else "", 1), True
    return url, False


class Database:
    """All connections of one process."""

    def __init__(self, address: Address, pool_size: int = 6) -> None:
        self.address = address
        self.pool = self._pool("meshhook-alerts", 1, pool_size)
        self.sweep_pool = self._pool("meshhook-alerts-sweeps", 0, _SWEEPS_AT_ONCE)
        """For searches alone: one that hangs must keep nobody else from a connection."""

    def _pool(self, name: str, min_size: int, max_size: int) -> AsyncConnectionPool:
        return AsyncConnectionPool(
            self.address.conninfo,
            min_size=min_size,
            max_size=max_size,
            timeout=5,
            max_idle=60,  # a database's connections are few, and most searches need one at a time
            kwargs=self._options(autocommit=False),
            # A connection from before the database's restart is found out before it is used.
            check=AsyncConnectionPool.check_connection,
            reconnect_timeout=0,
            open=False,
            name=name,
        )

    async def open(self) -> None:
        """Opens the pools; connecting happens when first needed, so a database may come later."""
        await self.pool.open(wait=False)
        await self.sweep_pool.open(wait=False)

    async def close(self) -> None:
        """Closes the pools."""
        await self.pool.close(timeout=2)
        await self.sweep_pool.close(timeout=2)

    @translated
    async def connect(self) -> AsyncConnection[TupleRow]:
        """A connection of one's own, in transactions."""
        return await self._connect(autocommit=False)

    @translated
    async def connect_autocommit(self) -> AsyncConnection[TupleRow]:
        """A connection of one's own, each statement by itself."""
        return await self._connect(autocommit=True)

    async def ping(self) -> None:
        """Raises ``StoreUnavailable`` if the database does not answer or lacks our tables."""
        try:
            async with self.pool.connection(timeout=2) as connection:
                await connection.execute("select from meshhook_alerts.migrations limit 1")
        except Exception as problem:
            raise StoreUnavailable(explain(problem)) from problem

    async def _connect(self, *, autocommit: bool) -> AsyncConnection[TupleRow]:
        return await AsyncConnection.connect(
            self.address.conninfo, **cast(Any, self._options(autocommit))
        )

    def _options(self, autocommit: bool) -> dict[str, Any]:
        # Behind a transaction pooler a prepared statement may be asked of another server session.
        threshold = None if self.address.pooled else 1
        return {"autocommit": autocommit, "prepare_threshold": threshold}
