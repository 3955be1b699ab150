"""One thing looked at, and short questions to a database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any, Literal

from psycopg import AsyncConnection, sql
from psycopg.rows import TupleRow

Level = Literal["ok", "note", "wrong"]
Connection = AsyncConnection[TupleRow]
Check = Callable[[Connection], AsyncIterator["Finding"]]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at."""

    level: Level
    subject: str
    what: str
    mend: str | None = None


async def missing(connection: Connection, name: str) -> bool:
    """Whether there is no such table."""
    return not await ask(connection, "select to_regclass(%s) is not null", name)


async def ask(connection: Connection, question: str, *arguments: object) -> Any:
    """The one value a query gives; None if it gives no row."""
    row = await (await connection.execute(question.encode(), arguments or None)).fetchone()
    return row[0] if row else None


def names(found: list[str]) -> str:
    """A list for people."""
    return ", ".join(found)


def quoted(name: str) -> str:
    """A name as SQL wants it."""
    return sql.Identifier(name).as_string()
