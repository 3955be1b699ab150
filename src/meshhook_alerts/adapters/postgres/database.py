"""The address of the database, and the connections of one process to it."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

import psycopg
from psycopg import AsyncConnection
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import TupleRow

from meshhook_alerts.adapters.postgres import sessions
from meshhook_alerts.adapters.postgres.errors import explain, translated
from meshhook_alerts.adapters.postgres.queries import query
from meshhook_alerts.adapters.postgres.sessions import Address, PinnedPool, UnusableDatabase
from meshhook_alerts.application.ports import StoreUnavailable

_SWEEPS_AT_ONCE = 10
_POOLER_PORT = "6543"  # where Supabase's transaction pooler listens
_MARK = "pgbouncer"
_FOR_OTHERS = frozenset(
    {_MARK, "connection_limit", "pool_timeout", "schema", "supa", "sslaccept", "sslidentity",
     "socket_timeout", "statement_cache_size", "pool_mode", "workaround"}
)  # fmt: skip
"""Parameters that Supabase, Prisma and others put into an address for their own clients."""


def parse_address(url: str, pooled: bool | None = None) -> Address:
    """Reads a ``DATABASE_URL``; ``pooled=None`` finds out from it.

    Raises:
        ValueError: it is not a Postgres URL; the text says what is wrong without repeating it.
    """
    url, marked = _for_libpq(url)
    try:
        parts = conninfo_to_dict(url)
    except psycopg.ProgrammingError:  # its text repeats what may be a password
        raise ValueError("not a Postgres address") from None
    if not url.startswith(_SCHEMES) and "host" not in parts:
        raise ValueError("not a Postgres address")
    ports = str(parts.get("port") or "").split(",")
    if not all(port == "" or (port.isdecimal() and int(port) < 65536) for port in ports):
        raise ValueError("not a Postgres address: its port is no number up to 65535")
    chosen = marked or _POOLER_PORT in ports if pooled is None else pooled
    usual: dict[str, str | int] = {"application_name": "meshhook-alerts", "connect_timeout": 5}
    ours = {name: value for name, value in usual.items() if name not in parts}
    return Address(make_conninfo(url, **ours), chosen)


_SCHEMES = ("postgres://", "postgresql://")


def _for_libpq(url: str) -> tuple[str, bool]:
    """The address without what only other clients understand, and whether it names a pooler."""
    place, asked, query = url.strip().partition("?")
    if not asked or not place.startswith(_SCHEMES):
        return url.strip(), False
    parameters = parse_qsl(query, keep_blank_values=True)
    if unknown := sorted({name for name, _ in parameters} - _known() - _FOR_OTHERS):
        raise ValueError(
            f"not a Postgres address: nobody knows its parameter {', '.join(unknown)};"
            " see libpq's list, such as sslmode"
        )
    kept = urlencode([(name, value) for name, value in parameters if name not in _FOR_OTHERS])
    marked = dict(parameters).get(_MARK, "").lower() == "true"
    return (f"{place}?{kept}" if kept else place), marked


def _known() -> set[str]:
    return {option.keyword.decode() for option in psycopg.pq.Conninfo.get_defaults()} | {"ssl"}


class Database:
    """All connections of one process."""

    def __init__(self, address: Address, pool_size: int = 6) -> None:
        self.address = address
        self.pool = self._pool("meshhook-alerts", 1, pool_size)
        self.sweep_pool = self._pool("meshhook-alerts-sweeps", 0, _SWEEPS_AT_ONCE)
        """For searches alone: one that hangs must keep nobody else from a connection."""

    def _pool(self, name: str, min_size: int, max_size: int) -> PinnedPool:
        return PinnedPool(
            self.address,
            min_size=min_size,
            max_size=max_size,
            timeout=5,
            max_idle=60,  # a database's connections are few, and most searches need one at a time
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
        return await sessions.connect(self.address, autocommit=False)

    @translated
    async def connect_autocommit(self) -> AsyncConnection[TupleRow]:
        """A connection of one's own, each statement by itself."""
        return await sessions.connect(self.address, autocommit=True)

    async def begin(self, connection: AsyncConnection[TupleRow]) -> None:
        """To be called first in each transaction on a connection of one's own."""
        await sessions.begin(connection, self.address)

    async def check(self) -> None:
        """Raises ``UnusableDatabase`` if it is there and will never do; one that is away may come."""
        try:
            connection = await self.connect()
        except UnusableDatabase:
            raise
        except StoreUnavailable:
            return
        await connection.close()

    async def ping(self) -> None:
        """Raises ``StoreUnavailable`` if the database does not answer, lacks our tables, or has nothing
        for us to watch."""
        try:
            async with self.pool.connection(timeout=2) as connection:
                cursor = await connection.execute(query("health/watching"))
                absent = [row[0] for row in await cursor.fetchall()]
        except Exception as problem:
            raise StoreUnavailable(explain(problem)) from problem
        if absent:
            raise StoreUnavailable(
                f"there is nothing to watch: this database has no {', '.join(absent)}. Is it MeshHook's?"
                " See `meshhook-alerts doctor`"
            )
