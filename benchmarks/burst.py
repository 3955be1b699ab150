"""A burst: a hundred runs fail in different ways within 0.6 s; how long until each message's first
byte, with all sweeps at work and with none, in turns."""

from __future__ import annotations

import asyncio
import json
import time
from statistics import median
from uuid import uuid4

from benchmarks.bench import Bench, Connection, Project, connect, seed
from benchmarks.figures import Aim, Figure, percentile
from benchmarks.latency import configure
from benchmarks.service import Receiver, receiving, serving

RUNS, SECONDS = 105, 0.6
_AIM = Aim(1.2, at_least=False)
_WAYS = (  # attempt, error
    (5, "Error: HTTP 503"),
    (1, "Error: HTTP 404"),
    (1, "TypeError: Invalid URL"),
    (5, "SocketError: other side closed"),
    (1, "error: unsupported Unicode escape sequence"),
)


async def run(bench: Bench) -> list[Figure]:
    """Some rounds of both, one after the other."""
    rounds = 2 if bench.quick else 5
    took: dict[str, list[list[float]]] = {"sweeping": [], "not": []}
    for turn in range(rounds):
        for name in took:
            bench.say(f"burst: {name}, round {turn + 1} of {rounds}")
            took[name].append(await _round(bench, f"burst_{name}", sweeps=name == "sweeping"))
    return [
        _figure(word, share, took["sweeping"], took["not"])
        for word, share in (("p50", 0.5), ("p99", 0.99))
    ]


async def _round(bench: Bench, name: str, *, sweeps: bool) -> list[float]:
    url = await bench.database(name)
    async with await connect(url) as writer, receiving() as receiver:
        project = await seed(writer)
        await configure(url, project, receiver, cooldown_seconds=0)
        command = () if sweeps else ("--no-sweeps",)
        async with serving(url, *command, module="benchmarks.worker"):
            await _burst(writer, project, receiver, "warm")
            await asyncio.sleep(1)
            return await _burst(writer, project, receiver, "real")


async def _burst(
    writer: Connection, project: Project, receiver: Receiver, name: str
) -> list[float]:
    committed: dict[str, float] = {}
    begin = time.monotonic()
    for number in range(RUNS):
        await asyncio.sleep(max(0.0, begin + number * SECONDS / RUNS - time.monotonic()))
        run_id, node = uuid4(), f"{name}-{number}"
        attempt, error = _WAYS[number % len(_WAYS)]
        step = {"id": node, "type": "http_call"}
        await writer.execute(
            "insert into public.workflow_runs (id, project_id, workflow_id, status)"
            " values (%s, %s, %s, 'running')",
            (run_id, project.id, project.workflow_id),
        )
        await writer.execute(
            "insert into public.workflow_events (run_id, type, payload) values"
            " (%s, 'run_created', '{}'), (%s, 'step_started', %s::jsonb)",
            (run_id, run_id, json.dumps({"node": step})),
        )
        payload = {"node": step, "attempt": attempt, "error": error}
        await writer.execute(
            "insert into public.workflow_events (run_id, type, payload)"
            " values (%s, 'step_failed', %s::jsonb)",
            (run_id, json.dumps(payload)),
        )
        committed[node] = time.clock_gettime(time.CLOCK_MONOTONIC)
    end = time.monotonic() + 20
    while committed.keys() - receiver.arrived.keys() and time.monotonic() < end:
        await asyncio.sleep(0.05)
    if missing := committed.keys() - receiver.arrived.keys():
        raise RuntimeError(f"burst: {len(missing)} of {RUNS} messages never came")
    return [receiver.arrived[node] - moment for node, moment in committed.items()]


def _figure(what: str, share: float, ours: list[list[float]], peer: list[list[float]]) -> Figure:
    one = [percentile(took, share) * 1000 for took in ours]
    other = [percentile(took, share) * 1000 for took in peer]
    ratios = sorted(a / b for a, b in zip(one, other, strict=True))
    spread = (ratios[0], ratios[-1])
    return Figure(
        "burst", f"{RUNS} runs in {SECONDS} s, {what}", "ms", median(one), median(other),
        median(ratios), spread, _AIM if what == "p50" else None,
        note="yardstick: the same worker without sweeps",
    )  # fmt: skip
