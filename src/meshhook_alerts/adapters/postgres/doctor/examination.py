"""The whole examination, the most fundamental things first."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial

import psycopg
from psycopg import AsyncConnection

from meshhook_alerts.adapters.postgres.doctor import meshhook, ours
from meshhook_alerts.adapters.postgres.doctor.finding import Check, Connection, Finding, missing
from meshhook_alerts.adapters.postgres.sessions import pin

_ALWAYS: tuple[tuple[str, Check], ...] = (
    ("server", ours.server),
    ("database", ours.encoding),
    ("MeshHook", meshhook.tables),
    ("MeshHook", meshhook.row_security),
    ("our tables", ours.migrations),
    ("queue", ours.queue),
    ("roles", ours.roles),
)
_WHEN_INSTALLED: tuple[tuple[str, Check], ...] = (
    ("detection", meshhook.triggers),
    ("detection", meshhook.rules),
    ("detection", meshhook.sweeps),
    ("secrets", ours.secrecy),
    ("workers", ours.workers),
    ("backlog", ours.backlog),
    ("deliveries", ours.deliveries),
)


async def examine(
    conninfo: str,
    operator_email: str | None = None,
    *,
    pooled: bool = False,
    key_ids: frozenset[str] | None = None,
    kinds: frozenset[str] = frozenset(),
) -> AsyncIterator[Finding]:
    """Looks at a database; stops where nothing more can be seen. ``operator_email``: the address that
    workers are told to set up. ``pooled``: the session is others', too, and stays as it is.
    ``key_ids``: names of the keys at hand. ``kinds``: those of channels that are installed here."""
    try:
        connection = await AsyncConnection.connect(conninfo, autocommit=True)
        if not pooled:
            await pin(connection)
    except psycopg.Error as problem:
        yield _unreachable(problem)
        return
    async with connection:
        for subject, check in _ALWAYS:
            async for finding in _guarded(connection, subject, check):
                yield finding
        if not await _installed(connection):
            return
        for subject, check in _WHEN_INSTALLED:
            async for finding in _guarded(connection, subject, check):
                yield finding
        async for finding in _guarded(connection, "channels", partial(ours.kinds, kinds)):
            yield finding
        async for finding in _guarded(connection, "keys", partial(ours.keys, key_ids)):
            yield finding
        async for finding in _guarded(
            connection, "operator", partial(ours.operator, operator_email)
        ):
            yield finding


async def _guarded(connection: Connection, subject: str, check: Check) -> AsyncIterator[Finding]:
    """What cannot be looked at is a finding too, and the rest goes on."""
    try:
        async for finding in check(connection):
            yield finding
    except psycopg.errors.InsufficientPrivilege as problem:
        yield Finding(
            "wrong", subject, _first_line(problem),
            "Use the role that runs `meshhook-alerts migrate`, or grant it what is missing.",
        )  # fmt: skip
    except psycopg.Error as problem:
        yield Finding("wrong", subject, f"could not be looked at: {_first_line(problem)}")


async def _installed(connection: Connection) -> bool:
    try:
        return not await missing(connection, "meshhook_alerts.attachments")
    except psycopg.Error:
        return False


_MENDS = {
    "password authentication failed": "The user or the password in DATABASE_URL is wrong.",
    "no password supplied": "DATABASE_URL lacks the password: postgresql://user:password@host:5432/database",
    "Connection refused": "Nothing listens there: is Postgres up, and are host and port in DATABASE_URL right?",
    "could not translate host name": "The host in DATABASE_URL is not known; a password with @ or / in it must be percent-encoded.",
    "failed to resolve host": "The host in DATABASE_URL is not known; a password with @ or / in it must be percent-encoded.",
    "timeout": "Nothing answers there: are host and port in DATABASE_URL right, and does a firewall stand in between?",
    "starting up": "Postgres is just starting: wait a moment.",
    "does not exist": "Name MeshHook's own database and user in DATABASE_URL (Supabase: the database postgres).",
}


def _unreachable(problem: psycopg.Error) -> Finding:
    said = _first_line(problem)
    otherwise = "Check DATABASE_URL: host, port, user, password and database name."
    mend = next((mend for mark, mend in _MENDS.items() if mark in said), otherwise)
    return Finding("wrong", "database", said, mend)


def _first_line(problem: psycopg.Error) -> str:
    return (str(problem).strip().splitlines() or [type(problem).__name__])[0]
