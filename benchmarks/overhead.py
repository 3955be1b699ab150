"""Overhead: MeshHook's paths as its client sees them, with and without our triggers, interleaved;
and two databases without: their mean is the yardstick, their difference the control of what is noise."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from statistics import median
from uuid import uuid4

from benchmarks.bench import Bench, Connection, Project, connect, seed
from benchmarks.figures import Aim, Figure
from benchmarks.service import serving

_NODE = '{"id": "http", "type": "http_call"}'


@dataclass(slots=True)
class Side:
    """One database: with our triggers, or without."""

    connection: Connection
    project: Project
    took: dict[str, list[float]] = field(default_factory=lambda: {"success": [], "failing": []})

    async def begin(self) -> object:
        """A run, as intake creates it."""
        run_id = uuid4()
        await self.connection.execute(
            "insert into public.workflow_runs (id, project_id, workflow_id, status) values (%s, %s, %s, 'running')",
            (run_id, self.project.id, self.project.workflow_id),
        )
        return run_id

    async def event(self, run_id: object, type_: str, payload: str) -> None:
        """One event, committed by itself."""
        await self.connection.execute(
            "insert into public.workflow_events (run_id, type, payload) values (%s, %s, %s::jsonb)",
            (run_id, type_, payload),
        )


async def success(side: Side) -> None:
    """Eight commits: a run, six events, its end."""
    run_id = await side.begin()
    for type_ in (
        "run_created",
        "step_started",
        "http_attempted",
        "step_succeeded",
        "step_started",
    ):
        await side.event(run_id, type_, f'{{"node": {_NODE}, "status": 200}}')
    await side.event(run_id, "run_completed", "{}")
    await side.connection.execute(
        "update public.workflow_runs set status = 'succeeded', finished_at = now() where id = %s",
        (run_id,),
    )


async def failing(side: Side) -> None:
    """Twelve commits: a run, a step, five attempts that fail."""
    run_id = await side.begin()
    await side.event(run_id, "step_started", f'{{"node": {_NODE}}}')
    for attempt in range(1, 6):
        await side.event(run_id, "http_attempted", f'{{"node": {_NODE}, "status": 503}}')
        error = f'{{"node": {_NODE}, "attempt": {attempt}, "error": "Error: HTTP 503"}}'
        await side.event(run_id, "step_failed", error)


PATHS: dict[str, Callable[[Side], Awaitable[None]]] = {"success": success, "failing": failing}


async def run(bench: Bench) -> list[Figure]:
    """Both paths, round-robin over three databases, the worker at work on ours."""
    async with AsyncExitStack() as stack:
        sides = {}
        for name in ("ours", "without", "control"):
            url = await bench.database(f"overhead_{name}", ours=name == "ours")
            connection = await stack.enter_async_context(await connect(url))
            sides[name] = Side(connection, await seed(connection))
            if name == "ours":
                await stack.enter_async_context(serving(url, "worker"))
        await _rounds(bench, sides, 60 if bench.quick else 400)
    return [figure for path in PATHS for figure in _figures(path, sides)]


async def _rounds(bench: Bench, sides: dict[str, Side], number: int) -> None:
    names = list(sides)
    for turn in range(number + 20):
        if turn % 50 == 0:
            bench.say(f"overhead: round {turn} of {number + 20}")
        for path, play in PATHS.items():
            for place in range(len(names)):
                # Whoever goes first pays for what came before; so everyone goes first in turn.
                side = sides[names[(place + turn) % len(names)]]
                started = time.perf_counter()
                await play(side)
                if turn >= 20:
                    side.took[path].append(time.perf_counter() - started)


def _figures(path: str, sides: dict[str, Side]) -> list[Figure]:
    ours, without, control = (sides[name].took[path] for name in ("ours", "without", "control"))
    bare = [(one + other) / 2 for one, other in zip(without, control, strict=True)]
    equals = _figure(f"{path} path, none (control)", control, without, None)
    # On the success path nothing may be seen that two equal databases do not show as well.
    noise = max(1.02, equals.spread[1] if equals.spread else 0)
    aim = Aim(1.10 if path == "failing" else round(noise, 2), at_least=False)
    return [_figure(f"{path} path, our triggers", ours, bare, aim), equals]


def _figure(what: str, one: list[float], other: list[float], aim: Aim | None) -> Figure:
    """Ratios of runs next to each other in time, so that drift falls out."""
    ratios = [mine / yours for mine, yours in zip(one, other, strict=True)]
    fifth = max(1, len(ratios) // 5)
    parts = sorted(median(ratios[start : start + fifth]) for start in range(0, fifth * 5, fifth))
    spread = (parts[0], parts[-1])
    ours, yardstick = median(one) * 1000, median(other) * 1000
    return Figure("overhead", what, "ms a run", ours, yardstick, median(ratios), spread, aim)
