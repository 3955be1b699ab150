"""Writers: sixteen clients write MeshHook's paths at once, with all our triggers and a worker at work,
and on two databases without, in turns: runs a second, and the server's CPU for each."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from statistics import median

from benchmarks.bench import Bench, Project, connect, seed
from benchmarks.figures import Aim, Figure
from benchmarks.overhead import PATHS, Side
from benchmarks.service import serving
from benchmarks.sweeps import postgres_seconds

WRITERS = 16


@dataclass(slots=True)
class Field:
    """One database and its writers."""

    name: str
    writers: list[Side]
    spent: dict[str, list[tuple[float, float]]] = field(
        default_factory=lambda: {path: [] for path in PATHS}
    )
    """By path, of each round: seconds a run, and the server's CPU seconds a run."""

    async def play(self, path: str, seconds: float) -> None:
        """Everybody writes for so long."""
        cpu, began = postgres_seconds(self.name), time.perf_counter()
        runs = sum(
            await asyncio.gather(*(_write(side, path, began + seconds) for side in self.writers))
        )
        took = time.perf_counter() - began
        self.spent[path].append((took / runs, (postgres_seconds(self.name) - cpu) / runs))


async def _write(side: Side, path: str, end: float) -> int:
    runs = 0
    while time.perf_counter() < end:
        await PATHS[path](side)
        runs += 1
    return runs


async def run(bench: Bench) -> list[Figure]:
    """Ten pairs and their control, or three."""
    rounds, seconds = (3, 2.0) if bench.quick else (10, 4.0)
    async with AsyncExitStack() as stack:
        fields = {}
        for name in ("ours", "without", "control"):
            fields[name] = await _field(bench, stack, name)
        for turn in range(rounds + 1):
            bench.say(f"writers: round {turn} of {rounds}")
            for path in PATHS:
                for place in range(len(fields)):
                    await list(fields.values())[(place + turn) % len(fields)].play(path, seconds)
    return [figure for path in PATHS for figure in _figures(path, fields)]


async def _field(bench: Bench, stack: AsyncExitStack, name: str) -> Field:
    url = await bench.database(f"writers_{name}", ours=name == "ours")
    writers: list[Side] = []
    project: Project | None = None
    for _ in range(WRITERS):
        connection = await stack.enter_async_context(await connect(url))
        project = project or await seed(connection)
        writers.append(Side(connection, project))
    if name == "ours":
        await stack.enter_async_context(serving(url, "worker"))
    return Field(f"writers_{name}", writers)


def _figures(path: str, fields: dict[str, Field]) -> list[Figure]:
    ours, without, control = (
        fields[name].spent[path][1:] for name in ("ours", "without", "control")
    )
    equals = _ratios(control, without, 0)
    noise = Aim(round(max(1.02, equals[-1]), 2), at_least=False)
    figures = []
    for word, place in (("time", 0), ("server CPU", 1)):
        ratios = _ratios(ours, without, place)
        figures.append(
            Figure(
                "writers", f"{WRITERS} writers, {path} path: {word}", "ms a run",
                1000 * median(each[place] for each in ours),
                1000 * median(each[place] for each in without),
                median(ratios), (ratios[0], ratios[-1]), noise if place == 0 else None,
                note="" if place == 0 else "the worker's own statements included",
            )
        )  # fmt: skip
    figures.append(
        Figure(
            "writers", f"{WRITERS} writers, {path} path: none (control)", "ms a run",
            1000 * median(each[0] for each in control), 1000 * median(each[0] for each in without),
            median(equals), (equals[0], equals[-1]),
        )
    )  # fmt: skip
    return figures


def _ratios(
    one: list[tuple[float, float]], other: list[tuple[float, float]], place: int
) -> list[float]:
    return sorted(a[place] / b[place] for a, b in zip(one, other, strict=True))
