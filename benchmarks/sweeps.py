"""Sweeps: what each costs at rest beside how often it comes, with many runs of which some are open;
and what an ordinary run costs, that succeeds and is never looked at by itself."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from benchmarks.bench import Bench, connect
from benchmarks.figures import Aim, Figure
from benchmarks.service import KEY
from meshhook_alerts.application.ports import Sweep
from meshhook_alerts.bootstrap import open_service
from meshhook_alerts.settings import load_settings

SIZES = ((200_000, 2_000), (1_000_000, 10_000))
"""Runs, and of these open."""
QUICK = ((50_000, 500),)
ORDINARY = 5_000
_REST = Aim(5, at_least=False)
_STATEMENT = Aim(1_000, at_least=False)
_PRICE = Aim(0.2, at_least=False)
_FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Cost:
    """What some turns of a sweep took, in milliseconds."""

    wall: float
    ours: float
    postgres: float
    longest: float
    """Of one slice."""


async def run(bench: Bench) -> list[Figure]:
    """All sizes."""
    figures: list[Figure] = []
    for runs, open_ in QUICK if bench.quick else SIZES:
        figures += await _at(bench, runs, open_)
    return figures


async def _at(bench: Bench, runs: int, open_: int) -> list[Figure]:
    name = f"sweeps_{runs}"
    bench.say(f"sweeps: seeding {runs:,} runs, {open_:,} of them open")
    url = await bench.database(name)
    await _seed(url, runs, open_)
    async with _sweeps(url) as sweeps:
        for sweep in sweeps.values():
            bench.say(f"sweeps: {runs:,} runs, first look of {sweep.name}")
            await _until_idle(url, name, sweep)
        async with await connect(url) as connection:
            await connection.execute("vacuum analyze")
        rest = {each: await _at_rest(url, name, sweep, bench) for each, sweep in sweeps.items()}
        price = await _ordinary(url, name, sweeps["runs"], bench)
    size = f"{runs:,} runs, {open_:,} open"
    share = sum(
        (cost.ours + cost.postgres) / (10 * interval_of(each)) for each, cost in rest.items()
    )
    longest = max(rest.values(), key=lambda cost: cost.longest)
    slowest = next(each for each, cost in rest.items() if cost is longest)
    costs = "; ".join(
        f"{each} {cost.ours + cost.postgres:.0f} ms CPU every {interval_of(each):g} s"
        for each, cost in rest.items()
    )
    return [
        Figure("sweeps", f"{size}: at rest", "% of a core", share, aim=_REST, note=costs),
        Figure("sweeps", f"{size}: longest slice", "ms", longest.longest, aim=_STATEMENT,
               note=slowest),
        Figure("sweeps", f"{size}: an ordinary run", "ms CPU", price, aim=_PRICE),
    ]  # fmt: skip


_INTERVALS = {
    "runs": 15.0, "fleet": 5.0, "queue_jobs": 5.0, "tracked_jobs": 30.0, "queue": 15.0,
    "platform": 60.0, "aggregates": 60.0, "detector": 15.0,
}  # fmt: skip


def interval_of(name: str) -> float:
    """Seconds from one turn of a sweep to the next, as shipped."""
    return _INTERVALS[name]


@asynccontextmanager
async def _sweeps(url: str) -> AsyncIterator[dict[str, Sweep]]:
    settings = load_settings(keys=SecretStr(KEY))
    async with open_service(settings, url) as service:
        yield {sweep.name: sweep for sweep in service.worker().sweeps.each}


async def _seed(url: str, runs: int, open_: int) -> None:
    text = (_FOLDER / "sweeps_seed.sql").read_text("utf-8")
    text = text.replace(":runs", str(runs)).replace(":open", str(open_))
    async with await connect(url) as connection:
        await connection.execute(text.encode())
        await connection.execute("vacuum analyze")


async def _due(url: str, name: str) -> None:
    async with await connect(url) as connection:
        await connection.execute(
            "update meshhook_alerts.sweeps set due_at = now() where name = %s", (name,)
        )


async def _until_idle(url: str, database: str, sweep: Sweep) -> Cost:
    """Turns until there is nothing more to do at once."""
    ours, theirs, began = time.process_time(), postgres_seconds(database), time.perf_counter()
    longest, turn = 0.0, None
    while turn is None or turn.wait_seconds == 0:
        started = time.perf_counter()
        turn = await sweep.turn()
        longest = max(longest, time.perf_counter() - started)
    return Cost(
        1000 * (time.perf_counter() - began),
        1000 * (time.process_time() - ours),
        1000 * (postgres_seconds(database) - theirs),
        1000 * longest,
    )


async def _at_rest(url: str, database: str, sweep: Sweep, bench: Bench) -> Cost:
    """The mean of some turns in which nothing is news."""
    rounds = 3 if bench.quick else 5
    costs = []
    for number in range(rounds):
        bench.say(f"sweeps: {sweep.name} at rest, {number + 1} of {rounds}")
        await _due(url, sweep.name)
        costs.append(await _until_idle(url, database, sweep))
    return Cost(
        sum(cost.wall for cost in costs) / rounds,
        sum(cost.ours for cost in costs) / rounds,
        sum(cost.postgres for cost in costs) / rounds,
        max(cost.longest for cost in costs),
    )


async def _ordinary(url: str, database: str, sweep: Sweep, bench: Bench) -> float:
    """CPU per run of some that come and succeed, in two stretches as traffic does: their beginning
    is seen by one turn, their end by the next."""
    halves = ("run_created", "step_started", "http_attempted", "step_succeeded"), (
        "step_started", "step_succeeded", "run_completed",
    )  # fmt: skip
    bench.say(f"sweeps: {ORDINARY:,} ordinary runs")
    spent = 0.0
    async with await connect(url) as connection:
        await connection.execute(_BEGIN, (ORDINARY,))
        for half in halves:
            await connection.execute(_EVENTS, (list(half),))
            if half is halves[-1]:
                await connection.execute(_CLOSE)
            await _due(url, "runs")
            cost = await _until_idle(url, database, sweep)
            spent += cost.ours + cost.postgres
    return spent / ORDINARY


def postgres_seconds(database: str) -> float:
    """CPU seconds that the backends of a database have used so far."""
    ticks = 0
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                command = (process / "cmdline").read_bytes()
                if command.startswith(b"postgres: ") and database.encode() in command:
                    fields = (process / "stat").read_text().rsplit(")", 1)[1].split()
                    ticks += int(fields[11]) + int(fields[12])
            except OSError:
                continue
    return ticks / os.sysconf("SC_CLK_TCK")


_BEGIN: Any = """
create table public.ordinary as
with made as (
  insert into public.workflow_runs (project_id, workflow_id, status)
  select project_id, id, 'running' from (
    select project_id, id from public.workflow_definitions limit 1) d, generate_series(1, %s::int)
  returning id)
select id from made"""
_EVENTS: Any = """
insert into public.workflow_events (run_id, type, payload)
select id, type, case when type in ('run_created', 'run_completed') then '{}'::jsonb
  when place > 4 then '{"node": {"id": "b", "type": "transform"}}'
  else '{"node": {"id": "a", "type": "http_call"}, "status": 200}' end
from public.ordinary, unnest(%s::text[]) with ordinality as t (type, n),
  lateral (select case when type = 'step_started' and n = 1 then 5 when n = 2 and type = 'step_succeeded' then 6
    else n end as place) p
order by id, n"""
_CLOSE: Any = """
update public.workflow_runs set status = 'succeeded', finished_at = now()
where id in (select id from public.ordinary)"""
