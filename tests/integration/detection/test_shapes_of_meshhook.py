"""Rules that lack what they need are off and say so; the others go on."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import psycopg
import pytest

from meshhook_alerts.adapters.postgres.doctor import Finding, examine
from meshhook_alerts.adapters.postgres.migrations import migrate
from meshhook_alerts.demo.meshhook import install_meshhook
from meshhook_alerts.sources.meshhook.detection import sweeps
from tests.conftest import Builder
from tests.databases import Role, create_role, drop_role, execute
from tests.integration.detection.support import policies, sweep
from tests.line import World, open_world

pytestmark = pytest.mark.postgres

Template = Callable[[str, Builder], str]
New = Callable[[str], str]
ALL = {f"Q{n}" for n in range(1, 14)} | {"REPLAY"} | {f"P{n}" for n in range(1, 13)}
OF_QUEUE = ALL - {f"P{n}" for n in range(1, 13)}


async def old_line(url: str) -> None:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await install_meshhook(connection, version="old")
        await migrate(connection)


async def unqueued_line(url: str) -> None:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await install_meshhook(connection, with_pgmq=False)
        await migrate(connection)


async def look(url: str) -> dict[str, str | None]:
    """All sweeps, twice; why which rules are off, by rule."""
    for each in sweeps(policies) * 2:
        await sweep(url, each)
    world = World(url, uuid4(), uuid4(), {})
    rows = await world.rows(
        "select substr(part, 6) as rule, state, detail ->> 'why' as why from public.alert_health"
        " where part like 'rule:%%'"
    )
    assert {row["rule"] for row in rows} == ALL
    return {row["rule"]: row["why"] for row in rows if row["state"] == "off"}


async def test_todays_meshhook_lacks_nothing(line_url: str) -> None:
    assert await look(line_url) == {}


async def test_without_the_queue_its_rules_are_off_and_tracking_is_looked_at(
    template_factory: Template, new_database: New
) -> None:
    url = new_database(template_factory("line without pgmq", unqueued_line))
    off = await look(url)
    assert set(off) == OF_QUEUE - {"Q2", "Q3"}
    assert off["Q1"] == "table pgmq.q_workflow_jobs_dlq does not exist"
    assert off["Q4"] == "table pgmq.q_workflow_jobs does not exist"
    world = await open_world(url)
    run_id = await world.start_run()
    await world.execute(
        "insert into public.job_tracking (msg_id, run_id, queue_name, moved_to_dlq_at)"
        " values (7, %s, 'workflow_jobs', now())", run_id,
    )  # fmt: skip
    await look(url)
    assert await world.value("select source_ref from meshhook_alerts.signals where observed = 'dead_letter'") == f"dlq:{run_id}:7"  # fmt: skip


async def test_the_old_meshhook_has_neither_queue_nor_partitions_nor_statuses(
    template_factory: Template, new_database: New
) -> None:
    off = await look(new_database(template_factory("old line", old_line)))
    assert set(off) == OF_QUEUE | {"P1", "P2", "P8", "P12"}
    assert off["Q2"] == "table public.job_tracking does not exist"
    assert off["P1"] == "public.workflow_events is not partitioned"
    assert off["P8"] == "table public.workflow_definitions has no column status"


async def test_doctor_names_every_rule_that_is_off(line_url: str) -> None:
    await execute(line_url, "drop table public.job_tracking cascade")
    await look(line_url)
    said = [each.what for each in await findings(line_url) if each.what.startswith("rule ")]
    why = "table public.job_tracking does not exist"
    assert f"rule Q7 (job_vanished) is off: {why}" in said
    assert {line.split()[1] for line in said} == {"Q2", "Q3", "Q5", "Q6", "Q7", "Q8", "Q12"}
    await execute(line_url, "create table public.job_tracking (id uuid)")
    assert (await look(line_url))["Q3"] == "table public.job_tracking has no column msg_id"


async def findings(url: str) -> list[Finding]:
    return [each async for each in examine(url)]


async def test_a_queue_that_is_closed_to_us_is_no_error(
    postgres_server: str, template_factory: Template, new_database: New
) -> None:
    role = Role(f"watcher_{uuid4().hex[:8]}", "secret")
    create_role(postgres_server, role)
    try:
        url = new_database(template_factory("a line for a stranger", stranger_line))
        await execute(
            url,
            *(f"grant {grant} to {role.name}" for grant in GRANTS),
            "revoke all on schema pgmq from public",
        )
        off = await look(role.url(url))
        assert set(off) == OF_QUEUE - {"Q2", "Q3"}
        assert off["Q9"] == "our role may not read pgmq.q_workflow_jobs"
    finally:
        await execute(url, f"drop owned by {role.name}")
        drop_role(postgres_server, role)


async def stranger_line(url: str) -> None:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await install_meshhook(connection)
        await migrate(connection)
        for table in ("projects", "workflow_definitions", "workflow_runs"):
            await connection.execute(f"alter table public.{table} disable row level security")
        for table in ("alerts", "alert_health", "alert_failures", "alert_folds", "alert_settings", "alert_channels"):  # fmt: skip
            await connection.execute(f"alter table public.{table} disable row level security")


GRANTS = (
    "usage on schema meshhook_alerts",
    "all on all tables in schema meshhook_alerts",
    "all on all tables in schema public",
)
