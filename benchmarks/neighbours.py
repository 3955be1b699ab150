"""Neighbours: how long another project's alert waits while one project fails a hundred thousand times,
or has settings that are as dear as can be; and how long the process itself is held meanwhile."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from statistics import median

import uvloop
from pydantic import SecretStr

from benchmarks.bench import Bench, connect, seed
from benchmarks.figures import Aim, Figure, percentile
from benchmarks.latency import Field, configure
from benchmarks.service import KEY, receiving
from meshhook_alerts.application.worker import Worker
from meshhook_alerts.bootstrap import open_service
from meshhook_alerts.settings import load_settings

FAILURES = 100_000
_DELAY = Aim(2_000, at_least=False)
_HELD = Aim(50, at_least=False)
_TICK = 0.005
_STORM = """
insert into meshhook_alerts.signals
  (project_id, source, observed, source_ref, source_time, run_id, workflow_id, node_id, node_type, attempt, error)
select %s, 'meshhook', 'step_failed', 'event:storm-' || %s || n, now(), gen_random_uuid(), %s,
       'node-' || n %% %s, 'http_call', '5', 'Error: trouble ' || chr(65 + n %% 26) || md5(n::text)
from generate_series(1, %s) n"""
_RULES: list[dict[str, object]] = [
    {"name": f"r{rule}", "when": {"workflows": [f"*{rule:x}*{each:x}*?*" for each in range(100)]}}
    for rule in range(1_000)
]
"""More than can be saved; as if they had been put there by hand."""

CASES = {"nobody else": (0, 1, []), "100,000 failures next door": (FAILURES, 50, []),
         "a hundred thousand patterns next door": (5_000, 5_000, _RULES)}  # fmt: skip


async def run(bench: Bench) -> list[Figure]:
    """One alone, then each neighbour."""
    figures: list[Figure] = []
    for name, (failures, nodes, rules) in CASES.items():
        bench.say(f"neighbours: {name}")
        number = failures // 10 if bench.quick else failures
        took, late = await _case(bench, number, nodes, rules)
        aim = _DELAY if failures else None
        figures += [
            Figure("neighbours", f"{name}: the other's alert, p50", "ms", 1000 * median(took)),
            Figure("neighbours", f"{name}: at most", "ms", 1000 * max(took), aim=aim),
            Figure("neighbours", f"{name}: the loop is held, p99", "ms",
                   1000 * percentile(late, 0.99), aim=_HELD,
                   note=f"at most {1000 * max(late):.0f} ms"),
        ]  # fmt: skip
    return figures


async def _case(
    bench: Bench, failures: int, nodes: int, rules: list[dict[str, object]]
) -> tuple[list[float], list[float]]:
    url = await bench.database("neighbours")
    async with await connect(url) as failing, await connect(url) as bare, receiving() as receiver:
        await failing.execute(
            "create table public.bare (id bigint generated always as identity, at timestamptz)"
        )
        mine, other = await seed(failing), await seed(failing)
        await configure(url, mine, receiver)
        await failing.execute(
            "insert into public.alert_settings (project_id, document) values (%s, %s::jsonb)",
            (other.id, json.dumps({"rules": rules} if rules else {})),
        )
        field = Field(failing, bare, mine, receiver)
        async with _worker(url) as late:
            await field.took(await field.play("warm", pace=10, number=20))
            late.clear()
            if failures:
                await bare.execute(_STORM, (other.id, "a", other.workflow_id, nodes, failures))
            took = await field.took(await field.play("real", pace=5, number=50))
            return took, list(late)


@asynccontextmanager
async def _worker(url: str) -> AsyncIterator[list[float]]:
    """A worker in a thread with a loop of its own; how late its loop was, each time it was asked."""
    late: list[float] = []
    ready: asyncio.Future[tuple[asyncio.AbstractEventLoop, Worker]] = (
        asyncio.get_running_loop().create_future()
    )
    here = asyncio.get_running_loop()

    async def work() -> None:
        settings = load_settings(keys=SecretStr(KEY), outbound_allow="127.0.0.0/8")
        async with open_service(settings, url) as service:
            worker = service.worker()
            here.call_soon_threadsafe(ready.set_result, (asyncio.get_running_loop(), worker))
            watching = asyncio.create_task(_watch(late))
            await worker.run()
            watching.cancel()

    thread = asyncio.create_task(
        asyncio.to_thread(lambda: asyncio.Runner(loop_factory=uvloop.new_event_loop).run(work()))
    )
    loop, worker = await ready
    try:
        yield late
    finally:
        loop.call_soon_threadsafe(worker.stop)
        await thread


async def _watch(late: list[float]) -> None:
    while True:
        started = time.perf_counter()
        await asyncio.sleep(_TICK)
        late.append(max(0.0, time.perf_counter() - started - _TICK))
