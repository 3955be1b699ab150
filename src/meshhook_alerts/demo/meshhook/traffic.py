"""Runs without end: a mix of plots at a given pace, the same from the same seed."""

from __future__ import annotations

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Mapping, Sequence

import psycopg

from meshhook_alerts.demo.meshhook.engine import SampleEngine
from meshhook_alerts.demo.meshhook.plots import Plot

_log = logging.getLogger(__name__)

_CATCH_UP_SECONDS = 1.0
"""How much lost time is made good by beginning runs faster; more would come as a flood."""

USUAL_MIX: Mapping[Plot, float] = {
    **dict.fromkeys(Plot, 2.0),
    Plot.SUCCEEDS: 60.0,
    Plot.RETRIES_THEN_SUCCEEDS: 10.0,
}
"""Mostly well, and now and then each way of failing."""


class Traffic:
    """Plays runs of some workflows, a bounded number at once, until told to stop.

    ``pace`` is the mean number of runs begun per second; they come at random, as requests do,
    and wait rather than pile up when ``at_once`` of them are under way.
    """

    def __init__(
        self,
        engine: SampleEngine,
        slugs: Sequence[str],
        *,
        pace: float,
        mix: Mapping[Plot, float] = USUAL_MIX,
        seed: int = 0,
        at_once: int = 32,
    ) -> None:
        self._engine = engine
        self._slugs = slugs
        self._pace = pace
        self._plots, self._weights = list(mix), list(mix.values())
        self._rng = random.Random(seed)  # noqa: S311  plays a story, guards nothing
        self._places = asyncio.Semaphore(at_once)
        self.played: Counter[Plot] = Counter()
        """Runs played to their end so far, by plot."""
        self.broken_off = 0
        """Runs the database broke off."""

    async def play(self, stop: asyncio.Event) -> None:
        """Play until ``stop`` is set. Runs then under way stay as a killed engine leaves them:
        each statement, or transaction where the engine has one, whole or absent."""
        async with asyncio.TaskGroup() as tasks:
            runs: set[asyncio.Task[None]] = set()
            beginner = tasks.create_task(self._begin_runs(tasks, runs))
            await stop.wait()
            for task in (beginner, *runs):
                task.cancel()

    async def _begin_runs(self, tasks: asyncio.TaskGroup, runs: set[asyncio.Task[None]]) -> None:
        clock = asyncio.get_running_loop().time
        due = clock()
        while True:
            due = max(due + self._rng.expovariate(self._pace), clock() - _CATCH_UP_SECONDS)
            await asyncio.sleep(due - clock())
            await self._places.acquire()
            (plot,) = self._rng.choices(self._plots, self._weights)
            run = tasks.create_task(self._play_one(self._rng.choice(self._slugs), plot))
            runs.add(run)
            run.add_done_callback(runs.discard)
            run.add_done_callback(lambda _: self._places.release())

    async def _play_one(self, slug: str, plot: Plot) -> None:
        """One run. A restarting database or a deleted workflow breaks it off, and no more."""
        try:
            await self._engine.run(slug, plot)
        except (psycopg.Error, LookupError) as error:
            self.broken_off += 1
            _log.warning("run of %s (%s) broken off: %s", slug, plot, error)
        else:
            self.played[plot] += 1
