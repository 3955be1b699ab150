"""Every right anybody has on an object of ours is stated here, and no other is there."""

from __future__ import annotations

import psycopg
import pytest

from tests.databases import as_role, rows
from tests.line import World, build_line

pytestmark = pytest.mark.postgres

READERS = {("authenticated", "SELECT"), ("service_role", "SELECT")}
USER_TABLES = {
    "alert_settings", "alert_settings_versions", "alert_silences", "alerts", "alert_folds",
    "alert_failures", "alert_logs", "alert_notifications", "alert_attempts", "alert_health",
    "alert_baseline", "alert_acts",
}  # fmt: skip
STATED = {("relation", f"public.{name}", *each) for name in USER_TABLES for each in READERS} | {
    *(("relation", "meshhook_alerts.channel_versions", *each) for each in READERS),
    ("schema", "meshhook_alerts", "authenticated", "USAGE"),
    ("schema", "meshhook_alerts", "service_role", "USAGE"),
    # pgmq's own grants; an entry of the queue holds an id and nothing else.
    ("relation", "pgmq.q_meshhook_alerts", "pg_monitor", "SELECT"),
    ("relation", "pgmq.a_meshhook_alerts", "pg_monitor", "SELECT"),
    ("relation", "pgmq.q_meshhook_alerts_msg_id_seq", "pg_monitor", "SELECT"),
}
COLUMNS = {
    ("public.alert_channels", column, role, "SELECT")
    for column in (
        "id", "project_id", "name", "kind", "config", "secret_names", "enabled", "limits", "version",
        "created_at", "updated_at",
    )
    for role in ("authenticated", "service_role")
}  # fmt: skip
FUNCTIONS = {
    ("caller", "authenticated"), ("caller", "service_role"), ("my_projects", "authenticated"),
    ("my_projects", "service_role"), ("sweep_states", "service_role"),
    # Whoever adds a partition to MeshHook's events, which copies our trigger, needs these.
    ("on_step_failed", "public"), ("on_run_failed", "public"), ("on_dead_letter", "public"),
    ("sane", "public"),  # a pure function of its argument; workers may run as roles of their own
}  # fmt: skip
"""Whoever is not us. Trigger functions can be called by nobody, and listen to MeshHook's tables only."""

_OURS = """
with ours as (
  select c.oid, c.relacl, c.relowner, c.relkind, n.nspname || '.' || c.relname as name
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where (n.nspname = 'meshhook_alerts' or (n.nspname = 'public' and c.relname ~ '^alert')
         or (n.nspname = 'pgmq' and c.relname ~ 'meshhook_alerts')) and c.relkind in ('r', 'p', 'v', 'm', 'S', 'f')
)
"""
_GRANTS = (
    _OURS
    + """
select 'relation', ours.name, coalesce(role.rolname, 'public'), acl.privilege_type
from ours, aclexplode(ours.relacl) acl left join pg_roles role on role.oid = acl.grantee
where acl.grantee <> ours.relowner
union all
select 'schema', n.nspname, coalesce(role.rolname, 'public'), acl.privilege_type
from pg_namespace n, aclexplode(n.nspacl) acl left join pg_roles role on role.oid = acl.grantee
where n.nspname = 'meshhook_alerts' and acl.grantee <> n.nspowner
"""
)
_COLUMNS = (
    _OURS
    + """
select ours.name, a.attname, coalesce(role.rolname, 'public'), acl.privilege_type
from ours join pg_attribute a on a.attrelid = ours.oid, aclexplode(a.attacl) acl
left join pg_roles role on role.oid = acl.grantee
"""
)
_FUNCTIONS = """
select p.proname, coalesce(role.rolname, 'public')
from pg_proc p join pg_namespace n on n.oid = p.pronamespace
cross join lateral aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) acl
left join pg_roles role on role.oid = acl.grantee
where n.nspname = 'meshhook_alerts' and acl.grantee <> p.proowner
"""
_LOOSE_FUNCTIONS = """
select p.proname from pg_proc p join pg_namespace n on n.oid = p.pronamespace
where n.nspname = 'meshhook_alerts' and p.prosqlbody is null and not coalesce(
  array_to_string(p.proconfig, ',') ~ 'search_path=""', false)
"""


@pytest.fixture(params=["plain", "supabase"])
async def url(request: pytest.FixtureRequest, new_database: object) -> str:
    """A database of ours; with or without Supabase's habit of granting all on what comes new."""
    made: str = new_database("template0")  # type: ignore[operator]
    if request.param == "supabase":
        async with await psycopg.AsyncConnection.connect(made, autocommit=True) as connection:
            for role in ("anon", "authenticated", "service_role"):
                await connection.execute(
                    f"do $$ begin create role {role} nologin; exception when duplicate_object then null; end $$".encode()
                )
            for what in ("tables", "sequences", "functions"):
                await connection.execute(
                    f"alter default privileges in schema public grant all on {what}"
                    " to anon, authenticated, service_role".encode()
                )
    await build_line(made)
    return made


async def test_nobody_has_a_right_that_is_not_stated(url: str) -> None:
    assert set(await rows(url, _GRANTS)) == STATED
    assert set(await rows(url, _COLUMNS)) == COLUMNS


async def test_nobody_may_call_what_is_not_stated(url: str) -> None:
    assert set(await rows(url, _FUNCTIONS)) <= FUNCTIONS


async def test_every_function_of_ours_has_an_empty_search_path(url: str) -> None:
    assert await rows(url, _LOOSE_FUNCTIONS) == []


@pytest.mark.parametrize("role", ["anon", "authenticated", "service_role"])
@pytest.mark.parametrize(
    "statement",
    [
        "select setval('meshhook_alerts.alert_logs_id', 1)",
        "select nextval('meshhook_alerts.alert_logs_id')",
        "select last_value from public.alert_settings_versions_id_seq",
        "select meshhook_alerts.attach()",
    ],
)
async def test_no_role_of_users_reaches_what_detection_rests_on(
    world: World, role: str, statement: str
) -> None:
    async with as_role(world.url, role, '{"sub": "x"}') as connection:
        *before, last = statement.split("; ")
        for each in before:
            await connection.execute(each.encode())
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await connection.execute(last.encode())


FORGED = {
    "workflow_runs": ("on_run_failed", "(id, project_id, status) values (gen_random_uuid(), {p}, 'failed')"),
    "workflow_events": ("on_step_failed", "(id, run_id, type, payload) values (1, {r}, 'step_failed', '{{}}')"),
    "job_tracking": ("on_dead_letter", "(run_id, msg_id, queue_name, attempt) values ({r}, 1, 'q', 3)"),
}  # fmt: skip


@pytest.mark.parametrize("schema", ["pg_temp", "public", "mine"])
@pytest.mark.parametrize("table", FORGED)
async def test_our_triggers_on_a_table_of_ones_own_forge_nothing(
    world: World, table: str, schema: str
) -> None:
    run_id = await world.start_run()
    await world.execute("create schema mine")
    await world.execute("grant create, usage on schema mine, public to authenticated")
    handler, values = FORGED[table]
    values = values.format(p=f"'{world.project_id}'", r=f"'{run_id}'")
    freed = ", ".join(f"alter {each} drop not null" for each in await _required(world, table))
    async with as_role(world.url, "authenticated", '{"sub": "x"}') as connection:
        for text in (
            f"create table {schema}.copy (like public.{table})",
            f"alter table {schema}.copy {freed}",
            f"create trigger t after insert on {schema}.copy for each row"
            f" execute function meshhook_alerts.{handler}()",
            f"insert into {schema}.copy {values}",
        ):
            await connection.execute(text.encode())
        await connection.execute("reset role")
        cursor = await connection.execute("select count(*) from meshhook_alerts.signals")
        assert await cursor.fetchone() == (0,)


async def _required(world: World, table: str) -> list[str]:
    found = await world.rows(
        "select attname from pg_attribute where attrelid = to_regclass('public.' || %s)"
        " and attnum > 0 and not attisdropped and attnotnull", table,
    )  # fmt: skip
    return [row["attname"] for row in found]


async def test_partitions_that_meshhook_adds_bear_the_trigger_all_the_same(world: World) -> None:
    """Its functions run as whoever calls them; that one need not be us."""
    await world.execute("create role cloner nologin")
    try:
        await world.execute("grant create on schema public to cloner")
        await world.execute("alter table public.workflow_events owner to cloner")
        async with as_role(world.url, "cloner", None) as connection:
            await connection.execute(
                "create table public.workflow_events_later partition of public.workflow_events"
                " for values from ('2100-01-01') to ('2100-02-01')"
            )
            cursor = await connection.execute(
                "select count(*) from pg_trigger where tgrelid = 'public.workflow_events_later'::regclass"
                " and tgname = 'meshhook_alerts_step_failed'"
            )
            assert await cursor.fetchone() == (1,)
    finally:
        await world.execute("alter table public.workflow_events owner to current_user")
        await world.execute("drop owned by cloner; drop role cloner")
