"""Taking everything of ours away again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.resources import files

import psycopg
from psycopg import AsyncConnection, errors
from psycopg.errors import Diagnostic
from psycopg.rows import TupleRow

from meshhook_alerts.adapters.postgres.migrations import MigrationError, advice, alone


async def uninstall(
    connection: AsyncConnection[TupleRow], say: Callable[[str], None] = lambda _: None
) -> None:
    """Removes all that is ours: triggers, tables, queue, schema; pgmq and roles only if we made
    them and nobody else uses them.

    Raises:
        MigrationError
    """
    try:
        async with alone(connection):
            installed = await _installed(connection)
            with _notices(connection, say):
                await connection.execute(_uninstall_sql())
        for kind, name in installed:
            if kind in _SHARED:
                say(await _remove_shared(connection, kind, name))
    except psycopg.Error as problem:
        raise MigrationError(advice(problem)) from problem


_SHARED = ("pgmq", "role")
"""What others may have come to use; the rest is ours alone."""


@contextmanager
def _notices(connection: AsyncConnection[TupleRow], say: Callable[[str], None]) -> Iterator[None]:
    """Passes on what the server remarks."""

    def hear(notice: Diagnostic) -> None:
        if (
            notice.severity_nonlocalized == "NOTICE"
            and (notice.message_primary or "")[:4] == "kept"
        ):
            say(notice.message_primary or "")

    connection.add_notice_handler(hear)
    try:
        yield
    finally:
        connection.remove_notice_handler(hear)


def _uninstall_sql() -> str:
    return files(__package__).joinpath("uninstall.sql").read_text("utf-8")


async def _installed(connection: AsyncConnection[TupleRow]) -> list[tuple[str, str]]:
    cursor = await connection.execute("select to_regclass('meshhook_alerts.installed') is not null")
    row = await cursor.fetchone()
    if not row or not row[0]:
        return []
    cursor = await connection.execute(
        "select kind, name from meshhook_alerts.installed order by 1, 2"
    )
    return [(str(kind), str(name)) for kind, name in await cursor.fetchall()]


async def _remove_shared(connection: AsyncConnection[TupleRow], kind: str, name: str) -> str:
    remove = _remove_pgmq if kind == "pgmq" else _remove_role
    try:
        return await remove(connection, name)
    except (errors.DependentObjectsStillExist, errors.UndefinedObject, errors.UndefinedTable):
        return f"kept {kind} {name}: something else uses it"
    except errors.InsufficientPrivilege as problem:
        return f"kept {kind} {name}: {problem.diag.message_primary}"


async def _remove_pgmq(connection: AsyncConnection[TupleRow], name: str) -> str:
    cursor = await connection.execute("select count(*) from pgmq.meta")
    row = await cursor.fetchone()
    if row and row[0]:
        return f"kept pgmq: {row[0]} other queue(s) use it"
    await connection.execute(
        "drop extension pgmq" if name == "extension" else "drop schema pgmq cascade"
    )
    return "removed pgmq"


async def _remove_role(connection: AsyncConnection[TupleRow], name: str) -> str:
    """Dropping a role takes its memberships along without a word, so they are looked for first."""
    cursor = await connection.execute(
        "select rolcanlogin or exists (select 1 from pg_auth_members membership"
        " where membership.member = role.oid or membership.roleid = role.oid"
        " and membership.member <> (select oid from pg_roles where rolname = current_user))"
        " from pg_roles role where rolname = %s",
        (name,),
    )
    row = await cursor.fetchone()
    if row and row[0]:
        return f"kept role {name}: something else uses it"
    await connection.execute(psycopg.sql.SQL("drop role {}").format(psycopg.sql.Identifier(name)))
    return f"removed role {name}"
