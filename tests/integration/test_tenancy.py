"""One tenant never sees or changes what is another's, in any table there is or will be."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.conftest import Builder, _Databases
from tests.databases import as_role, execute, rows
from tests.line import World, build_line, open_world

pytestmark = pytest.mark.postgres

READ = frozenset({"select"})


@dataclass(frozen=True)
class Table:
    """A table's sample row as SQL values, and what each may do with rows of the own project."""

    values: str
    owner: frozenset[str] = READ
    service: frozenset[str] = READ
    column: str = "project_id"
    """One that may be read, and written if any may."""


# A new table must be entered here, with what people may do to it.
TABLES = {
    "alert_settings": Table("gen_random_uuid(), {p}, null, 1, '{{}}', now(), null"),
    "alert_settings_versions": Table("default, {p}, 'x', 1, '{{}}', now(), null"),
    "alert_channels": Table(
        "gen_random_uuid(), {p}, 'c', 'webhook', '{{}}', 'sealed', '{{}}', true, 1, now(), now()", column="kind"),
    "alert_silences": Table("gen_random_uuid(), {p}, '{{}}', now(), now() + interval '1 h', 'r', now(), null"),
    "alerts": Table(
        "gen_random_uuid(), {p}, 'w', 'f', 1, 'firing', 'error', 'k', 'terminal', 'n', 'e', 'unknown', '{{}}',"
        " now(), now(), 1, '{{}}', null, now()"),
    "alert_folds": Table(
        "gen_random_uuid(), {p}, gen_random_uuid(), 'k', 'terminal', 'error', 'w', 1, 'n', 't', 500, 'unknown',"
        " 'e', 's', '{{}}', null, 1, now(), now(), now()"),
    "alert_failures": Table("{p}, 'event:1', now(), gen_random_uuid(), null, now()"),
    "alert_logs": Table(
        "default, {p}, now(), null, gen_random_uuid(), 'told', 'first_failure', 1, 'error', null, null, null,"
        " null, null, null, 0, now()"),
    "alert_notifications": Table(
        "gen_random_uuid(), {p}, gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'first_failure', 'error',"
        " '{{}}', 1, 'pending', 0, null, now(), now(), null, null"),
    "alert_attempts": Table("gen_random_uuid(), 1, {p}, now(), now(), 'delivered', 'ok', 'w'"),
    "alert_acts": Table(
        "gen_random_uuid(), {p}, gen_random_uuid(), 'resolve', now(), null, 'ana', 'api', null, null, false, null,"
        " null, 'done', now()"),
    "alert_baseline": Table("{p}, 'orders', 'stalled', 3, '{{}}', now()"),
    "alert_health": Table("gen_random_uuid(), 'working', '{{}}', now()", frozenset(), READ, "state"),
}  # fmt: skip
INSERTS = {  # what a caller may name when inserting; the rest is not the caller's to say
    "alert_settings": "insert into public.alert_settings (project_id, workflow, document) values ({p}, 'other', '{{}}')",
    "alert_channels": "insert into public.alert_channels (project_id, name, kind, config) values ({p}, 'other', 'email', '{{}}')",
}


VERSIONS = "alert_settings_versions"  # its row comes with that of the settings


def _insert(name: str, project: UUID) -> str:
    return f"insert into public.{name} values ({TABLES[name].values.format(p=repr(str(project)))})"


@pytest.fixture(scope="module")
def url(_databases: _Databases, template_factory: Callable[[str, Builder], str]) -> Iterator[str]:
    """One database for all: everything is undone again."""
    name = _databases.create(template_factory("line", build_line))
    yield _databases.url(name)
    _databases.drop(name)


@pytest.fixture
async def world(url: str) -> World:
    """A project with one row in every table."""
    world = await open_world(url)
    await execute(url, *(_insert(name, world.project_id) for name in TABLES if name != VERSIONS))
    return world


async def attempt(url: str, role: str, user: UUID | None, statement: str) -> int | None:
    """How many rows a statement reaches; None if it is refused."""
    claims = json.dumps({"sub": str(user), "role": role}) if user else ""
    async with as_role(url, role, claims) as connection:
        try:
            cursor = await connection.execute(statement.encode())
        except psycopg.errors.InsufficientPrivilege:
            return None
        return cursor.rowcount


def statements(name: str, project: UUID) -> dict[str, str]:
    """One of each verb, on the rows of a project."""
    table = TABLES[name]
    where = "" if name == "alert_health" else f" where project_id = '{project}'"
    own = INSERTS.get(name)
    return {
        "select": f"select {table.column} from public.{name}{where}",
        "insert": own.format(p=f"'{project}'") if own else _insert(name, project),
        "update": f"update public.{name} set {table.column} = {table.column}{where}",
        "delete": f"delete from public.{name}{where}",
    }


async def test_every_table_of_ours_is_known_here_and_protected(url: str) -> None:
    found = await rows(
        url,
        "select relname::text, relrowsecurity from pg_class where relnamespace = 'public'::regnamespace"
        " and relkind in ('r', 'p', 'v', 'm', 'f') and relname like 'alert%'",
    )
    assert dict(found) == dict.fromkeys(TABLES, True)


@pytest.mark.parametrize("name", TABLES)
async def test_an_owner_may_do_what_is_said_here_and_nothing_else(world: World, name: str) -> None:
    for verb, statement in statements(name, world.project_id).items():
        reached = await attempt(world.url, "authenticated", world.owner, statement)
        if verb in TABLES[name].owner:
            assert reached == 1, f"{verb}: {reached}"
        else:
            assert not reached, f"{verb}: {reached}"


@pytest.mark.parametrize("name", TABLES)
async def test_the_service_may_do_what_is_said_here_and_nothing_else(
    world: World, name: str
) -> None:
    for verb, statement in statements(name, world.project_id).items():
        reached = await attempt(world.url, "service_role", None, statement)
        assert bool(reached) == (verb in TABLES[name].service), f"{verb}: {reached}"


@pytest.mark.parametrize("name", TABLES)
async def test_a_stranger_reaches_nothing(world: World, name: str) -> None:
    other = await open_world(world.url)
    for who in (other.owner, uuid4(), None):
        for verb, statement in statements(name, world.project_id).items():
            assert not await attempt(world.url, "authenticated", who, statement), verb
        everything = f"select {TABLES[name].column} from public.{name}"
        assert not await attempt(world.url, "authenticated", who, everything)


@pytest.mark.parametrize("name", TABLES)
async def test_anon_is_refused_whoever_it_says_it_is(world: World, name: str) -> None:
    for who in (None, world.owner):
        for verb, statement in statements(name, world.project_id).items():
            assert await attempt(world.url, "anon", who, statement) is None, verb


SECRETS = [
    "select secrets from public.alert_channels",
    "select * from public.alert_channels",
    "select alert_channels from public.alert_channels",
    "select 1 from public.alert_channels where secrets is not null",
    "select 1 from public.alert_channels order by secrets",
    "update public.alert_channels set secrets = null",
    "update public.alert_channels set config = to_jsonb(encode(secrets, 'hex'))",
    "update public.alert_channels set kind = 'x' returning secrets",
    "insert into public.alert_channels (project_id, name, kind, secrets) values (gen_random_uuid(), 'x', 'x', 'x')",
    "insert into public.alert_channels (id, project_id, name, kind) values (gen_random_uuid(), gen_random_uuid(), 'x', 'x')",
]


@pytest.mark.parametrize("statement", SECRETS)
@pytest.mark.parametrize("role", ["anon", "authenticated", "service_role"])
async def test_channel_secrets_can_neither_be_read_nor_written(
    world: World, role: str, statement: str
) -> None:
    assert await attempt(world.url, role, world.owner, statement) is None


async def test_what_only_the_service_sees_is_closed_to_everybody(world: World) -> None:
    tables = await rows(
        world.url,
        "select format('%s.%I', relnamespace::regnamespace, relname) from pg_class"
        " where relnamespace in ('meshhook_alerts'::regnamespace, 'pgmq'::regnamespace) and relkind in ('r', 'p', 'v', 'S')",
    )
    assert {"meshhook_alerts.signals", "pgmq.q_meshhook_alerts"} <= set(tables)
    tables.remove("meshhook_alerts.channel_versions")  # for its project's members: the next test
    for table in tables:
        for role in ("anon", "authenticated", "service_role"):
            assert await attempt(world.url, role, world.owner, f"select from {table}") is None, (
                table
            )


async def test_only_what_policies_need_can_be_called(world: World) -> None:
    callable_ = await rows(
        world.url,
        "select proname::text, rolname::text from pg_proc, pg_roles"
        " where pronamespace = 'meshhook_alerts'::regnamespace and prorettype <> 'trigger'::regtype"
        " and rolname in ('anon', 'authenticated', 'service_role')"
        " and has_function_privilege(pg_roles.oid, pg_proc.oid, 'execute')",
    )
    assert set(callable_) == {
        (name, role)
        for name in ("caller", "my_projects")
        for role in ("authenticated", "service_role")
    } | {("sweep_states", "service_role")} | {
        ("sane", role) for role in ("anon", "authenticated", "service_role")
    }  # looks at nothing
    assert (
        await attempt(world.url, "authenticated", world.owner, "select meshhook_alerts.attach()")
        is None
    )


CLAIMS: dict[str, Any] = {
    "empty": "", "null": "null", "no subject": "{}", "subject empty": '{"sub": ""}', "subject null": '{"sub": null}',
}  # fmt: skip


@pytest.mark.parametrize("claims", CLAIMS)
async def test_claims_that_name_nobody_reach_nothing(world: World, claims: str) -> None:
    async with as_role(world.url, "authenticated", CLAIMS[claims]) as connection:
        cursor = await connection.execute("select from public.alerts")
        assert cursor.rowcount == 0


async def test_every_version_of_settings_is_kept_and_dated_by_the_database(world: World) -> None:
    async with as_role(world.url, "service_role", None) as connection:
        await connection.execute("reset role")
        await connection.execute(
            "update public.alert_settings set version = 99, document = '{\"enabled\": false}', updated_at = 'epoch'"
        )
        cursor = await connection.execute(
            "select version, document from public.alert_settings_versions order by id desc"
        )
        assert await cursor.fetchone() == (2, {"enabled": False})
        cursor = await connection.execute("select updated_at = now() from public.alert_settings")
        assert await cursor.fetchone() == (True,)


async def test_channels_of_before_are_for_their_projects_members(world: World) -> None:
    read = "select from meshhook_alerts.channel_versions"
    before = await attempt(world.url, "authenticated", world.owner, read)
    await world.execute(
        "insert into public.alert_channels (project_id, name, kind) values (%s, 'new', 'webhook')",
        world.project_id,
    )
    assert await attempt(world.url, "authenticated", world.owner, read) == (before or 0) + 1
    assert await attempt(world.url, "authenticated", uuid4(), read) == 0
    assert await attempt(world.url, "service_role", world.owner, read)
    assert await attempt(world.url, "anon", world.owner, read) is None
    write = "delete from meshhook_alerts.channel_versions"
    assert await attempt(world.url, "authenticated", world.owner, write) is None
