"""How the engine gets at the database: it borrows a connection for each statement it writes.

So does MeshHook, and so must a sample that is killed half-way leave what MeshHook would leave:
every statement, or transaction where MeshHook has one, whole or absent.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import psycopg

Connections = Callable[[], AbstractAsyncContextManager[psycopg.AsyncConnection[Any]]]
"""Lends a connection and commits at its return: ``pool.connection`` of psycopg, for one."""


def shared(conn: psycopg.AsyncConnection[Any]) -> Connections:
    """Lend one autocommitting connection to one borrower at a time; it stays the caller's."""
    if not conn.autocommit:
        raise ValueError("a shared connection must autocommit, else nothing is ever committed")
    turn = asyncio.Lock()

    @asynccontextmanager
    async def borrow() -> AsyncIterator[psycopg.AsyncConnection[Any]]:
        async with turn:
            yield conn

    return borrow
