"""A storm is read in parts and written by COPY; what it leaves is what small batches leave."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from meshhook_alerts.application.ports import StoreUnavailable
from tests.databases import connect
from tests.line import World, evaluating, open_world

pytestmark = pytest.mark.postgres

_LETTERS = "translate(md5(n::text), '0123456789', 'ghijklmnop')"
WORDS = f"left({_LETTERS}, 9) || ' ' || right({_LETTERS}, 9)"  # letters only: all differ
TABLES = ("alert_failures", "alert_folds", "alerts", "alert_logs", "alert_notifications")

# What depends on a project's own id, or on the moment.
OWN = {"id", "project_id", "alert_id", "fold_id", "channel_id", "run_id", "notification_id",
       "fingerprint", "updated_at", "life", "logged_at", "created_at", "deadline_at"}  # fmt: skip


async def add_channel(world: World) -> None:
    """A channel that gets each of them: what a storm's summaries leave out would hide here."""
    await world.execute(
        "insert into public.alert_channels (project_id, name, kind) values (%s, 'ops', 'webhook')",
        world.project_id,
    )
    await world.execute(
        "insert into public.alert_settings (project_id, document) values (%s, '{\"storm_summaries\": false}')",
        world.project_id,
    )


LONG_AGO = "timestamptz '2026-01-01 12:00Z'"
JUST_NOW = "date_trunc('second', now()) - interval '5 s'"


async def storm(world: World, number: int, text: str = WORDS, at: str = LONG_AGO) -> None:
    """``number`` failures within two seconds; ``text`` is SQL over a number n, ``at`` their beginning."""
    await world.execute(
        f"""
        insert into meshhook_alerts.signals (project_id, source, observed, source_ref, source_time,
          noticed_at, run_id, workflow_id, node_id, node_type, attempt, error)
        select %s, 'meshhook', 'step_failed', 'event:' || n, at, at, gen_random_uuid(), %s,
          'reserve', 'http_call', '5', 'Error: ' || ({text})
        from generate_series(1, {number}) n,
          lateral (select {at} + n * interval '2 s' / {number}) t (at)
        """,
        world.project_id,
        world.workflow_ids["orders"],
    )


async def written(world: World, project_id: UUID, table: str) -> list[dict[str, Any]]:
    """A table's rows of a project, in a fixed order, without what is the project's own."""
    rows = await world.rows(f"select * from public.{table} where project_id = %s", project_id)
    kept = [{name: row[name] for name in row if name not in OWN} for row in rows]
    for row in kept:
        for name in ("content", "evidence", "told"):
            if name in row:
                row[name] = _common(row[name])
    return sorted(kept, key=str)


def _common(document: Any) -> Any:
    """A document without ids, and without what names one."""
    if not isinstance(document, dict):
        return document
    drop = {"links", "run", "project", "run_id", "id", "remind_at"}
    return {
        "channel" if len(name) == 36 else name: _common(value)
        for name, value in document.items()
        if name not in drop
    }


async def test_a_storm_leaves_the_rows_that_small_batches_leave(world: World) -> None:
    other = await open_world(world.url)
    async with evaluating(world) as evaluate:
        for each, limit in ((world, 5_000), (other, 100)):
            await add_channel(each)
            await storm(each, 2_345)
            decided = 0
            while evaluated := await evaluate(limit):
                decided += evaluated.failures
            assert decided == 2_345
    for table in TABLES:
        rows = await written(world, world.project_id, table)
        assert len(rows) == 2_345
        assert rows == await written(world, other.project_id, table), table
    assert await world.value("select count(*) from pgmq.q_meshhook_alerts") == 2 * 2_345
    assert await world.value("select count(*) from meshhook_alerts.signals") == 0


async def test_what_agrees_is_one_fold_whatever_part_it_came_in(world: World) -> None:
    await add_channel(world)
    await storm(world, 4_000, "'no stock'", JUST_NOW)
    async with evaluating(world) as evaluate:
        evaluated = await evaluate()
    assert evaluated is not None
    assert (evaluated.signals, evaluated.failures, len(evaluated.leased)) == (4_000, 4_000, 1)
    folds = await world.rows("select at, count from public.alert_logs order by at")
    assert sum(fold["count"] for fold in folds) == 4_000
    assert len(folds) == 3  # one a second, and the end of the last
    unfolded = """
        select count(*) from public.alert_failures failure
        where not exists (select 1 from public.alert_folds fold where fold.id = failure.fold_id)"""
    assert await world.value(unfolded) == 0
    tallied = """
        select bool_and(fold.count = (select count(*) from public.alert_failures where fold_id = fold.id))
        from public.alert_folds fold"""
    assert await world.value(tallied)


async def test_what_was_recorded_before_is_dropped_from_every_part(world: World) -> None:
    await add_channel(world)
    async with evaluating(world) as evaluate:
        for _ in range(2):  # the same references twice
            await storm(world, 2_500)
            while await evaluate():
                pass
    assert await world.value("select count(*) from public.alert_failures") == 2_500
    assert await world.value("select sum(count) from public.alerts") == 2_500
    assert await world.value("select count(*) from meshhook_alerts.signals") == 0


async def test_a_storm_cut_off_while_it_is_written_leaves_nothing_and_is_decided_again(
    world: World,
) -> None:
    await add_channel(world)
    await storm(world, 1_500)
    await world.execute(  # ends the deciding session in the middle of its last table
        """
        create function public.cut() returns trigger language plpgsql as $$
        begin
          if (select count(*) from public.alert_notifications) >= 700 then
            perform pg_terminate_backend(pg_backend_pid());
          end if;
          return new;
        end $$;
        create trigger cut before insert on public.alert_notifications
          for each row execute function public.cut();
        """
    )
    async with evaluating(world) as evaluate:
        with pytest.raises(StoreUnavailable):
            await evaluate()
        for table in TABLES:
            assert await world.value(f"select count(*) from public.{table}") == 0, table
        assert await world.value("select count(*) from meshhook_alerts.signals") == 1_500
        await world.execute("drop trigger cut on public.alert_notifications")
        evaluated = await evaluate()
    assert evaluated is not None
    assert evaluated.failures == 1_500
    assert await world.value("select count(*) from public.alert_notifications") == 1_500


async def test_a_project_that_cannot_be_decided_on_is_put_off_in_the_middle_of_its_parts(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from meshhook_alerts.domain import folding

    fingerprint = folding.__dict__["fingerprint"]
    left = [1_200]

    def failing(*arguments: Any) -> str:
        left[0] -= 1
        if left[0] < 0:
            raise RuntimeError("a mistake of ours")
        return str(fingerprint(*arguments))

    await add_channel(world)
    await storm(world, 3_000)
    async with evaluating(world) as evaluate:
        monkeypatch.setattr(folding, "fingerprint", failing)
        evaluated = await evaluate()
        assert evaluated is not None
        assert evaluated.failures == 0
        monkeypatch.undo()
        assert await world.value("select count(*) from public.alert_failures") == 0
        assert await world.value("select count(*) from meshhook_alerts.signals") == 3_000
        await world.execute("update meshhook_alerts.project_state set postponed_until = null")
        evaluated = await evaluate()
    assert evaluated is not None
    assert evaluated.failures == 3_000


async def test_an_inbox_last_seen_empty_is_emptied_by_its_key(world: World) -> None:
    """A plan made then holds for the storm that fills it: it must not read it whole for each row."""
    async with await connect(world.url) as connection:
        for name in ("enable_seqscan", "enable_bitmapscan", "enable_sort"):
            await connection.execute(f"set {name} = off".encode())
        cursor = await connection.execute(
            "explain with members as materialized (select %s::uuid as project_id, unnest(%s::bigint[]) as id)"
            " delete from meshhook_alerts.signals signal using members"
            " where signal.project_id = members.project_id and signal.id = members.id",
            (world.project_id, [1, 2, 3]),
        )
        plan = "\n".join(str(row[0]) for row in await cursor.fetchall())
    assert "signals_pkey" in plan
