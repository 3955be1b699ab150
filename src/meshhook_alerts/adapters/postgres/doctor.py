"""What is missing, in plain words, and how to mend it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Literal

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from meshhook_alerts.adapters.postgres.errors import explain
from meshhook_alerts.adapters.postgres.migrations import pending

Level = Literal["ok", "note", "wrong"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at."""

    level: Level
    subject: str
    what: str
    mend: str | None = None


async def examine(conninfo: str) -> AsyncIterator[Finding]:
    """Looks at a database, the most fundamental things first; stops where nothing more can be seen."""
    try:
        connection = await AsyncConnection.connect(conninfo, autocommit=True)
    except psycopg.OperationalError as problem:
        yield Finding(
            "wrong", "database", explain(problem),
            "Check DATABASE_URL: host, port, user, password and database name.",
        )  # fmt: skip
        return
    async with connection:
        for check in (_server, _meshhook, _migrations, _queue):
            async for finding in check(connection):
                yield finding
        if not await _missing(connection, "meshhook_alerts.attachments"):
            for check in (_triggers, _secrecy, _workers, _backlog):
                async for finding in check(connection):
                    yield finding


async def _server(connection: AsyncConnection[TupleRow]) -> AsyncIterator[Finding]:
    version = connection.info.server_version
    name = f"PostgreSQL {version // 10000}.{version % 10000}"
    if version < 150000:
        yield Finding("wrong", "server", f"{name} is too old", "Use PostgreSQL 15 or later.")
    else:
        yield Finding("ok", "server", name)


async def _meshhook(connection: AsyncConnection[TupleRow]) -> AsyncIterator[Finding]:
    needed = ("projects", "workflow_definitions", "workflow_runs", "workflow_events")
    missing = [name for name in needed if await _missing(connection, f"public.{name}")]
    if missing:
        yield Finding(
            "wrong", "MeshHook", f"tables are missing: {', '.join(missing)}",
            "Is this MeshHook's database? Run MeshHook's own migrations, then `meshhook-alerts migrate`.",
        )  # fmt: skip
        return
    unreadable = [name for name in needed if not await _flag(
        connection, f"has_table_privilege('public.{name}', 'select')")]  # fmt: skip
    if unreadable:
        yield Finding(
            "wrong", "MeshHook", f"our role may not read {', '.join(unreadable)}",
            f"grant select on {', '.join('public.' + name for name in unreadable)} to {connection.info.user};",
        )  # fmt: skip
    else:
        yield Finding("ok", "MeshHook", "its tables are there and readable")
    if await _missing(connection, "public.job_tracking"):
        yield Finding(
            "note", "MeshHook", "no table job_tracking: dead-lettered jobs cannot be seen"
        )


async def _migrations(connection: AsyncConnection[TupleRow]) -> AsyncIterator[Finding]:
    missing = await pending(connection)
    if missing:
        yield Finding(
            "wrong", "our tables", f"{len(missing)} migration(s) not applied: {', '.join(missing)}",
            "Run `meshhook-alerts migrate`.",
        )  # fmt: skip
    else:
        yield Finding("ok", "our tables", "all migrations are applied")


async def _queue(connection: AsyncConnection[TupleRow]) -> AsyncIterator[Finding]:
    if await _missing(connection, "pgmq.q_meshhook_alerts"):
        yield Finding(
            "wrong",
            "queue",
            "the delivery queue is missing (pgmq)",
            "Run `meshhook-alerts migrate`.",
        )
    else:
        yield Finding("ok", "queue", "pgmq is there, and so is our queue")


async def _triggers(connection: AsyncConnection[TupleRow]) -> AsyncIterator[Finding]:
    cursor = await connection.execute(
        "select known.table_name, known.trigger_name, known.state, known.detail, live.tgenabled::text"
        " from meshhook_alerts.attachments known left join pg_trigger live"
        " on live.tgname = known.trigger_name and live.tgparentid = 0"
        " and live.tgrelid = to_regclass('public.' || known.table_name) order by 1"
    )
    for table, trigger, state, detail, enabled in await cursor.fetchall():
        if enabled == "D":
            yield Finding(
                "wrong", "detection", f"the trigger on {table} is switched off",
                f"alter table public.{table} enable trigger {trigger};",
            )  # fmt: skip
        elif enabled:
            yield Finding("ok", "detection", f"{table} carries our trigger")
        elif state == "absent" and await _missing(connection, f"public.{table}"):
            yield Finding("note", "detection", f"{table}: {detail}")
        else:
            yield Finding(
                "wrong", "detection", f"no trigger on {table} ({detail or state}): only the slower sweep sees it",
                f"As the owner of public.{table}: grant trigger on public.{table} to {connection.info.user};"
                " then run `meshhook-alerts migrate`.",
            )  # fmt: skip


async def _secrecy(connection: AsyncConnection[TupleRow]) -> AsyncIterator[Finding]:
    cursor = await connection.execute(
        "select rolname from pg_roles where rolname in ('anon', 'authenticated', 'service_role')"
        " and has_column_privilege(rolname, 'public.alert_channels', 'secrets', 'select')"
    )
    leaks = [row[0] for row in await cursor.fetchall()]
    if leaks:
        yield Finding(
            "wrong", "secrets", f"{', '.join(leaks)} may read alert_channels.secrets",
            "revoke select on public.alert_channels from these roles, then run `meshhook-alerts migrate`.",
        )  # fmt: skip
    else:
        yield Finding("ok", "secrets", "no user's role may read channel secrets")


async def _workers(connection: AsyncConnection[TupleRow]) -> AsyncIterator[Finding]:
    cursor = await connection.execute(
        "select count(*) from public.alert_health where part like 'worker:%'"
        " and state = 'working' and updated_at > now() - interval '30 seconds'"
    )
    row = await cursor.fetchone()
    alive = row[0] if row else 0
    if alive:
        yield Finding("ok", "workers", f"{alive} at work")
    else:
        yield Finding(
            "note", "workers", "none at work: failures are recorded, nobody is told",
            "Start `meshhook-alerts serve` or `meshhook-alerts worker`.",
        )  # fmt: skip


async def _backlog(connection: AsyncConnection[TupleRow]) -> AsyncIterator[Finding]:
    cursor = await connection.execute(
        "select count(*), extract(epoch from now() - min(noticed_at))::int from meshhook_alerts.signals"
    )
    row = await cursor.fetchone()
    waiting, age = row if row else (0, 0)
    if waiting and age > 60:
        yield Finding(
            "wrong", "backlog", f"{waiting} signals undecided, the oldest for {age} s",
            "Are workers running? See their logs.",
        )  # fmt: skip
    else:
        yield Finding("ok", "backlog", f"{waiting} signals waiting")


async def _missing(connection: AsyncConnection[TupleRow], name: str) -> bool:
    return not await _flag(connection, f"to_regclass('{name}') is not null")


async def _flag(connection: AsyncConnection[TupleRow], expression: str) -> bool:
    cursor = await connection.execute(
        psycopg.sql.SQL("select {}").format(psycopg.sql.SQL(expression))
    )
    row = await cursor.fetchone()
    return bool(row and row[0])
