"""What every suite shares: one Postgres for the session and a fresh database for each test.

Set TEST_DATABASE_URL to use a Postgres of your own (its user must be allowed to create
databases); otherwise an embedded one is started and removed again.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql

from meshhook_alerts.adapters.embedded_postgres import (
    EmbeddedPostgres,
    EmbeddedPostgresError,
    status,
    stop,
)
from tests.line import Receiver, World, a_receiver, build_line, open_world
from tests.owed import mark_owed


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests whose proof is still owed must fail."""
    mark_owed(items)


Builder = Callable[[str], Awaitable[None]]
EMPTY = "template0"


SESSION = "meshhook-alerts-session-"


@contextmanager
def _open_folder(prefix: str = "meshhook-alerts-test-") -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A temporary folder that an embedded Postgres started by root can reach; tmp_path is not."""
    with _open_folder() as folder:
        yield folder


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of the session's Postgres. Leave its own database alone."""
    if url := os.environ.get("TEST_DATABASE_URL"):
        _make_roles(url)
        yield url
        return
    _sweep_up()
    with _open_folder(SESSION) as folder, EmbeddedPostgres(folder, durable=False) as server:
        _make_roles(server.url)
        yield server.url


def _make_roles(url: str) -> None:
    """Supabase's, which belong to the whole server: whichever test comes first finds what the others do."""
    with psycopg.connect(url, autocommit=True) as connection:
        for role in ("anon", "authenticated", "service_role"):
            connection.execute(
                f"do $$ begin create role {role} nologin;"
                " exception when duplicate_object then null; end $$".encode()
            )


def _sweep_up() -> None:
    """Stop the servers of earlier sessions that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{SESSION}*"):
        with suppress(EmbeddedPostgresError):
            found = status(folder)
            if found.state == "running" and not found.in_use:
                stop(folder, "immediate")
                shutil.rmtree(folder, ignore_errors=True)


class _Databases:
    """Creates and drops databases under names that no other test run uses."""

    def __init__(self, server: str) -> None:
        self._server = server
        self._prefix = f"test_{os.getpid()}_{secrets.token_hex(3)}"
        self._numbers = itertools.count(1)

    def create(self, template: str) -> str:
        name = f"{self._prefix}_{next(self._numbers)}"
        self._execute("create database {} template {}", name, template)
        return name

    def drop(self, name: str) -> None:
        self._execute("drop database if exists {} with (force)", name)

    def url(self, name: str) -> str:
        return urlsplit(self._server)._replace(path=f"/{name}").geturl()

    def _execute(self, statement: str, *names: str) -> None:
        with psycopg.connect(self._server, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


@pytest.fixture(scope="session")
def _databases(postgres_server: str) -> _Databases:
    return _Databases(postgres_server)


@pytest.fixture(scope="session")
def template_factory(_databases: _Databases) -> Iterator[Callable[[str, Builder], str]]:
    """`template_factory(name, builder)` builds a template database once per session.

    `builder` is awaited with the address of an empty database and must close its connections.
    The answer is what `new_database` takes; a second call with the same name builds nothing.
    """
    built: dict[str, str] = {}

    def template(name: str, builder: Builder) -> str:
        if name not in built:
            built[name] = _build(_databases, builder)
        return built[name]

    yield template
    for database in built.values():
        _databases.drop(database)


def _build(databases: _Databases, builder: Builder) -> str:
    async def build(url: str) -> None:
        await builder(url)

    database = databases.create(EMPTY)
    try:
        with ThreadPoolExecutor(1) as thread:  # the caller may be inside an event loop
            thread.submit(asyncio.run, build(databases.url(database))).result()
    except BaseException:
        databases.drop(database)
        raise
    return database


@pytest.fixture
def new_database(_databases: _Databases) -> Iterator[Callable[[str], str]]:
    """`new_database(template)` gives the address of a fresh copy, dropped after the test."""
    made: list[str] = []

    def new(template: str) -> str:
        made.append(_databases.create(template))
        return _databases.url(made[-1])

    yield new
    for database in made:
        _databases.drop(database)


@pytest.fixture
def database_url(new_database: Callable[[str], str]) -> str:
    """The address of a fresh, empty database."""
    return new_database(EMPTY)


@pytest.fixture
def line_url(
    template_factory: Callable[[str, Builder], str], new_database: Callable[[str], str]
) -> str:
    """The address of a fresh MeshHook database with our migrations applied."""
    return new_database(template_factory("line", build_line))


@pytest.fixture
def second_url(
    template_factory: Callable[[str, Builder], str], new_database: Callable[[str], str]
) -> str:
    """The address of another one."""
    return new_database(template_factory("line", build_line))


@pytest.fixture
async def world(line_url: str) -> World:
    """A project in it."""
    return await open_world(line_url)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """A webhook receiver."""
    async with a_receiver() as made:
        yield made
