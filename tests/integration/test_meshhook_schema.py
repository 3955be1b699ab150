"""The sample database is MeshHook's: its tables, its refusals, its open doors."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from meshhook_alerts.demo.meshhook import (
    SAMPLE_WORKFLOWS,
    NodeIds,
    Plot,
    SampleEngine,
    install_meshhook,
    shared,
)

pytestmark = pytest.mark.postgres

Connection = psycopg.AsyncConnection[tuple[Any, ...]]
A_RUN = """
with p as (insert into projects (owner, name) values (%s, 'Shop') returning id),
     w as (insert into workflow_definitions (project_id, slug, version, definition, name)
           select id, 'orders', 1, '{}', 'Orders' from p returning id, project_id)
insert into workflow_runs (project_id, workflow_id, status)
select project_id, id, 'running' from w returning id
"""
AN_EVENT = "insert into workflow_events (run_id, type, payload, ts) values (%s, 'x', %s, %s)"


@pytest.fixture
async def meshhook_conn(database_url: str) -> AsyncIterator[Connection]:
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as conn:
        await install_meshhook(conn)
        yield conn


async def rows(conn: Connection, query: str, *values: object) -> list[Any]:
    """The rows of an answer; of those with one column, the bare values."""
    found = await (await conn.execute(query.encode(), values or None)).fetchall()
    return [row[0] if len(row) == 1 else row for row in found]


async def a_run(conn: Connection, owner: UUID | None = None) -> UUID:
    (run_id,) = await rows(conn, A_RUN, owner or uuid4())
    return UUID(str(run_id))


async def test_a_second_installation_changes_nothing(meshhook_conn: Connection) -> None:
    run_id = await a_run(meshhook_conn)
    await install_meshhook(meshhook_conn)
    assert await rows(meshhook_conn, "select id from workflow_runs") == [run_id]
    assert await rows(meshhook_conn, "select count(*) from queue_config") == [2]


async def test_a_second_installation_leaves_narrowed_rights_alone(
    meshhook_conn: Connection,
) -> None:
    await meshhook_conn.execute("revoke all on projects from anon")
    await install_meshhook(meshhook_conn)
    allowed = "select has_table_privilege('anon', 'projects', 'select')"
    assert await rows(meshhook_conn, allowed) == [False]


async def test_events_are_partitioned_from_two_months_back_to_three_ahead(
    meshhook_conn: Connection,
) -> None:
    found = await rows(
        meshhook_conn,
        "select inhrelid::regclass::text from pg_inherits"
        " where inhparent = 'workflow_events'::regclass order by 1",
    )
    today = datetime.now(UTC).date()
    months = [divmod(today.year * 12 + today.month - 1 + ahead, 12) for ahead in range(-2, 4)]
    assert found == [f"workflow_events_y{date(y, m + 1, 1):%Ym%m}" for y, m in months]


async def test_every_partition_has_its_three_indexes(meshhook_conn: Connection) -> None:
    columns = await rows(
        meshhook_conn,
        "select distinct array_agg(substring(indexdef from '\\((.*)\\)') order by indexdef)::text"
        " from pg_indexes where tablename like 'workflow_events_y%' group by tablename",
    )
    assert len(columns) == 1
    assert all(each in columns[0] for each in ('"id, ts"', "run_id", '"run_id, ts"', "type"))


async def test_past_the_last_partition_an_event_is_refused(meshhook_conn: Connection) -> None:
    run_id = await a_run(meshhook_conn)
    with pytest.raises(psycopg.errors.CheckViolation) as refused:
        await meshhook_conn.execute(AN_EVENT, (run_id, "{}", datetime(2999, 1, 1, tzinfo=UTC)))
    assert refused.value.sqlstate == "23514"


async def test_a_nul_in_a_payload_is_refused(meshhook_conn: Connection) -> None:
    run_id = await a_run(meshhook_conn)
    payload = json.dumps({"body": "\x00"})
    with pytest.raises(psycopg.errors.UntranslatableCharacter) as refused:
        await meshhook_conn.execute(AN_EVENT, (run_id, payload, datetime.now(UTC)))
    assert refused.value.sqlstate == "22P05"


async def test_a_status_outside_the_five_is_refused(meshhook_conn: Connection) -> None:
    await a_run(meshhook_conn)
    with pytest.raises(psycopg.errors.CheckViolation):
        await meshhook_conn.execute("update workflow_runs set status = 'pending'")


async def test_updated_at_cannot_be_back_dated(meshhook_conn: Connection) -> None:
    await a_run(meshhook_conn)
    await meshhook_conn.execute("update workflow_runs set updated_at = 'epoch'")
    fresh = "select updated_at > now() - interval '1 minute' from workflow_runs"
    assert await rows(meshhook_conn, fresh) == [True]


async def test_deleting_a_project_takes_runs_and_events_along(meshhook_conn: Connection) -> None:
    run_id = await a_run(meshhook_conn)
    await meshhook_conn.execute(AN_EVENT, (run_id, "{}", datetime.now(UTC)))
    await meshhook_conn.execute("delete from projects")
    assert await rows(meshhook_conn, "select count(*) from workflow_events") == [0]


async def test_only_four_tables_are_protected(meshhook_conn: Connection) -> None:
    protected = await rows(
        meshhook_conn,
        "select relname::text from pg_class"
        " where relnamespace = 'public'::regnamespace and relrowsecurity order by 1",
    )
    assert protected == ["audit_log", "projects", "workflow_definitions", "workflow_runs"]
    verbs = "select tablename::text, count(distinct cmd) from pg_policies group by 1 order by 1"
    assert await rows(meshhook_conn, verbs) == [(table, 4) for table in protected]


@pytest.mark.parametrize(
    ("table", "seen"),
    [("projects", 1), ("workflows", 1), ("workflow_runs", 1), ("workflow_events", 2)],
)
async def test_a_user_sees_the_own_project_and_everybodys_events(
    meshhook_conn: Connection, table: str, seen: int
) -> None:
    owner = uuid4()
    for run_id in (await a_run(meshhook_conn, owner), await a_run(meshhook_conn)):
        await meshhook_conn.execute(AN_EVENT, (run_id, "{}", datetime.now(UTC)))
    claims = json.dumps({"sub": str(owner)})
    async with meshhook_conn.transaction():
        await meshhook_conn.execute("set local role authenticated")
        await rows(meshhook_conn, "select set_config('request.jwt.claims', %s, true)", claims)
        assert await rows(meshhook_conn, f"select count(*) from {table}") == [seen]


async def test_without_pgmq_there_is_tracking_but_no_queue(database_url: str) -> None:
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as conn:
        await install_meshhook(conn, with_pgmq=False)
        found = await rows(conn, "select to_regclass('job_tracking'), to_regnamespace('pgmq')")
    assert found == [("job_tracking", None)]


async def test_the_old_database_takes_every_plot(database_url: str) -> None:
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as conn:
        await install_meshhook(conn, version="old")
        await install_meshhook(conn, version="old")
        engine = SampleEngine(shared(conn), time_scale=0, node_ids=NodeIds.DEFINITION)
        await engine.seed("Shop", uuid4(), SAMPLE_WORKFLOWS)
        for plot in Plot:
            await engine.run("order-intake", plot)
        statuses = await rows(conn, "select status from workflow_runs order by started_at")
    ends = {Plot.SUCCEEDS: "succeeded", Plot.RETRIES_THEN_SUCCEEDS: "succeeded"}
    ends[Plot.MARKED_FAILED] = "failed"
    assert statuses == [ends.get(plot, "running") for plot in Plot]
