"""A host that already owns what we would call ours keeps it, whatever happens."""

from __future__ import annotations

import pytest

from meshhook_alerts.adapters.postgres.migrations import MigrationError
from tests.databases import execute, objects, rows
from tests.installing import advice, meshhook, migrated, uninstalled

pytestmark = pytest.mark.postgres

TAKEN = {
    "alerts": "create table public.alerts (id serial primary key, title text);"
    "insert into public.alerts (title) values ('theirs')",
    "alert_logs": "create table public.alert_logs (id serial primary key, title text);"
    "insert into public.alert_logs (title) values ('theirs')",
    "alert_channels": "create view public.alert_channels as select 1 as title",
    "alert_baseline": "create table public.alert_baseline (title text);"
    "insert into public.alert_baseline values ('theirs')",
}


@pytest.mark.parametrize("name", TAKEN)
async def test_a_table_of_that_name_stops_migrate_and_is_left_as_it_is(
    database_url: str, name: str
) -> None:
    await meshhook(database_url)
    await execute(database_url, *TAKEN[name].split(";"))
    before = await objects(database_url)
    with pytest.raises(MigrationError, match=rf"public\.{name}"):
        await migrated(database_url)
    assert await objects(database_url) == before, "not even half of us is there"
    assert name in await advice(database_url, "our tables")
    await uninstalled(database_url)
    assert await rows(database_url, f"select title from public.{name}")
    assert await objects(database_url) == before


async def test_the_schema_may_be_somebody_elses_too(database_url: str) -> None:
    await meshhook(database_url)
    await execute(
        database_url, "create schema meshhook_alerts", "create table meshhook_alerts.mine (x int)"
    )
    before = await objects(database_url)
    with pytest.raises(MigrationError, match="meshhook_alerts"):
        await migrated(database_url)
    await uninstalled(database_url)
    assert await objects(database_url) == before


async def test_what_took_the_place_of_a_table_of_ours_is_not_dropped(database_url: str) -> None:
    await meshhook(database_url)
    await migrated(database_url)
    await execute(
        database_url,
        "alter table public.alert_silences rename to gone",
        "create table public.alert_silences (title text)",
        "insert into public.alert_silences values ('theirs')",
    )
    said = await uninstalled(database_url)
    assert await rows(database_url, "select title from public.alert_silences") == ["theirs"]
    assert any("alert_silences" in each for each in said)
    assert await rows(database_url, "select to_regclass('public.gone') is null") == [True]


async def test_a_queue_of_our_name_that_was_there_before_stays(database_url: str) -> None:
    await meshhook(database_url)
    await execute(database_url, "select pgmq.create('meshhook_alerts')")
    await execute(database_url, "select pgmq.send('meshhook_alerts', '{\"theirs\": 1}')")
    with pytest.raises(MigrationError, match="queue"):
        await migrated(database_url)
    await uninstalled(database_url)
    assert await rows(database_url, "select count(*) from pgmq.q_meshhook_alerts") == [1]
