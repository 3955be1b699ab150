"""The memory of conditions: told once, over only when they stay over, never flapping."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import psycopg
import pytest

from meshhook_alerts.adapters.postgres.detection.condition_sweep import (
    ConditionRule,
    ConditionSweep,
    Look,
)
from meshhook_alerts.adapters.postgres.detection.conditions import Condition, Settled, settle
from meshhook_alerts.adapters.postgres.detection.rule_states import Need
from meshhook_alerts.domain import kinds
from meshhook_alerts.domain.identifiers import PLATFORM
from meshhook_alerts.sources.meshhook.queries import query
from tests.integration.detection.support import decided, policies, signals, sweep
from tests.line import World

pytestmark = pytest.mark.postgres

LAG = Condition(kinds.QUEUE_LAG, PLATFORM, "workflow_jobs", "Nobody takes jobs", "due for 400 s")
HOUR = timedelta(hours=1)


async def settled(
    world: World, *present: Condition, hold: timedelta = timedelta(0), kind: str = "queue_lag"
) -> Settled:
    async with await psycopg.AsyncConnection.connect(world.url) as connection:
        return await settle(connection, [kind], present, hold)


async def test_a_condition_is_told_once_while_it_lasts(world: World) -> None:
    first = await settled(world, LAG)
    assert first.added == 1
    for _ in range(3):
        again = await settled(world, LAG)
        assert (again.added, again.raised, again.recoveries) == (0, [], [])
    (seen,) = await signals(world)
    assert (seen["project_id"], seen["observed"]) == (PLATFORM, "queue_lag")
    assert seen["error"] == "Nobody takes jobs"
    assert seen["labels"] == {"condition": "queue_lag:workflow_jobs", "evidence": "due for 400 s"}
    since = seen["source_time"]
    assert seen["source_ref"].startswith(f"condition:queue_lag:workflow_jobs:{since.year}-")


async def test_it_is_over_after_two_looks_and_the_hold(world: World) -> None:
    await settled(world, LAG)
    await decided(world)
    assert not (await settled(world, hold=HOUR)).recoveries  # the first look that finds it over
    assert not (await settled(world, hold=HOUR)).recoveries  # the second, too early
    await world.execute(
        "update meshhook_alerts.conditions set clear_since = clear_since - interval '61 minutes'"
    )
    ended = await settled(world, hold=HOUR)
    (recovery,) = ended.recoveries
    assert (recovery.project_id, recovery.kind, recovery.key) == LAG.identity
    assert recovery.at > recovery.since
    assert not (await settled(world, hold=HOUR)).recoveries
    (told,) = await signals(world)
    alert_id = await world.value("select id::text from public.alerts")
    assert (told["observed"], told["labels"]) == ("recovered", {"alert": alert_id})
    assert told["project_id"] == PLATFORM


async def test_one_look_is_never_enough(world: World) -> None:
    await settled(world, LAG)
    await decided(world)
    assert not (await settled(world)).recoveries
    assert (await settled(world)).recoveries


async def test_what_comes_and_goes_within_the_hold_is_one_trouble(world: World) -> None:
    await settled(world, LAG)
    await decided(world)
    for _ in range(5):
        assert not (await settled(world, hold=HOUR)).recoveries
        assert not (await settled(world, LAG, hold=HOUR)).added
    assert await signals(world) == []
    assert await world.value("select clear_since from meshhook_alerts.conditions") is None


async def test_what_comes_back_after_its_end_is_told_anew(world: World) -> None:
    await settled(world, LAG)
    await decided(world)
    await settled(world)
    await settled(world)
    assert (await settled(world, LAG)).added == 1
    assert sorted(row["observed"] for row in await signals(world)) == ["queue_lag", "recovered"]


async def test_kinds_that_were_not_looked_at_keep_their_conditions(world: World) -> None:
    await settled(world, LAG)
    await decided(world)
    for _ in range(3):
        assert not (await settled(world, kind="queue_depth")).recoveries
    assert await world.value("select count(*) from meshhook_alerts.conditions") == 1


async def test_the_end_waits_for_the_decision_on_the_beginning(world: World) -> None:
    await settled(world, LAG)
    for _ in range(3):
        assert not (await settled(world)).recoveries
    await decided(world)
    assert (await settled(world)).recoveries


async def test_an_alert_stays_open_for_the_last_of_its_conditions(world: World) -> None:
    other = Condition(kinds.QUEUE_LAG, PLATFORM, "another queue", LAG.text)
    await settled(world, LAG, other)
    await decided(world)  # the same words: one alert
    assert await world.value("select count(*) from public.alerts") == 1
    await settled(world, other)
    assert len((await settled(world, other)).recoveries) == 1
    assert await signals(world) == []
    await settled(world)
    assert len((await settled(world)).recoveries) == 1
    assert [row["observed"] for row in await signals(world)] == ["recovered"]


# ---------------------------------------------------------------- the sweep around it


class Stage:
    """Rules that say what they are told to."""

    def __init__(self) -> None:
        self.lag: Sequence[Condition] = ()
        self.problem: Exception | None = None

    async def find_lag(self, look: Look) -> Sequence[Condition]:
        if self.problem:
            raise self.problem
        return self.lag

    async def find_depth(self, look: Look) -> Sequence[Condition]:
        await look.rows(query("platform/q10_queue_depth"), limit=1)
        return ()

    def sweep(self, *needs: Need) -> ConditionSweep:
        rules = (
            ConditionRule("Q9", kinds.QUEUE_LAG, needs, self.find_lag),
            ConditionRule("Q10", kinds.QUEUE_DEPTH, (), self.find_depth),
        )
        return ConditionSweep("stage", 60, rules, policies, timedelta(0))


async def states(world: World) -> dict[str, tuple[str, str | None]]:
    rows = await world.rows(
        "select part, state, detail ->> 'why' as why from public.alert_health where part like 'rule:%%'"
    )
    return {row["part"]: (row["state"], row["why"]) for row in rows}


async def test_a_rule_that_fails_harms_no_other_and_ends_nothing(world: World) -> None:
    stage = Stage()
    each = stage.sweep()
    stage.lag = [LAG]
    assert await sweep(world.url, each) == 1
    await decided(world)
    stage.problem = RuntimeError("out of luck\nand more")
    for _ in range(3):
        assert await sweep(world.url, each) == 0
    assert await states(world) == {
        "rule:Q9": ("off", "failed: out of luck"),
        "rule:Q10": ("on", None),
    }
    assert await world.value("select count(*) from meshhook_alerts.conditions") == 1
    stage.problem = None
    await sweep(world.url, each)
    assert (await states(world))["rule:Q9"] == ("on", None)


async def test_a_statement_that_takes_too_long_costs_only_its_own_rule(world: World) -> None:
    class Slow(Stage):
        async def find_lag(self, look: Look) -> Sequence[Condition]:
            await look.connection.execute("set local statement_timeout = '50ms'")
            await look.connection.execute("select pg_sleep(5)")
            return ()

    assert await sweep(world.url, Slow().sweep()) == 0
    assert (await states(world))["rule:Q9"][0] == "off"
    assert "statement timeout" in str((await states(world))["rule:Q9"][1])
    assert (await states(world))["rule:Q10"] == ("on", None)


async def test_a_table_that_goes_away_switches_its_rule_off_and_ends_what_it_said(
    world: World,
) -> None:
    stage = Stage()
    stage.lag = [LAG]
    await world.execute("create table public.the_table (id int)")
    assert await sweep(world.url, stage.sweep(Need("public.the_table", ("id",)))) == 1
    await decided(world)
    await world.execute("drop table public.the_table")
    each = stage.sweep(Need("public.the_table", ("id",)))
    assert await sweep(world.url, each) == 0
    assert await sweep(world.url, each) == 1  # its end
    assert (await states(world))["rule:Q9"] == ("off", "table public.the_table does not exist")


async def test_states_are_written_when_they_change(world: World) -> None:
    stage = Stage()
    await sweep(world.url, stage.sweep())
    before = await world.rows("select part, updated_at from public.alert_health order by 1")
    await sweep(world.url, stage.sweep())
    assert await world.rows("select part, updated_at from public.alert_health order by 1") == before


async def test_what_a_project_does_not_look_for_is_not_told_and_ends(world: World) -> None:
    stage = Stage()
    each = stage.sweep()
    stage.lag = [Condition(kinds.QUEUE_LAG, world.project_id, "q", "Nobody takes jobs")]
    assert await sweep(world.url, each) == 1
    await decided(world)
    await world.execute(
        "insert into public.alert_settings (project_id, document) values (%s, %s)",
        world.project_id, '{"detect": {"queue_lag": false}}',
    )  # fmt: skip
    assert await sweep(world.url, each) == 0
    assert await sweep(world.url, each) == 1
    assert [row["observed"] for row in await signals(world)] == ["recovered"]


async def test_workers_that_look_at_once_tell_it_once(world: World) -> None:
    stage = Stage()
    stage.lag = [LAG]
    added = await asyncio.gather(*(sweep(world.url, stage.sweep()) for _ in range(6)))
    assert sum(added) == 1
