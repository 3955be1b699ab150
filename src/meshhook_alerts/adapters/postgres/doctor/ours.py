"""What doctor looks at in the server and in our own part of the database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection

from meshhook_alerts.adapters.postgres.doctor.finding import (
    Connection,
    Finding,
    ask,
    missing,
    names,
    quoted,
)
from meshhook_alerts.adapters.postgres.migrations import pending
from meshhook_alerts.adapters.postgres.queries import query
from meshhook_alerts.adapters.postgres.sessions import wrong_encoding
from meshhook_alerts.domain.identifiers import PLATFORM
from meshhook_alerts.domain.redaction import redact_name

_OPERATOR_EMAIL = "MESHHOOK_ALERTS_OPERATOR_EMAIL"
_AGAIN = "delete from meshhook_alerts.migrations; then run `meshhook-alerts migrate`."
_ROLES = ["anon", "authenticated", "service_role"]


async def server(connection: Connection) -> AsyncIterator[Finding]:
    """Its version."""
    version = connection.info.server_version
    name = f"PostgreSQL {version // 10000}.{version % 10000}"
    if version < 150000:
        yield Finding("wrong", "server", f"{name} is too old", "Use PostgreSQL 15 or later.")
    else:
        yield Finding("ok", "server", name)


async def encoding(connection: Connection) -> AsyncIterator[Finding]:
    """Whether it can keep every text."""
    found = connection.info.parameter_status("server_encoding") or "UTF8"
    if found == "UTF8":
        yield Finding("ok", "database", "encoded in UTF8")
    else:
        yield Finding("wrong", "database", wrong_encoding(found))


async def migrations(connection: Connection) -> AsyncIterator[Finding]:
    """Whether our files have been applied, and what they made is still there."""
    waiting = await pending(connection)
    if waiting and (taken := await _taken(connection)):
        yield Finding(
            "wrong", "our tables", f"what is not ours bears our names: {names(taken)}",
            "Rename it or move it to another schema, then run `meshhook-alerts migrate`.",
        )  # fmt: skip
        return
    if waiting:
        yield Finding(
            "wrong", "our tables", f"{len(waiting)} migration(s) not applied: {names(waiting)}",
            "Run `meshhook-alerts migrate`.",
        )  # fmt: skip
        return
    lost = [name for name in _TABLES if await missing(connection, name)]
    if lost:
        yield Finding(
            "wrong", "our tables", f"somebody removed {names(lost)}", _AGAIN,
        )  # fmt: skip
    else:
        yield Finding("ok", "our tables", "all migrations are applied")
        yield await _partitions(connection)


async def _partitions(connection: Connection) -> Finding:
    """Whether next month has its place in what grows; without, all goes into the default partition."""
    cursor = await connection.execute(
        "select count(*) from (values ('alert_failures'), ('alert_logs')) parent (name)"
        " where to_regclass(format('meshhook_alerts.%s_%s', parent.name,"
        " to_char(now() at time zone 'utc' + interval '1 month', 'YYYY_MM'))) is null"
    )
    (lacking,) = await cursor.fetchone() or (0,)
    if not lacking:
        return Finding("ok", "partitions", "made for the months to come")
    what = "next month has none yet; nothing is lost: its rows go into the default partition"
    mend = "Start a worker; or run `select meshhook_alerts.make_partitions()` and see what it says."
    return Finding("note", "partitions", what, mend)


async def _taken(connection: Connection) -> list[str]:
    """Tables of others under our names, where we have not been installed yet."""
    if not await missing(connection, "meshhook_alerts.migrations"):
        return []
    return [name for name in _TABLES if not await missing(connection, name)]


async def queue(connection: Connection) -> AsyncIterator[Finding]:
    """Whether notifications can be queued."""
    if await missing(connection, "pgmq.q_meshhook_alerts"):
        lost = not await pending(connection)
        mend = _AGAIN if lost else "Run `meshhook-alerts migrate`."
        yield Finding("wrong", "queue", "the delivery queue is missing (pgmq)", mend)
    else:
        yield Finding("ok", "queue", "pgmq is there, and so is our queue")


async def roles(connection: Connection) -> AsyncIterator[Finding]:
    """Whether the API can take on its callers' roles."""
    cursor = await connection.execute(
        "select wanted, role.oid is not null, pg_has_role(role.oid, 'member')"
        " from unnest(%s::text[]) wanted left join pg_roles role on role.rolname = wanted",
        (_ROLES,),
    )
    found = await cursor.fetchall()
    absent = [name for name, there, _ in found if not there]
    closed = [name for name, there, ours in found if there and not ours]
    us = quoted(connection.info.user)
    if absent:
        yield Finding(
            "wrong", "roles", f"missing: {names(absent)}", "Run `meshhook-alerts migrate`."
        )
    if closed:
        what = f"our role may not act as {names(closed)}, so the API cannot serve its callers"
        yield Finding("wrong", "roles", what, f"grant {names(closed)} to {us};")
    if not absent and not closed:
        yield Finding("ok", "roles", "the API can act as its callers")


async def secrecy(connection: Connection) -> AsyncIterator[Finding]:
    """Whether a user's role could read channel secrets."""
    cursor = await connection.execute(
        "select rolname from pg_roles where rolname = any (%s)"
        " and has_column_privilege(rolname, 'public.alert_channels', 'secrets', 'select')",
        (_ROLES,),
    )
    leaks = [row[0] for row in await cursor.fetchall()]
    if leaks:
        yield Finding(
            "wrong", "secrets", f"{names(leaks)} may read alert_channels.secrets",
            f"revoke select, select (secrets) on public.alert_channels from {names(leaks)};"  # noqa: S608
            f" {_AGAIN}",
        )  # fmt: skip
    else:
        yield Finding("ok", "secrets", "no user's role may read channel secrets")


async def workers(connection: Connection) -> AsyncIterator[Finding]:
    """Whether any is at work."""
    alive = await ask(
        connection,
        "select count(*) from public.alert_health where part like 'worker:%'"
        " and state = 'working' and updated_at > now() - interval '30 seconds'",
    )
    if alive:
        yield Finding("ok", "workers", f"{alive} at work")
    else:
        yield Finding(
            "wrong", "workers", "none at work: failures are recorded, nobody is told",
            "Start `meshhook-alerts serve` or `meshhook-alerts worker`.",
        )  # fmt: skip
    cursor = await connection.execute(
        "select part, detail ->> 'trouble' from public.alert_health where state = 'troubled' order by part"
    )
    for part, trouble in await cursor.fetchall():
        what, _, worker = part.partition(":")
        yield Finding(
            "wrong", "workers", f"{what} is in trouble at {worker}: {trouble}",
            "What it says is in its way: mend that; nothing is lost meanwhile.",
        )  # fmt: skip


async def deliveries(connection: Connection) -> AsyncIterator[Finding]:
    """Which channels take no messages, and what waits for them."""
    cursor = await connection.execute(query("health/failing_channels"))
    failing = await cursor.fetchall()
    for name, kind, project, since, tries, answer, waiting, lost in failing:
        yield Finding(
            "wrong", "deliveries",
            f"channel {redact_name(name)!r} ({kind}, {redact_name(project)}) takes no messages since"
            f" {since:%Y-%m-%d %H:%M} UTC: {answer} ({tries} tries; {waiting} waiting, {lost} given up)",
            f"Mend it, then try it: meshhook-alerts channels test {redact_name(name)!r}",
        )  # fmt: skip
    if not failing:
        yield Finding("ok", "deliveries", "every channel took its last message")


async def kinds(installed: Collection[str], connection: Connection) -> AsyncIterator[Finding]:
    """Whether the kinds of all channels are installed: here, and at some worker."""
    cursor = await connection.execute(query("health/channel_kinds"))
    rows = await cursor.fetchall()
    for kind, channels, working in rows:
        if kind not in installed and not working:
            yield Finding(
                "wrong", "channels", f"{channels} channel(s) are of kind {kind!r}, which is installed"
                " neither here nor at a worker that is alive", "Install the package that brings it.",
            )  # fmt: skip
    if all(kind in installed or working for kind, _, working in rows):
        yield Finding("ok", "channels", "every channel's kind is installed")


async def keys(ring: frozenset[str] | None, connection: Connection) -> AsyncIterator[Finding]:
    """Whether the keys at hand open what is stored; nothing is said where there are none at hand."""
    if ring is None:
        return
    cursor = await connection.execute(query("delivering/sealing_keys"))
    stored: dict[str, int] = dict(await cursor.fetchall())
    if lost := sorted(set(stored) - ring):
        yield Finding(
            "wrong", "keys",
            f"secrets of {sum(stored[name] for name in lost)} channel(s) are sealed with"
            f" {', '.join(map(repr, lost))}, which is not in MESHHOOK_ALERTS_KEYS",
            "Put that key behind the current one, or enter those channels' secrets again.",
        )  # fmt: skip
    else:
        yield Finding("ok", "keys", "every stored secret's key is at hand")


async def operator(address: str | None, connection: Connection) -> AsyncIterator[Finding]:
    """Whether anybody hears of failures that belong to no project."""
    cursor = await connection.execute(
        "select name from public.alert_channels where project_id = %s and enabled order by name",
        (PLATFORM,),
    )
    told = [row[0] for row in await cursor.fetchall()]
    if address:
        yield Finding("ok", "operator", f"told by {_OPERATOR_EMAIL} of failures of the platform")
    elif told:
        yield Finding("ok", "operator", f"told by {', '.join(told)} of failures of the platform")
    else:
        yield Finding(
            "note", "operator", "nobody is told of failures of the platform"
            " (partitions running out, silent workers, late detection)",
            f"Set {_OPERATOR_EMAIL}, or run `meshhook-alerts platform set --email ADDRESS`.",
        )  # fmt: skip


async def backlog(connection: Connection) -> AsyncIterator[Finding]:
    """Whether decisions keep up."""
    waiting = await ask(connection, "select count(*) from meshhook_alerts.signals")
    age = await ask(
        connection,
        "select extract(epoch from clock_timestamp() - min(noticed_at))::int from meshhook_alerts.signals",
    )
    if age is not None and age > 60:
        yield Finding(
            "wrong", "backlog", f"{waiting} signals undecided, the oldest for {age} s",
            "Are workers running? See their logs.",
        )  # fmt: skip
    else:
        yield Finding("ok", "backlog", f"{waiting} signals waiting")


_TABLES = (
    *(f"meshhook_alerts.{name}" for name in ("signals", "project_state", "sweeps", "attachments")),
    *(f"meshhook_alerts.{name}" for name in ("timers", "channel_health")),
    *(
        f"meshhook_alerts.{name}"
        for name in ("conditions", "run_watch", "run_verdicts", "attachment")
    ),
    *(f"public.alert{name}" for name in ("s", "_settings", "_channels", "_failures", "_folds")),
    *(
        f"public.alert_{name}"
        for name in ("logs", "notifications", "attempts", "health", "baseline")
    ),
)
