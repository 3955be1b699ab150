"""What every benchmark is given: one server, databases on it, and a place to say how far it is."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import psycopg
from psycopg import sql
from psycopg.rows import TupleRow

from meshhook_alerts.adapters.embedded_postgres import EmbeddedPostgres
from meshhook_alerts.adapters.postgres.migrations import migrate
from meshhook_alerts.demo.meshhook import SAMPLE_WORKFLOWS, SampleEngine, install_meshhook, shared

# A server of ordinary size instead of the embedded one's smallest; durability as shipped (all on).
_CONF = {"shared_buffers": "256MB", "max_wal_size": "4GB", "checkpoint_timeout": "30min"}

Connection = psycopg.AsyncConnection[TupleRow]


@dataclass(frozen=True, slots=True)
class Project:
    """A seeded project and one of its published workflows."""

    id: UUID
    workflow_id: UUID


@dataclass(frozen=True, slots=True)
class Bench:
    """The server, and whether the run should be short."""

    server: str
    quick: bool

    def url(self, name: str) -> str:
        """The address of a database."""
        return urlsplit(self.server)._replace(path=f"/{name}").geturl()

    def say(self, text: str) -> None:
        """Shows what is being done, on one line that is written over."""
        ending = "\r" if sys.stderr.isatty() else "\n"
        print(
            f"\x1b[K{text}" if sys.stderr.isatty() else text,
            end=ending,
            file=sys.stderr,
            flush=True,
        )

    async def place(self) -> str:
        """What is measured on, in one line."""
        async with await connect(self.server) as connection:
            cursor = await connection.execute(
                "select current_setting('server_version'), current_setting('fsync'),"
                " current_setting('synchronous_commit')"
            )
            version, fsync, commit = (await cursor.fetchall())[0]
        return (
            f"Python {platform.python_version()}, PostgreSQL {version}, fsync {fsync}, "
            f"synchronous_commit {commit}, {os.cpu_count()} cores"
        )

    async def database(self, name: str, *, ours: bool = True) -> str:
        """A fresh database with MeshHook's tables and, unless told otherwise, ours."""
        async with await connect(self.server) as connection:
            place = sql.Identifier(name)
            await connection.execute(
                sql.SQL("drop database if exists {} with (force)").format(place)
            )
            await connection.execute(sql.SQL("create database {} template template0").format(place))
        async with await connect(self.url(name)) as connection:
            await install_meshhook(connection)
            if ours:
                await migrate(connection)
        return self.url(name)


async def connect(url: str) -> Connection:
    """A connection that commits each statement."""
    return await psycopg.AsyncConnection.connect(url, autocommit=True)


async def seed(connection: Connection) -> Project:
    """The sample workflows in a project of their own."""
    engine = SampleEngine(shared(connection), time_scale=0)
    seeded = await engine.seed("Benchmark", uuid4(), SAMPLE_WORKFLOWS)
    return Project(seeded.id, seeded.workflow_ids["order-intake"])


@contextmanager
def open_bench(*, quick: bool) -> Iterator[Bench]:
    """A durable server of its own, removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="meshhook-alerts-bench-"))
    folder.chmod(0o711)  # the server's own account has to get through
    try:
        with EmbeddedPostgres(folder, durable=True, conf=_CONF) as server:
            yield Bench(server.url, quick)
    finally:
        shutil.rmtree(folder)
