"""What doctor looks at in MeshHook's own tables."""

from __future__ import annotations

from collections.abc import AsyncIterator

from meshhook_alerts.adapters.postgres.doctor.finding import (
    Connection,
    Finding,
    ask,
    missing,
    names,
    quoted,
)

_NEEDED = ("projects", "workflow_definitions", "workflow_runs", "workflow_events")


async def tables(connection: Connection) -> AsyncIterator[Finding]:
    """Whether they are there and may be read."""
    absent = [name for name in _NEEDED if await missing(connection, f"public.{name}")]
    if absent:
        yield Finding(
            "wrong", "MeshHook", f"tables are missing: {names(absent)}",
            "Is this MeshHook's database? Run MeshHook's own migrations, then `meshhook-alerts migrate`.",
        )  # fmt: skip
        return
    readable = "select has_table_privilege(%s, 'select')"
    closed = [name for name in _NEEDED if not await ask(connection, readable, f"public.{name}")]
    if closed:
        yield Finding(
            "wrong", "MeshHook", f"our role may not read {names(closed)}",
            f"grant select on {_tables(closed)} to {_us(connection)};",
        )  # fmt: skip
    else:
        yield Finding("ok", "MeshHook", "its tables are there and readable")
    if await missing(connection, "public.job_tracking"):
        yield Finding(
            "note", "MeshHook", "no table job_tracking: dead-lettered jobs cannot be seen"
        )


_HIDDEN = """
select row_security_active(name::regclass) and not exists (
  select 1 from pg_policy
  where polrelid = name::regclass and polpermissive and polcmd in ('r', '*')
    and pg_get_expr(polqual, polrelid) = 'true'
    and (0 = any (polroles) or (select oid from pg_roles where rolname = current_user) = any (polroles))
) from (values (%s)) wanted (name)
"""


async def row_security(connection: Connection) -> AsyncIterator[Finding]:
    """Whether row-level security keeps rows from our role: it must see every project's."""
    hidden = [
        name
        for name in (*_NEEDED, "job_tracking")
        if not await missing(connection, f"public.{name}")
        and await ask(connection, _HIDDEN, f"public.{name}")
    ]
    if hidden:
        policy = "create policy meshhook_alerts_reads on public.{} for select to {} using (true)"
        yield Finding(
            "wrong", "MeshHook", f"row-level security hides rows of {names(hidden)} from our role",
            "; ".join(policy.format(name, _us(connection)) for name in hidden)
            + f"; (or, as a superuser: alter role {_us(connection)} bypassrls)",
        )  # fmt: skip


_TRIGGERS = """
select known.table_name, known.trigger_name, known.state, known.detail,
       live.oid is not null as there,
       live.tgenabled in ('D', 'R') or exists (
         select 1 from pg_trigger part where part.tgparentid = live.oid and part.tgenabled in ('D', 'R')
       ) as off
from meshhook_alerts.attachments known
left join pg_trigger live
  on live.tgname = known.trigger_name and live.tgparentid = 0
  and live.tgrelid = to_regclass('public.' || known.table_name)
order by 1
"""


async def triggers(connection: Connection) -> AsyncIterator[Finding]:
    """Whether they carry our triggers, and whether those are switched on."""
    cursor = await connection.execute(_TRIGGERS)
    for table, trigger, state, detail, there, off in await cursor.fetchall():
        if off:
            yield Finding(
                "wrong", "detection", f"the trigger on {table} is switched off",
                f"alter table public.{table} enable trigger {trigger};",
            )  # fmt: skip
        elif there:
            yield Finding("ok", "detection", f"{table} carries our trigger")
        elif await missing(connection, f"public.{table}"):
            yield Finding("note", "detection", f"{table}: table public.{table} does not exist")
        else:
            yield Finding(
                "wrong", "detection", f"no trigger on {table} ({detail or state}): only the slower sweep sees it",
                await _how_to_attach(connection, table, state),
            )  # fmt: skip


async def rules(connection: Connection) -> AsyncIterator[Finding]:
    """Which detection rules a worker found it cannot follow here, and why."""
    cursor = await connection.execute(
        "select substr(part, 6), detail ->> 'kind', detail ->> 'why' from public.alert_health"
        " where part like 'rule:%' and state = 'off' order by 1"
    )
    for rule, kind, why in await cursor.fetchall():
        yield Finding("note", "detection", f"rule {rule} ({kind}) is off: {why}")


async def sweeps(connection: Connection) -> AsyncIterator[Finding]:
    """Whether every search works, and when the slowest last did; and what was known at the beginning."""
    cursor = await connection.execute(
        "select name, failures, trouble, finished_at is null,"
        " extract(epoch from clock_timestamp() - finished_at)::int, took_ms"
        " from meshhook_alerts.sweeps order by name"
    )
    rows = await cursor.fetchall()
    for name, failures, trouble, *_ in rows:
        if failures:
            yield Finding(
                "wrong", "detection", f"sweep {name} has failed {failures} times: {trouble}"
            )
    looked = [row for row in rows if not row[3]]
    if looked:
        oldest = max(looked, key=lambda row: row[4])
        cost = sum(row[5] or 0 for row in looked)
        what = f"{len(looked)} sweeps have looked, the last one ({oldest[0]}) {oldest[4]} s ago; together they took {cost:.0f} ms"
        yield Finding("ok", "detection", what)
    unreadable = await ask(
        connection, "select count(*) from meshhook_alerts.run_watch where status = 'unreadable'"
    )
    if unreadable:
        example = await ask(
            connection,
            "select run_id from meshhook_alerts.run_watch where status = 'unreadable' limit 1",
        )
        what = f"{unreadable} runs cannot be read and are passed over, such as {example}"
        yield Finding("wrong", "detection", what, "See the worker's log for the reason of each.")
    runs, workflows = await _known(connection)
    if runs:
        what = f"{runs:,} runs in {workflows:,} workflows had failed or gone silent before we were attached; nobody was told"
        yield Finding("ok", "baseline", f"{what} (`meshhook-alerts tell-existing` tells)")


async def _known(connection: Connection) -> tuple[int, int]:
    cursor = await connection.execute(
        "select coalesce(sum(runs), 0)::bigint, count(distinct (project_id, workflow))"
        " from public.alert_baseline"
    )
    row = await cursor.fetchone()
    return (row[0], row[1]) if row else (0, 0)


async def _how_to_attach(connection: Connection, table: str, state: str) -> str:
    if state == "unfit":
        return "This MeshHook is newer or older than we know: look for a later MeshHook Alerts."
    if state != "denied":
        return "Run `meshhook-alerts migrate`."
    parts = await ask(
        connection,
        "select array_agg(relid::regclass::text) from pg_partition_tree(%s) where level > 0",
        f"public.{table}",
    )
    everything = names([f"public.{table}", *(parts or ())])
    return (
        f"As the owner of public.{table}: grant trigger on {everything} to {_us(connection)};"
        " then run `meshhook-alerts migrate`."
    )


def _tables(found: list[str]) -> str:
    return names([f"public.{name}" for name in found])


def _us(connection: Connection) -> str:
    return quoted(connection.info.user)
