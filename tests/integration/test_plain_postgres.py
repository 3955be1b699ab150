"""A Postgres that is not Supabase's: without its roles, and without rights to spare."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from pgmq import get_embedded_install_sql

from meshhook_alerts.adapters.embedded_postgres import EmbeddedPostgres
from meshhook_alerts.adapters.embedded_postgres.cluster import Setting
from meshhook_alerts.adapters.postgres.migrations import MigrationError
from tests.databases import Role, connect, create_role, drop_role, execute, rows
from tests.installing import MIGRATIONS, migrated, uninstalled

pytestmark = pytest.mark.postgres

ROLES = ["anon", "authenticated", "service_role"]
NAMES = "select rolname from pg_roles where rolname in ('anon', 'authenticated', 'service_role') order by 1"
OPERATOR = Role("operator", "secret")


@pytest.fixture(scope="module")
def extensions() -> Iterator[Path]:
    """Where the server looks for extensions beside its own."""
    with tempfile.TemporaryDirectory(prefix="meshhook-alerts-test-") as folder:
        Path(folder).chmod(0o755)
        (Path(folder) / "extension").mkdir(mode=0o755)
        yield Path(folder) / "extension"


@pytest.fixture(scope="module")
def server(extensions: Path) -> Iterator[str]:
    """A server of one's own: roles belong to a whole server."""
    with tempfile.TemporaryDirectory(prefix="meshhook-alerts-test-") as folder:
        Path(folder).chmod(0o711)
        path = f"$system:{extensions.parent}"
        conf: dict[str, Setting] = {"extension_control_path": path, "max_notify_queue_pages": 64}
        with EmbeddedPostgres(Path(folder), durable=False, conf=conf) as started:
            yield started.url


def on(server: str, database: str) -> str:
    return urlsplit(server)._replace(path=f"/{database}").geturl()


@pytest.fixture
async def databases(server: str) -> AsyncIterator[list[str]]:
    """Three empty databases of a server that knows none of Supabase's roles."""
    made = ["first", "second", "third"]
    create_role(server, OPERATOR)
    await execute(server, *(f"create database {each} owner operator" for each in made))
    yield [on(server, each) for each in made]
    await execute(server, *(f"drop database {each} with (force)" for each in made))
    await execute(server, *(f"drop role if exists {each}" for each in [*ROLES, "authenticator"]))
    drop_role(server, OPERATOR)


async def test_the_missing_roles_are_made_and_taken_away_again(databases: list[str]) -> None:
    url = databases[0]
    await migrated(url)
    assert await rows(url, NAMES) == ROLES
    assert not any(
        await rows(url, f"select rolcanlogin from pg_roles where rolname = any(array{ROLES})")
    )
    said = await uninstalled(url)
    assert said == ["removed pgmq", *(f"removed role {role}" for role in ROLES)]
    assert await rows(url, NAMES) == []


async def test_databases_of_one_server_may_migrate_at_once(databases: list[str]) -> None:
    await asyncio.gather(*(migrated(url) for url in databases))
    assert await rows(databases[0], NAMES) == ROLES
    made = [
        await rows(url, "select name from meshhook_alerts.installed where kind = 'role'")
        for url in databases
    ]
    assert sorted(name for names in made for name in names) == ROLES


async def test_a_role_that_may_make_roles_needs_nobody(databases: list[str], server: str) -> None:
    await execute(server, "alter role operator createrole")
    await migrated(OPERATOR.url(databases[0]))
    async with await connect(OPERATOR.url(databases[0])) as connection:
        for role in ROLES:
            await connection.execute(f"set role {role}".encode())
            await connection.execute("reset role")


async def test_a_role_that_may_not_make_roles_is_told_what_an_administrator_must_run(
    databases: list[str], server: str
) -> None:
    url = OPERATOR.url(databases[0])
    with pytest.raises(MigrationError, match="operator may not create them") as stopped:
        await migrated(url)
    assert await rows(url, "select to_regclass('public.alerts')") == [None]
    await execute(server, str(stopped.value).split("Let an administrator run: ")[1])
    await migrated(url)
    assert await rows(url, "select count(*) from meshhook_alerts.migrations") == [MIGRATIONS]


@pytest.mark.parametrize(
    "use",
    [
        "grant usage on schema public to authenticated",
        "create role authenticator; grant authenticated to authenticator",
        "alter role authenticated login",
    ],
)
async def test_roles_that_others_use_stay(databases: list[str], use: str) -> None:
    await migrated(databases[0])
    await execute(databases[1], use)
    assert "kept role authenticated: something else uses it" in await uninstalled(databases[0])
    assert await rows(databases[0], NAMES) == ["authenticated"]


@pytest.fixture
def pgmq_extension(extensions: Path) -> Iterator[None]:
    """pgmq as an extension, as Supabase offers it."""
    control = extensions / "pgmq.control"
    script = extensions / "pgmq--1.0.sql"
    control.write_text("default_version = '1.0'\nschema = 'pgmq'\nsuperuser = true\n")
    script.write_text(get_embedded_install_sql())
    for file in (control, script):
        file.chmod(0o644)
    yield
    control.unlink()
    script.unlink()


@pytest.mark.usefixtures("pgmq_extension")
async def test_where_the_server_offers_pgmq_it_comes_as_an_extension(databases: list[str]) -> None:
    url = databases[0]
    known = "select extname::text from pg_extension where extname = 'pgmq'"
    await migrated(url)
    assert await rows(url, known) == ["pgmq"]
    assert "removed pgmq" in await uninstalled(url)
    assert await rows(url, known) == []


@pytest.mark.usefixtures("pgmq_extension")
async def test_an_extension_that_only_an_administrator_may_create_is_asked_for(
    databases: list[str], server: str
) -> None:
    url = databases[0]
    await execute(server, "alter role operator createrole")
    with pytest.raises(MigrationError, match="create extension pgmq") as stopped:
        await migrated(OPERATOR.url(url))
    await execute(url, str(stopped.value).split("Let an administrator run: ")[1])
    await migrated(OPERATOR.url(url))
    assert await rows(url, "select queue_name from pgmq.meta") == ["meshhook_alerts"]


async def test_a_full_notify_queue_fails_none_of_meshhooks_commits(databases: list[str]) -> None:
    url = databases[0]
    await execute(
        url,
        "create table workflow_runs (id uuid, project_id uuid, workflow_id uuid,"
        " started_at timestamptz, status text)",
        "create table workflow_events (id int, run_id uuid, ts timestamptz, type text, payload jsonb)",
    )
    await migrated(url)
    async with await connect(url) as sleeper:
        await sleeper.execute("listen others")
        await sleeper.execute("begin")  # as long as it lasts, the server can forget no notify
        notify = "select pg_notify('others', i || repeat('x', 7900)) from generate_series(1, 20) i"
        with pytest.raises(psycopg.errors.ProgramLimitExceeded, match="NOTIFY queue"):
            await execute(url, *[notify] * 100)
        await execute(
            url,
            "insert into workflow_events values (1, gen_random_uuid(), now(), 'step_failed', '{}')",
        )
    assert await rows(url, "select observed from meshhook_alerts.signals") == ["step_failed"]
