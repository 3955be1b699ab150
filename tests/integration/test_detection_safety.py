"""Detection cannot fail or block the run it watches, whatever has befallen our own tables."""

from __future__ import annotations

import asyncio
import time
from uuid import UUID

import psycopg
import pytest

from meshhook_alerts.sources.meshhook.runs.step_failed import judge_step_failed
from tests.databases import as_role, connect, execute
from tests.line import Receiver, World, a_service, at_work, eventually, open_world

pytestmark = pytest.mark.postgres

BOUND = 1.0
"""Seconds that a statement of MeshHook's may take on this slow machine; without us it takes 0.01."""

RAISE = "language plpgsql as $$ begin raise exception 'broken on purpose'; end $$"
BREAKS = {
    "inbox renamed": (
        ["alter table meshhook_alerts.signals rename to gone"],
        ["alter table meshhook_alerts.gone rename to signals"],
    ),
    "inbox dropped": (
        ["create table meshhook_alerts.kept (like meshhook_alerts.signals including all)",
         "drop table meshhook_alerts.signals"],
        ["alter table meshhook_alerts.kept rename to signals"],
    ),
    "schema renamed": (
        ["alter schema meshhook_alerts rename to gone"],
        ["alter schema gone rename to meshhook_alerts"],
    ),
    "column dropped": (
        ["alter table meshhook_alerts.signals drop column error"],
        ["alter table meshhook_alerts.signals add column error text"],
    ),
    "column of another type": (
        ["alter table meshhook_alerts.signals alter column run_id type int using 0"],
        ["alter table meshhook_alerts.signals alter column run_id type uuid using null"],
    ),
    "constraint that nothing meets": (
        ["alter table meshhook_alerts.signals add constraint never check (false)"],
        ["alter table meshhook_alerts.signals drop constraint never"],
    ),
    "rights revoked": (
        [f"alter function meshhook_alerts.{each}() owner to anon"
         for each in ("on_step_failed", "on_run_failed", "on_dead_letter")],
        [f"alter function meshhook_alerts.{each}() owner to current_user"
         for each in ("on_step_failed", "on_run_failed", "on_dead_letter")],
    ),
    "trigger that raises": (
        [f"create function meshhook_alerts.no() returns trigger {RAISE}",
         "create trigger no before insert on meshhook_alerts.signals for each row execute function meshhook_alerts.no()"],
        ["drop trigger no on meshhook_alerts.signals"],
    ),
    "function that raises": (
        [f"create or replace function meshhook_alerts.wake() returns void {RAISE}"],
        ["create or replace function meshhook_alerts.wake() returns void language sql as ''"],
    ),
    "triggers switched off": (
        [f"alter table {each} disable trigger user" for each in ("workflow_events", "workflow_runs", "job_tracking")],
        [f"alter table {each} enable trigger user" for each in ("workflow_events", "workflow_runs", "job_tracking")],
    ),
}  # fmt: skip


async def timed(world: World, statement: str, *arguments: object) -> None:
    """A statement of MeshHook's, which must not notice us."""
    begin = time.monotonic()
    await world.execute(statement, *arguments)
    assert time.monotonic() - begin < BOUND


async def three_failures(world: World) -> dict[UUID, str]:
    """A used-up step, a run marked failed and a dead letter, as MeshHook writes them."""
    spent, marked, dead = [await world.start_run(slug) for slug in world.workflow_ids]
    await timed(
        world,
        "insert into workflow_events (run_id, ts, type, payload) values (%s, now() - interval '10 minutes',"
        ' \'step_failed\', \'{"attempt": 5, "error": "Error: HTTP 503", "node": {"id": "call"}}\')',
        spent,
    )
    await timed(world, "update workflow_runs set status = 'failed' where id = %s", marked)
    await timed(
        world, "insert into job_tracking (msg_id, run_id, queue_name) values (1, %s, 'q')", dead
    )
    await timed(
        world,
        "update job_tracking set moved_to_dlq_at = now(), error_message = 'Error: x', attempt = 3",
    )
    assert await world.value("select status from workflow_runs where id = %s", marked) == "failed"
    assert (
        await world.value("select count(*) from job_tracking where moved_to_dlq_at is not null")
        == 1
    )
    return {spent: "retries_exhausted", marked: "run_failed", dead: "dead_letter"}


async def recorded(world: World) -> dict[UUID, str]:
    found = await world.rows(
        "select failure.run_id, fold.kind from public.alert_failures failure"
        " join public.alert_folds fold on fold.id = failure.fold_id"
        " where failure.project_id = %s",
        world.project_id,
    )
    return {row["run_id"]: row["kind"] for row in found}


async def assert_made_good(world: World, expected: dict[UUID, str]) -> None:
    """Once a worker runs, everything comes to light, each failure once."""
    async with a_service(world.url) as service, at_work(service):

        async def all_found() -> bool:
            return await recorded(world) == expected

        await eventually(all_found)
    assert await world.value(
        "select count(*) from public.alert_failures where project_id = %s", world.project_id
    ) == len(expected)


@pytest.mark.parametrize("broken", BREAKS)
async def test_meshhook_writes_unharmed_and_the_sweep_makes_good_what_was_missed(
    world: World, broken: str
) -> None:
    breaking, repairing = BREAKS[broken]
    await execute(world.url, *breaking)
    failures = await three_failures(world)
    await execute(world.url, *repairing)
    await assert_made_good(world, failures)


async def test_a_lock_on_the_inbox_delays_meshhook_by_less_than_a_second(world: World) -> None:
    async with await connect(world.url) as other, other.transaction():
        await other.execute("lock table meshhook_alerts.signals in access exclusive mode")
        failures = await three_failures(world)
    await assert_made_good(world, failures)


async def test_a_lock_on_the_inbox_delays_many_rows_no_longer_than_one(world: World) -> None:
    runs = [await world.start_run() for _ in range(40)]
    async with await connect(world.url) as other, other.transaction():
        await other.execute("lock table meshhook_alerts.signals in access exclusive mode")
        await timed(world, "update workflow_runs set status = 'failed'")
        await timed(
            world,
            "insert into workflow_events (run_id, type, payload) select id, 'step_failed', '{}' from workflow_runs",
        )
    assert await world.value("select count(*) from meshhook_alerts.signals") == 0
    await world.execute("update workflow_runs set status = 'running'")
    await world.execute("update workflow_runs set status = 'failed'")
    assert await world.value("select count(*) from meshhook_alerts.signals") == len(runs)


async def test_a_worker_that_hangs_in_its_transaction_blocks_nobody(world: World) -> None:
    await world.fail()
    async with await connect(world.url) as worker, worker.transaction():
        await worker.execute("delete from meshhook_alerts.signals")
        await worker.execute("select from meshhook_alerts.project_state for update")
        await timed(world, "update workflow_runs set status = 'failed'")


@pytest.mark.parametrize("level", ["repeatable read", "serializable"])
async def test_meshhooks_own_transactions_may_be_as_strict_as_they_like(
    world: World, receiver: Receiver, level: str
) -> None:
    run_id = await world.start_run()
    async with a_service(world.url) as service, at_work(service):
        await world.hook(service, receiver)
        for _ in range(3):
            async with await psycopg.AsyncConnection.connect(world.url) as engine:
                await engine.execute(f"set transaction isolation level {level}".encode())
                await engine.execute("select count(*) from workflow_events")
                await engine.execute("update workflow_runs set status = 'running'")
                await engine.execute(
                    "update workflow_runs set status = 'failed' where id = %s", (run_id,)
                )
                await engine.commit()

        async def told() -> bool:
            return len(receiver.requests) == 1

        await eventually(told)


async def test_a_user_who_marks_a_run_failed_needs_no_rights_of_ours(world: World) -> None:
    run_id = await world.start_run()
    claims = f'{{"sub": "{world.owner}"}}'
    async with as_role(world.url, "authenticated", claims) as connection:
        await connection.execute(
            "update workflow_runs set status = 'failed' where id = %s", (run_id,)
        )
        await connection.execute("reset role")
        cursor = await connection.execute("select run_id, observed from meshhook_alerts.signals")
        assert await cursor.fetchall() == [(run_id, "run_failed")]


LONG_AGO = ", ".join(
    f"{column} = now() - interval '2 days'" for column in ("created_at", "started_at", "updated_at")
)


async def test_history_from_before_us_is_not_reported_and_nothing_is_found_twice(
    world: World,
) -> None:
    old = await world.start_run()
    await execute(
        world.url,
        "alter table workflow_runs disable trigger user",
        f"update workflow_runs set status = 'failed', {LONG_AGO} where id = '{old}'",
        "alter table workflow_runs enable trigger user",
    )
    failures = await three_failures(world)
    await assert_made_good(world, failures)
    await world.execute("update meshhook_alerts.sweeps set finished_at = null")
    await assert_made_good(world, failures)


async def test_one_projects_poison_does_not_stop_the_others(
    world: World, receiver: Receiver
) -> None:
    poisoned = await open_world(world.url)
    await execute(
        world.url,
        f"create function meshhook_alerts.no() returns trigger {RAISE}",
        "create trigger no before insert on public.alert_failures for each row"
        f" when (new.project_id = '{poisoned.project_id}') execute function meshhook_alerts.no()",
    )
    await poisoned.fail()
    async with a_service(world.url) as service:
        await world.hook(service, receiver)
        async with at_work(service):
            await asyncio.sleep(0.3)
            for number in range(3):
                await world.fail(node=f"node-{number}")

            async def told() -> bool:
                return len(receiver.requests) == 3

            await eventually(told)

            async def only_the_poisoned_wait() -> bool:
                waiting = "select distinct project_id from meshhook_alerts.signals"
                return await world.rows(waiting) == [{"project_id": poisoned.project_id}]

            await eventually(only_the_poisoned_wait)  # a search may just have found something more


@pytest.mark.parametrize(("limit", "signals"), [(5, ["1", "5"]), (3, ["1", "3", "4", "5"])])
async def test_attempts_that_can_be_no_news_leave_no_signal(
    world: World, limit: int, signals: list[str]
) -> None:
    """Of five, those between the first and the lowest limit that any settings name."""
    async with a_service(world.url) as service:
        await world.configure(service, attempt_limit=limit)
        await world.execute(  # written past the API: it changes nothing for others
            "insert into public.alert_settings (project_id, workflow, document)"
            " values (%s, 'orders', '{\"attempt_limit\": \"many\"}')",
            world.project_id,
        )
    run_id = await world.start_run("invoices")
    for attempt in range(1, 6):
        await world.event(run_id, "step_failed", node={"id": "a"}, attempt=attempt, error="x")
    found = await world.rows("select attempt from meshhook_alerts.signals order by id")
    assert [row["attempt"] for row in found] == signals


STATUSES = [400, 404, 408, 429, 499, 500, 502, 503, 504, 599]
TEXTS = [f"Error: HTTP {status}" for status in STATUSES] + [
    "Error: HTTP 503 and more",
    "Error: HTTP 5xx",
    "Error: HTTP 5",
    "TypeError: fetch failed: unsupported Unicode escape HTTP 500",
    "",
]


async def test_a_first_attempt_without_a_signal_is_one_that_the_judge_would_drop(
    world: World,
) -> None:
    run_id = await world.start_run("invoices")
    for text in TEXTS:
        await world.event(run_id, "step_failed", node={"id": text}, attempt=1, error=text)
    rows = await world.rows("select error from meshhook_alerts.signals")
    passed_on = {row["error"] for row in rows}
    assert {f"Error: HTTP {status}" for status in (500, 502, 503, 504, 599)}.isdisjoint(passed_on)
    for text in set(TEXTS) - passed_on:
        assert judge_step_failed(1, text, 5) is None, text


async def test_a_limit_of_one_attempt_hears_of_the_first(world: World) -> None:
    async with a_service(world.url) as service:
        await world.configure(service, attempt_limit=1)
    run_id = await world.start_run("invoices")
    await world.event(run_id, "step_failed", node={"id": "a"}, attempt=1, error="Error: HTTP 503")
    assert await world.value("select count(*) from meshhook_alerts.signals") == 1
