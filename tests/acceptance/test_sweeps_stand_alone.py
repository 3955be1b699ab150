"""No tenant and no trouble of one sweep stops another's, however many workers there are."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any

import pytest

from meshhook_alerts.sources.meshhook.runs.report import MeshHookRuns
from meshhook_alerts.sources.meshhook.runs.rows import RunReport, RunRow
from tests.databases import connect
from tests.line import (
    Receiver,
    World,
    a_service,
    at_work,
    eventually,
    named,
    open_world,
)

pytestmark = pytest.mark.postgres

CALL = {"id": "http_call", "type": "http_call"}


async def silent_step(world: World) -> None:
    """A run whose step was started ten minutes ago, with no word since."""
    run_id = await world.start_run()
    await world.event(run_id, "step_started", node=CALL)
    await world.execute(
        "update public.workflow_events set ts = ts - interval '10 min' where run_id = %s", run_id
    )
    await world.execute(
        "update public.workflow_runs set started_at = started_at - interval '10 min' where id = %s",
        run_id,
    )


async def looked(world: World) -> dict[str, datetime | None]:
    """When each sweep last finished."""
    rows = await world.rows("select name, finished_at from meshhook_alerts.sweeps")
    return {row["name"]: row["finished_at"] for row in rows}


async def is_told(receiver: Receiver, number: int = 1) -> None:
    async def enough() -> bool:
        return len(receiver.requests) >= number

    await eventually(enough)


@pytest.mark.parametrize("moment", ["infinity", "-infinity", "294276-12-31", "4712-01-01 BC"])
@pytest.mark.parametrize("column", ["started_at", "finished_at", "updated_at"])
async def test_a_tenants_absurd_time_stops_nothing(
    world: World, receiver: Receiver, column: str, moment: str
) -> None:
    other = await open_world(world.url)
    bad = await other.start_run()
    if column == "updated_at":  # a trigger of MeshHook's sets it; its owner may drop that
        await world.execute("alter table public.workflow_runs disable trigger user")
    await world.execute(f"grant update ({column}) on public.workflow_runs to authenticated")
    async with await connect(world.url) as tenant:  # row-level security lets them
        await tenant.execute("set role authenticated")
        claims = f'{{"sub": "{other.owner}"}}'
        await tenant.execute("select set_config('request.jwt.claims', %s, false)", (claims,))
        changed = await tenant.execute(
            f"update public.workflow_runs set {column} = %s, status = 'paused' where id = %s".encode(),
            (moment, bad),
        )
        assert changed.rowcount == 1
    async with a_service(world.url) as service:
        await world.hook(service, receiver)
        await silent_step(world)
        async with at_work(service):
            await is_told(receiver)


async def test_an_event_of_an_absurd_time_stops_nothing(world: World, receiver: Receiver) -> None:
    other = await open_world(world.url)
    bad = await other.start_run()
    await world.execute(
        "create table public.later partition of public.workflow_events for values"
        " from ('2200-01-01') to (maxvalue)"
    )
    for moment in ("infinity", "294276-12-31", "2300-01-01"):
        await world.execute(
            "insert into public.workflow_events (run_id, ts, type, payload)"
            " values (%s, %s, 'step_started', '{}')",
            bad, moment,
        )  # fmt: skip
    async with a_service(world.url) as service:
        await world.hook(service, receiver)
        await silent_step(world)
        async with at_work(service):
            await is_told(receiver)


async def test_a_sweep_that_fails_leaves_the_others_their_rhythm(world: World) -> None:
    await world.start_run()
    await world.execute("alter table public.workflow_events rename column payload to body")
    async with a_service(world.url) as service, at_work(service):

        async def all_others() -> bool:
            seen = await looked(world)
            return {"fleet", "queue_jobs", "tracked_jobs", "queue", "platform", "aggregates"} <= {
                name for name, at in seen.items() if at is not None
            }

        await eventually(all_others)

        async def said() -> bool:
            return bool(
                await world.value(
                    "select count(*) from public.alert_health"
                    " where part = 'sweep:runs' and state = 'failing'"
                )
            )

        await eventually(said)


async def test_a_run_that_cannot_be_read_is_passed_over_and_named(
    world: World, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = await world.start_run("invoices")
    report = MeshHookRuns.report

    def failing(self: MeshHookRuns, run: RunRow, *rest: Any) -> RunReport:
        if run.id == bad:
            raise ValueError("unreadable")
        return report(self, run, *rest)

    monkeypatch.setattr(MeshHookRuns, "report", failing)
    async with a_service(world.url) as service:
        await world.hook(service, receiver)
        await silent_step(world)
        async with at_work(service):
            await is_told(receiver)

            async def named() -> bool:
                detail = await world.rows(
                    "select detail from public.alert_health where part = 'sweep:runs'"
                )
                return str(bad) in str(detail)

            await eventually(named)


async def test_many_workers_sweep_no_more_often_than_one(world: World) -> None:
    await world.execute("""
        create table public.turns (name text);
        create function public.note_turn() returns trigger language plpgsql as $$
        begin insert into public.turns values (new.name); return null; end $$;
        create trigger note_turn after update of finished_at on meshhook_alerts.sweeps
          for each row when (new.finished_at is distinct from old.finished_at)
          execute function public.note_turn();
    """)

    async def turns(*workers: object) -> int:
        await world.execute("truncate public.turns")
        await asyncio.sleep(5)
        count = await world.value("select count(*) from public.turns where name = 'runs'")
        return int(count)

    async with (
        a_service(world.url, sweep_seconds=1) as one,
        a_service(world.url, sweep_seconds=1) as two,
        a_service(world.url, sweep_seconds=1) as three,
    ):
        async with at_work(one):
            alone = await turns()
        async with at_work(one), at_work(two), at_work(three):
            together = await turns()
    assert 3 <= alone <= 6
    assert together <= alone + 1


async def test_a_long_writing_transaction_makes_no_sweep_spin(world: World) -> None:
    await world.execute("set session_replication_role = replica")
    async with a_service(world.url, sweep_seconds=0.1) as service:
        runs = named(service, "runs")
        await runs.turn()
        async with await connect(world.url) as other, other.transaction():
            await other.execute("select pg_current_xact_id()")
            await world.execute(
                "with run as (insert into public.workflow_runs (project_id, workflow_id, status,"
                " finished_at) select %s, %s, 'succeeded', now() from generate_series(1, 3000)"
                " returning id) insert into public.workflow_events (run_id, type, payload)"
                " select id, type, '{}' from run, unnest(array['run_created', 'run_completed']) type",
                world.project_id, world.workflow_ids["orders"],
            )  # fmt: skip
            await asyncio.sleep(0.15)
            first = await runs.turn()
            again = []
            for _ in range(3):
                await asyncio.sleep(0.15)
                again.append((await runs.turn()).read)
            assert first.read >= 6000
            assert again == [0, 0, 0]
        await asyncio.sleep(0.15)
        assert (await runs.turn()).read == 0  # nothing came late


async def test_what_watches_the_sweeps_goes_on_while_one_of_them_hangs(world: World) -> None:
    async def finished(name: str, after: datetime) -> bool:
        at = (await looked(world)).get(name)
        return at is not None and at > after

    async with a_service(world.url) as service, at_work(service):
        began = await world.value("select clock_timestamp()")
        await eventually(lambda: finished("runs", began))
        async with await connect(world.url) as other, other.transaction():
            await other.execute("lock table meshhook_alerts.run_watch in access exclusive mode")
            locked = await world.value("select clock_timestamp()")
            await world.execute("update meshhook_alerts.sweeps set due_at = now()")
            for name in ("detector", "fleet"):  # those that come often
                await eventually(lambda name=name: finished(name, locked), within=40)  # type: ignore[misc]
            assert not await finished("runs", locked)
        await eventually(lambda: finished("runs", locked))
