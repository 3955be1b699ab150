"""A small engine that leaves in the database exactly what MeshHook leaves.

Today's MeshHook is not wired up: its runs never get past their first event. The sample plays it
as it is meant to work, step by step, with the ways of failing that its code has (`plots.py`).
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from contextlib import suppress
from uuid import UUID

import psycopg

from meshhook_alerts.demo.meshhook.connections import Connections
from meshhook_alerts.demo.meshhook.job_queue import JobQueue
from meshhook_alerts.demo.meshhook.journal import Journal, StoredWorkflow
from meshhook_alerts.demo.meshhook.orchestrator import Orchestrator
from meshhook_alerts.demo.meshhook.pace import Pace
from meshhook_alerts.demo.meshhook.plots import Plot
from meshhook_alerts.demo.meshhook.requests import IncomingRequest, made_up_request
from meshhook_alerts.demo.meshhook.seeding import SeededProject, seed
from meshhook_alerts.demo.meshhook.steps import NodeIds, steps_of
from meshhook_alerts.demo.meshhook.workflows import SampleWorkflow


class SampleEngine:
    """Plays runs, any number of them at once.

    ``time_scale`` shortens every wait: 1.0 is MeshHook's own pace. What happens in a run depends
    on ``rng`` and the order in which runs are begun, never on how they interleave.
    """

    def __init__(
        self,
        connect: Connections,
        *,
        time_scale: float = 1.0,
        rng: random.Random | None = None,
        node_ids: NodeIds = NodeIds.HARD_CODED,
    ) -> None:
        self._connect = connect
        self._journal = Journal(connect)
        self._pace = Pace(time_scale)
        self._rng = rng or random.Random()  # noqa: S311  plays a story, guards nothing
        self._node_ids = node_ids
        self.workers = asyncio.Event()
        """Set while workers are at work; cleared, runs are accepted and wait."""
        self.workers.set()

    async def seed(
        self, project_name: str, owner: UUID, workflows: Sequence[SampleWorkflow]
    ) -> SeededProject:
        """Publish the workflows in the owner's project of that name, where they are missing."""
        return await seed(self._connect, project_name, owner, workflows)

    async def intake(self, slug: str) -> UUID:
        """Accept one made-up request: a run and its first event, in two commits."""
        request = made_up_request(slug, self._rng_of_one_run())
        return await self._accept(await self._journal.find(slug), request)

    async def run(self, slug: str, plot: Plot) -> UUID:
        """Play a whole run, and return when the engine would write nothing more."""
        rng = self._rng_of_one_run()
        request = made_up_request(slug, rng)
        workflow = await self._journal.find(slug)
        if plot is Plot.NO_EVENTS:
            return await self._accept_in_part(workflow, request.with_nul())
        run_id = await self._accept(workflow, request)
        await self.workers.wait()
        if plot is Plot.DEAD_LETTERED:
            await JobQueue(self._connect, self._pace, rng).fail_for_good(run_id, workflow)
        elif plot is not Plot.NEVER_STARTED:
            steps = steps_of(workflow.definition, self._node_ids)
            await Orchestrator(self._journal, run_id, plot, self._pace, rng).perform(steps)
        return run_id

    async def _accept(self, workflow: StoredWorkflow, request: IncomingRequest) -> UUID:
        run_id = await self._journal.create_run(workflow)
        await self._journal.event(run_id, "run_created", request.payload)
        return run_id

    async def _accept_in_part(self, workflow: StoredWorkflow, request: IncomingRequest) -> UUID:
        """The run is committed by the time its event is refused; the sender is told 500."""
        run_id = await self._journal.create_run(workflow)
        with suppress(psycopg.DataError):
            await self._journal.event(run_id, "run_created", request.payload)
        return run_id

    def _rng_of_one_run(self) -> random.Random:
        return random.Random(self._rng.getrandbits(64))  # noqa: S311  plays a story
