"""Applying our migration files.

Each file runs in a transaction of its own under one advisory lock, so several starting processes
do not collide; the lock ends with the transaction, so a pooler may stand in between. Files are
plain SQL that the Supabase CLI can run as well; both ways leave the same mark in
``meshhook_alerts.migrations``.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import psycopg
from psycopg import AsyncConnection, errors
from psycopg.rows import TupleRow

from meshhook_alerts.adapters.postgres.queries import query
from meshhook_alerts.adapters.postgres.sessions import UnusableDatabase, check_encoding, pin

_LOCK = 7241150193622
_LOCK_TIMEOUT = "10s"
_QUEUE_VERSION = "20261123000200"
_PAUSES = (0.1, 0.5, 0)
"""Seconds after each try to put our triggers on tables that are busy."""


class MigrationError(Exception):
    """A migration that cannot be applied, and what to do about it."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """Whether a table of MeshHook's bears our trigger."""

    trigger: str
    table: str
    state: str
    detail: str | None


def migration_files() -> Iterator[tuple[str, str]]:
    """(version, SQL) in order: from the wheel, or from the checkout it was installed from."""
    folder = _folder()
    for entry in sorted(folder.iterdir(), key=lambda each: each.name):
        if entry.name.endswith(".sql"):
            yield entry.name.split("_", 1)[0], entry.read_text("utf-8")


def _folder() -> Traversable:
    packaged = files("meshhook_alerts").joinpath("migrations")
    if packaged.is_dir():
        return packaged
    return Path(__file__).parents[4] / "supabase" / "migrations"


async def migrate(
    connection: AsyncConnection[TupleRow], say: Callable[[str], None] = lambda _: None
) -> Sequence[Attachment]:
    """Applies what is missing and puts our triggers where they may be.

    Raises:
        MigrationError
    """
    try:
        check_encoding(connection)
        for version, text in migration_files():
            async with alone(connection):
                if version == _QUEUE_VERSION:
                    await _install_pgmq(connection, say)
                await _apply(connection, version, text, say)
        return await _attach(connection)
    except UnusableDatabase as problem:
        raise MigrationError(str(problem)) from problem
    except psycopg.Error as problem:
        raise MigrationError(advice(problem)) from problem


async def the_past(connection: AsyncConnection[TupleRow]) -> str:
    """What is known of failures from before we were attached, as a sentence."""
    cursor = await connection.execute(query("detection/baseline_total"))
    runs, workflows = await cursor.fetchone() or (0, 0)
    if runs:
        return (
            f"{runs:,} runs in {workflows:,} workflows had failed or gone silent before alerts were"
            " attached; nobody was told (`meshhook-alerts tell-existing` tells)"
        )
    return "what failed or went silent before now will be counted at the first start, and told to nobody"


@asynccontextmanager
async def alone(connection: AsyncConnection[TupleRow]) -> AsyncIterator[None]:
    """A transaction, one at a time in this database; what it waits for otherwise is bounded."""
    async with connection.transaction():
        await pin(connection, local=True)
        await connection.execute("select pg_advisory_xact_lock(%s)", (_LOCK,))
        await connection.execute(f"set local lock_timeout = '{_LOCK_TIMEOUT}'")
        yield


async def pending(connection: AsyncConnection[TupleRow]) -> list[str]:
    """Versions that have not been applied."""
    versions = [version for version, _ in migration_files()]
    cursor = await connection.execute(
        "select to_regclass('meshhook_alerts.migrations') is not null"
    )
    row = await cursor.fetchone()
    if not row or not row[0]:
        return versions
    cursor = await connection.execute("select version from meshhook_alerts.migrations")
    applied = {row[0] for row in await cursor.fetchall()}
    return [version for version in versions if version not in applied]


async def _apply(
    connection: AsyncConnection[TupleRow], version: str, text: str, say: Callable[[str], None]
) -> None:
    if version not in await pending(connection):
        return
    say(f"applying {version}")
    await connection.execute(text)


async def _install_pgmq(connection: AsyncConnection[TupleRow], say: Callable[[str], None]) -> None:
    """Where the server does not offer the extension, the wheel's plain SQL, once."""
    cursor = await connection.execute(
        "select to_regnamespace('pgmq') is null"
        " and not exists (select 1 from pg_available_extensions where name = 'pgmq')"
    )
    row = await cursor.fetchone()
    if not row or not row[0]:
        return
    from pgmq import get_embedded_install_sql  # only needed here, and not small

    say("installing pgmq as plain SQL (the server does not offer the extension)")
    await connection.execute(get_embedded_install_sql())
    await connection.execute(
        "create schema if not exists meshhook_alerts;"
        "create table if not exists meshhook_alerts.installed"
        " (kind text not null, name text not null, primary key (kind, name));"
        "insert into meshhook_alerts.installed values ('pgmq', 'sql') on conflict do nothing"
    )


async def _attach(connection: AsyncConnection[TupleRow]) -> list[Attachment]:
    """Tries a few times, never waiting long: while it waits, MeshHook's own writers would too."""
    found: list[Attachment] = []
    for pause in _PAUSES:
        cursor = await connection.execute(
            "select trigger_name, table_name, state, detail from meshhook_alerts.attach()"
        )
        found = [Attachment(*row) for row in await cursor.fetchall()]
        if all(each.state != "busy" for each in found):
            break
        await asyncio.sleep(pause)
    return found


def advice(problem: psycopg.Error) -> str:
    """What went wrong, and what to do."""
    text = str(problem).strip().splitlines()[0] if str(problem).strip() else type(problem).__name__
    hint = problem.diag.message_hint
    if isinstance(problem, errors.DependentObjectsStillExist):
        text = "others have built on our tables: " + (problem.diag.message_detail or text)
        hint = "Remove that first, then try again."
    elif isinstance(problem, errors.LockNotAvailable):
        hint = "Another transaction holds MeshHook's tables; try again in a quieter moment."
    elif isinstance(problem, errors.InsufficientPrivilege) and not hint:
        hint = "Use a role that may create schemas and owns, or has TRIGGER on, MeshHook's tables."
    return f"{text}. {hint}" if hint else text
