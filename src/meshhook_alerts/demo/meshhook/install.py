"""Lay out a MeshHook database, as it stands today or as it used to be, in an empty database."""

from __future__ import annotations

from importlib.resources import files
from typing import Any, Literal

import psycopg
from pgmq import get_embedded_install_sql
from psycopg.rows import tuple_row

SchemaVersion = Literal["current", "old"]

_FILES: dict[SchemaVersion, str] = {"current": "schema.sql", "old": "old_schema.sql"}


async def install_meshhook(
    conn: psycopg.AsyncConnection[Any],
    *,
    version: SchemaVersion = "current",
    with_pgmq: bool = True,
) -> None:
    """Create MeshHook's tables; all of them or, if anything fails, none.

    The queue library pgmq comes along when asked for and missing, from the server's own
    extension where it has one. The old version knows no queue and never gets it.
    """
    async with conn.transaction():
        if with_pgmq and version == "current":
            await _install_pgmq(conn)
        await conn.execute(files(__package__).joinpath(_FILES[version]).read_bytes())


async def _install_pgmq(conn: psycopg.AsyncConnection[Any]) -> None:
    async with conn.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(
            "select to_regnamespace('pgmq') is not null,"
            " exists (select from pg_available_extensions where name = 'pgmq')"
        )
        installed, available = await cursor.fetchone() or (False, False)
    if installed:
        return
    await conn.execute(
        b"create extension pgmq" if available else get_embedded_install_sql().encode()
    )
