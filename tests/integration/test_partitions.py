"""What grows is kept by month: what was there moves over, and what has no month is not lost."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import psycopg
import pytest

from meshhook_alerts.adapters.postgres.migrations import migration_files
from tests.conftest import Builder
from tests.databases import connect, rows
from tests.installing import meshhook, migrated
from tests.line import World, open_world

pytestmark = pytest.mark.postgres

PARTITIONS = "20261126001900"
_LOG = """
insert into public.alert_logs (project_id, at, alert_id, effect, reason, count, severity, logged_at)
values (%s, now(), %s, 'told', 'first_failure', 1, 'error', %s::timestamptz)
"""
_FAILURE = """
insert into public.alert_failures (project_id, source_ref, source_time, fold_id, noticed_at)
values (%s, %s, %s::timestamptz, gen_random_uuid(), now())
"""


@pytest.fixture
def url(template_factory: Callable[[str, Builder], str], new_database: Callable[[str], str]) -> str:
    return new_database(template_factory("meshhook", meshhook))


async def test_rows_of_before_move_over_and_numbers_go_on(url: str) -> None:
    async with await connect(url) as connection:
        for version, text in migration_files():
            if version < PARTITIONS:
                await connection.execute(text.encode())
    world = await open_world(url)
    for moment in ("2020-02-03", "now"):
        await rows(url, _LOG, world.project_id, uuid4(), moment)
        await rows(url, _FAILURE, world.project_id, f"event:{moment}", moment)
    before = await rows(url, "select id from public.alert_logs order by 1")
    await migrated(url)
    assert await rows(url, "select id from public.alert_logs order by 1") == before
    assert await rows(url, "select count(*) from public.alert_failures") == [2]
    await rows(url, _LOG, world.project_id, uuid4(), "now")
    (newest,) = await rows(url, "select max(id) from public.alert_logs")
    assert newest > max(before)
    assert await rows(url, "select to_regclass('meshhook_alerts.alert_logs_before')") == [None]


async def test_each_month_has_its_own_and_what_has_none_is_kept(world: World) -> None:
    for moment in ("1999-01-01", "now", "2199-01-01"):
        await world.execute(_LOG, world.project_id, uuid4(), moment)
        await world.execute(_FAILURE, world.project_id, f"event:{moment}", moment)
    for table in ("alert_logs", "alert_failures"):
        places = await world.rows(
            f"select tableoid::regclass::text as place, count(*) from public.{table} group by 1"
        )
        counts = {row["place"].partition(".")[2]: row["count"] for row in places}
        assert counts.pop(f"{table}_default") == 2
        assert list(counts.values()) == [1]


async def test_months_to_come_are_made_once_and_never_over_rows_that_wait(world: World) -> None:
    assert await world.value("select meshhook_alerts.make_partitions()") == 0
    next_month = "date_trunc('month', now() at time zone 'utc') + interval '1 month'"
    part = await world.value(f"select 'alert_logs' || to_char({next_month}, '_YYYY_MM')")
    await world.execute(f"drop table meshhook_alerts.{part}")
    moment = await world.value(f"select (({next_month}) at time zone 'utc')::text")
    await world.execute(_LOG, world.project_id, uuid4(), moment)
    assert await world.value("select meshhook_alerts.make_partitions()") == 0
    assert await world.value("select count(*) from public.alert_logs") == 1
    await world.execute("delete from public.alert_logs")
    assert await world.value("select meshhook_alerts.make_partitions()") == 1


async def test_nobody_reads_a_partition_past_row_level_security(world: World) -> None:
    await world.execute(_LOG, world.project_id, uuid4(), "now")
    (part,) = await rows(
        world.url, "select distinct tableoid::regclass::text from public.alert_logs"
    )
    async with await connect(world.url) as connection:
        for role in ("authenticated", "anon", "service_role"):
            await connection.execute(f"set role {role}".encode())
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await connection.execute(f"select * from {part}".encode())
            await connection.execute("reset role")
