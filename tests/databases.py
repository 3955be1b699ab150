"""Looking at and into databases, for tests that are about the database itself."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import TupleRow

_TOKEN = re.compile(
    r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|\"[^\"]*\"|(?P<dollar>\$\w*\$).*?(?P=dollar)|(?P<end>;)",
    re.S,
)

_OBJECTS = """
with ours as (
  select oid, nspname from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema'
)
select 'schema', nspname::text from ours
union all
select 'relation ' || relkind::text, format('%s.%s', nspname, relname)
from pg_class join ours on ours.oid = relnamespace
union all
select 'function', format('%s.%s', nspname, proname) from pg_proc join ours on ours.oid = pronamespace
union all
select 'type', format('%s.%s', nspname, typname) from pg_type join ours on ours.oid = typnamespace
union all
select 'trigger', format('%s on %s', tgname, tgrelid::regclass) from pg_trigger where not tgisinternal
union all
select 'policy', format('%s on %s', polname, polrelid::regclass) from pg_policy
union all
select 'constraint', format('%s on %s', conname, conrelid::regclass) from pg_constraint
join ours on ours.oid = connamespace
union all
select 'default rights', format('%s %s', defaclobjtype, defaclacl) from pg_default_acl
union all
select 'published', format('%s.%s', schemaname, tablename) from pg_publication_tables
union all
select 'extension', extname::text from pg_extension
"""


async def connect(url: str) -> AsyncConnection[TupleRow]:
    """A connection on which each statement commits by itself."""
    return await AsyncConnection.connect(url, autocommit=True)


async def rows(url: str, query: str, *arguments: object) -> list[Any]:
    """What a query gives; of rows with one column, the bare values."""
    async with await connect(url) as connection:
        cursor = await connection.execute(query.encode(), arguments or None)
        found = await cursor.fetchall() if cursor.description else []
    return [row[0] if len(row) == 1 else row for row in found]


async def execute(url: str, *statements: str) -> None:
    """Statements, each committed."""
    async with await connect(url) as connection:
        for statement in statements:
            await connection.execute(statement.encode())


@asynccontextmanager
async def as_role(
    url: str, role: str, claims: str | None
) -> AsyncIterator[AsyncConnection[TupleRow]]:
    """A transaction in a role with its claims, as PostgREST makes one; undone at the end."""
    async with await AsyncConnection.connect(url) as connection:
        if claims is not None:
            await connection.execute("select set_config('request.jwt.claims', %s, true)", (claims,))
        await connection.execute(f"set local role {role}".encode())
        yield connection
        await connection.rollback()


async def objects(url: str) -> set[tuple[str, str]]:
    """Everything in a database that somebody has made, but for rows."""
    found = set(await rows(url, _OBJECTS))
    if await rows(url, "select 1 where to_regclass('pgmq.meta') is not null"):
        found |= {("queue", name) for name in await rows(url, "select queue_name from pgmq.meta")}
    return found


def statements(text: str) -> list[str]:
    """A file cut at its semicolons, but not those in quotes, bodies and comments."""
    ends = [found.end() for found in _TOKEN.finditer(text) if found["end"]]
    parts = [text[begin:end].strip() for begin, end in zip([0, *ends], ends, strict=False)]
    return [part for part in parts if part.strip("; \n")]


@dataclass(frozen=True, slots=True)
class Role:
    """Somebody who may sign in."""

    name: str
    password: str

    def url(self, url: str) -> str:
        """``url`` with this one signing in."""
        parts = urlsplit(url)
        place = f"{self.name}:{quote(self.password)}@{parts.netloc.rpartition('@')[2]}"
        return parts._replace(netloc=place).geturl()


def create_role(server: str, role: Role, options: str = "") -> None:
    """Makes the role in the server of that address."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(
            f"create role {role.name} login password '{role.password}' {options}".encode()
        )


def drop_role(server: str, role: Role) -> None:
    """Takes it away; its databases must be gone."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"drop role if exists {role.name}".encode())
