"""Alerts, their failures, decisions and messages, as lists and one by one: whatever the caller may see."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection, sql
from psycopg.rows import TupleRow, dict_row
from psycopg_pool import AsyncConnectionPool

from meshhook_alerts.adapters.postgres.errors import translated
from meshhook_alerts.adapters.postgres.queries import query
from meshhook_alerts.adapters.postgres.settings_store import as_role
from meshhook_alerts.application.read_alerts import AlertFilter, Page, RowFilter
from meshhook_alerts.application.settings_ports import Caller

Row = dict[str, Any]
MOST_OF_ONE = 100
"""Decisions, messages, folds and acts that are shown with one alert."""


@dataclass(frozen=True, slots=True)
class _List:
    """How a kind of row is listed, the newest first."""

    query: str
    project: str
    alert: str
    order: tuple[str, str]
    """What rows are ordered by, both descending, with no two alike."""
    types: tuple[str, str]


_LISTS = {
    "alerts": _List("alerts/list", "alert.project_id", "alert.id", ("alert.last_failure_at", "alert.id"), ("timestamptz", "uuid")),
    "failures": _List("alerts/failures", "failure.project_id", "fold.alert_id", ("failure.noticed_at", "failure.source_ref"), ("timestamptz", "text")),
    "logs": _List("alerts/logs", "log.project_id", "log.alert_id", ("log.id", "log.logged_at"), ("bigint", "timestamptz")),
    "notifications": _List("alerts/notifications", "sent.project_id", "sent.alert_id", ("sent.created_at", "sent.id"), ("timestamptz", "uuid")),
}  # fmt: skip


class PostgresAlertReader:
    """See ``read_alerts.AlertReader``."""

    def __init__(self, pool: AsyncConnectionPool) -> None:
        self._pool = pool

    @translated
    async def alerts(self, caller: Caller, wanted: AlertFilter, page: Page) -> Sequence[Row]:
        """One page of alerts, the latest failure first."""
        return await self._page("alerts", caller, _of_alerts(wanted), page)

    @translated
    async def projects(self, caller: Caller) -> Sequence[Row]:
        """The projects whose alerts the caller may read, by name. Only which they are is asked as the caller: a member of
        a project may be one that MeshHook's own policies do not know."""
        async with as_role(self._pool, caller) as connection:
            service = {"service": caller.role == "service_role"}
            rows = {
                row["id"]: row for row in await _rows(connection, _text("alerts/projects"), service)
            }
            await connection.execute("reset role")
            named = await _rows(connection, _text("alerts/project_names"), {"ids": list(rows)})
        return [{**rows[each["id"]], "name": each["name"]} for each in named]

    @translated
    async def channel_weeks(self, caller: Caller, project_id: UUID) -> Sequence[Row]:
        """What became of each channel's messages in the last seven days."""
        async with as_role(self._pool, caller) as connection:
            wanted = {"project_id": project_id}
            return await _rows(connection, _text("alerts/channel_weeks"), wanted)

    @translated
    async def counts(self, caller: Caller, wanted: AlertFilter) -> Mapping[str, Mapping[str, int]]:
        """How many there are by state and by severity, whatever of these two is asked for."""
        clauses = list(_of_alerts(wanted, but=("state", "severity")))
        statement = _where(query("alerts/counts"), clauses)
        async with as_role(self._pool, caller) as connection:
            rows = await _rows(connection, statement, _values(clauses))
        found: dict[str, dict[str, int]] = {"state": {}, "severity": {}}
        for row in rows:
            part = "state" if row["status"] is not None else "severity"
            found[part][row["status"] or row["severity"]] = row["n"]
        return found

    @translated
    async def rows(self, what: str, caller: Caller, wanted: RowFilter, page: Page) -> Sequence[Row]:
        """One page of ``failures``, ``logs`` or ``notifications``, the newest first."""
        listed = _LISTS[what]
        clauses = []
        if wanted.project_id:
            clauses.append(
                (f"{listed.project} = %(project_id)s", {"project_id": wanted.project_id})
            )
        if wanted.alert_id:
            clauses.append((f"{listed.alert} = %(alert_id)s", {"alert_id": wanted.alert_id}))
        return await self._page(what, caller, clauses, page)

    @translated
    async def one(self, caller: Caller, alert_id: UUID) -> Row | None:
        """An alert with all that is shown beside it; None if the caller cannot see one."""
        wanted = {"id": alert_id, "limit": MOST_OF_ONE}
        async with as_role(self._pool, caller) as connection:
            alerts = await _rows(connection, _text("alerts/one"), wanted)
            if not alerts:
                return None
            return {
                **alerts[0],
                "decisions": await _rows(connection, _text("page/decisions"), wanted),
                "notifications": await _rows(connection, _text("page/messages"), wanted),
                "folds": await _rows(connection, _text("alerts/folds"), wanted),
                "acts": await _rows(connection, _text("alerts/acts"), wanted),
                "channels": await _rows(connection, _text("alerts/channels"), wanted),
            }

    async def _page(
        self, what: str, caller: Caller, clauses: Iterator[Clause] | Sequence[Clause], page: Page
    ) -> Sequence[Row]:
        listed, clauses = _LISTS[what], list(clauses)
        if page.after:
            places = f"({listed.order[0]}, {listed.order[1]})"
            typed = ", ".join(f"%(after_{n})s::{kind}" for n, kind in enumerate(listed.types))
            values = {f"after_{n}": value for n, value in enumerate(page.after)}
            clauses.append((f"{places} < ({typed})", values))
        text = _where(query(listed.query), clauses)
        order = f"order by {listed.order[0]} desc, {listed.order[1]} desc limit %(limit)s"
        parameters = {**_values(clauses), "limit": page.limit}
        async with as_role(self._pool, caller) as connection:
            return await _rows(connection, f"{text}\n{order}", parameters)


Clause = tuple[str, Mapping[str, Any]]


def _of_alerts(wanted: AlertFilter, but: Sequence[str] = ()) -> Iterator[Clause]:
    """The conditions of a search: fixed texts, with what was asked for as parameters."""
    lists = {"state": wanted.states, "severity": wanted.severities, "kind": wanted.kinds}
    columns = {"state": "alert.status", "severity": "alert.severity", "kind": "alert.kind"}
    for name, values in lists.items():
        if values and name not in but:
            yield f"{columns[name]} = any (%({name})s::text[])", {name: list(values)}
    if wanted.project_id:
        yield "alert.project_id = %(project_id)s", {"project_id": wanted.project_id}
    if wanted.workflow:
        yield "alert.workflow = %(workflow)s", {"workflow": wanted.workflow}
    if wanted.since:
        yield "alert.last_failure_at >= %(since)s", {"since": wanted.since}
    if wanted.run_id:
        of_run = (
            "select fold.alert_id from public.alert_failures failure"
            " join public.alert_folds fold on fold.id = failure.fold_id where failure.run_id = %(run_id)s"
        )
        yield f"alert.id in ({of_run})", {"run_id": wanted.run_id}
    if wanted.text:
        words = "lower(concat_ws(' ', alert.workflow, alert.node_id, alert.kind, alert.error))"
        yield f"strpos({words}, lower(%(text)s)) > 0", {"text": wanted.text}


def _where(text: str, clauses: Sequence[Clause]) -> str:
    """``text`` with the conditions in the place it keeps for them."""
    conditions = " and ".join(clause for clause, _ in clauses) or "true"
    return text.replace("/*where*/ true", conditions)


def _values(clauses: Sequence[Clause]) -> dict[str, Any]:
    return {name: value for _, values in clauses for name, value in values.items()}


def _text(name: str) -> str:
    return query(name)


async def _rows(
    connection: AsyncConnection[TupleRow], statement: str, parameters: Mapping[str, Any]
) -> list[Row]:
    cursor = connection.cursor(row_factory=dict_row)
    await cursor.execute(sql.SQL(statement), parameters)
    return await cursor.fetchall()
