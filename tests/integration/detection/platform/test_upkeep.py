"""Rules P1 and P2: partitions ahead, and somebody who makes them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import uuid4

import psycopg
import pytest

from meshhook_alerts.adapters.postgres.detection.condition_sweep import Look
from meshhook_alerts.adapters.postgres.detection.rule_states import CannotLookError
from meshhook_alerts.domain.identifiers import PLATFORM
from meshhook_alerts.sources.meshhook.platform.rules import (
    maintenance_broken,
)
from tests.databases import Role, create_role, drop_role, execute
from tests.integration.detection.platform.looking import (
    look,
    only,
)
from tests.integration.detection.support import (
    policies,
    signals,
)
from tests.line import World

pytestmark = pytest.mark.postgres


async def cover(world: World, days: int) -> None:
    """One partition that reaches so many days ahead."""
    await world.execute("drop table public.workflow_events cascade")
    await world.execute(
        "create table public.workflow_events (id bigint, run_id uuid, ts timestamptz not null, type text,"
        " payload jsonb) partition by range (ts)"
    )
    end = await world.value("select now() + make_interval(days => %s)", days)
    await world.execute(
        f"create table public.p partition of public.workflow_events for values from (minvalue) to ('{end}')"
    )


@pytest.mark.parametrize(
    ("days", "severities"),
    [(15, set()), (13, {"warning"}), (3, {"warning"}), (1, {"warning", "critical"})],
)
async def test_a_short_runway_is_a_warning_and_then_critical(
    world: World, days: int, severities: set[str]
) -> None:
    await cover(world, days)
    await look(world)
    found = [row for row in await signals(world) if row["observed"] == "partition_runway"]
    assert {row["labels"]["severity"] for row in found} == severities
    assert {row["project_id"] for row in found} <= {PLATFORM}


async def test_no_partition_at_all_is_said_in_each_project_that_had_runs(world: World) -> None:
    await world.start_run()
    await cover(world, 0)
    await look(world)
    found = [row for row in await signals(world) if row["observed"] == "partition_missing"]
    assert {row["project_id"] for row in found} == {PLATFORM, world.project_id}


async def test_a_default_partition_takes_whatever_comes(world: World) -> None:
    await cover(world, 1)
    await world.execute("create table public.d partition of public.workflow_events default")
    assert await look(world) == ["row_security_off"]  # the new table is not protected


async def test_where_pg_cron_was_never_used_nothing_is_said_of_it(world: World) -> None:
    await world.execute("drop schema cron cascade")
    assert await look(world) == []


@pytest.mark.parametrize(
    ("trouble", "text"),
    [
        ("delete from cron.job", "pg_cron has no job"),
        ("update cron.job set active = false", "switched off"),
        (
            "insert into cron.job_run_details values (1, 2, 'failed', 'ERROR: boom', now())",
            "failed",
        ),
        ("update cron.job_run_details set start_time = now() - interval '27 h'", "26 hours"),
    ],
)
async def test_upkeep_that_does_not_run_is_told(world: World, trouble: str, text: str) -> None:
    await world.execute(trouble)
    assert await look(world) == ["maintenance_broken"]
    seen = await only(world)
    assert text in seen["error"]
    assert seen["project_id"] == PLATFORM


@pytest.mark.parametrize(
    "no_trouble",
    [
        "delete from cron.job_run_details",  # scheduled today
        "insert into cron.job_run_details values (1, 2, 'running', null, now())",
        "insert into cron.job_run_details values (2, 2, 'failed', 'another job', now())",
    ],
)
async def test_upkeep_of_which_nothing_bad_is_known_is_well(world: World, no_trouble: str) -> None:
    await world.execute(no_trouble)
    assert await look(world) == []


async def test_a_closed_pg_cron_is_no_error_and_no_alarm(world: World, stranger: Role) -> None:
    assert await upkeep_as(world, stranger) == "our role may not read cron.job and cron.job_run_details"  # fmt: skip
    await execute(
        world.url,
        f"grant usage on schema cron to {stranger.name}",
        f"grant select on all tables in schema cron to {stranger.name}",
    )
    assert await upkeep_as(world, stranger) is None
    await execute(world.url, "alter table cron.job enable row level security")
    assert "hides the jobs of other roles" in str(await upkeep_as(world, stranger))


@pytest.fixture
def stranger(postgres_server: str, world: World) -> Iterator[Role]:
    """Somebody who may see nothing."""
    role = Role(f"stranger_{uuid4().hex[:8]}", "secret")
    create_role(postgres_server, role)
    yield role
    with psycopg.connect(world.url, autocommit=True) as connection:
        connection.execute(f"drop owned by {role.name}".encode())
    drop_role(postgres_server, role)


async def upkeep_as(world: World, role: Role) -> str | None:
    """Why P2 cannot look, in somebody's eyes; nothing is wrong in any case."""
    async with await psycopg.AsyncConnection.connect(role.url(world.url)) as connection:
        try:
            look = Look(connection, policies, datetime.now(UTC), {})
            assert await maintenance_broken(look) == []
        except CannotLookError as blind:
            return str(blind)
    return None
