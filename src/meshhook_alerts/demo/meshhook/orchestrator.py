"""The orchestrator: hands one step after the other to its executor and closes the run."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from meshhook_alerts.demo.meshhook.calls import calls_of
from meshhook_alerts.demo.meshhook.executor import HttpExecutor
from meshhook_alerts.demo.meshhook.journal import Journal
from meshhook_alerts.demo.meshhook.pace import Pace
from meshhook_alerts.demo.meshhook.plots import Plot
from meshhook_alerts.demo.meshhook.steps import Step


@dataclass(frozen=True, slots=True)
class Orchestrator:
    """Takes one run through its steps, by its plot."""

    journal: Journal
    run_id: UUID
    plot: Plot
    pace: Pace
    rng: random.Random

    async def perform(self, steps: Sequence[Step]) -> None:
        """Step after step, until one ends the run or there is no next."""
        struck = next((step for step in steps if step.type == "http_call"), None)
        for step, following in zip(steps, [*steps[1:], None], strict=True):
            await self.journal.event(self.run_id, "step_started", {"node": step.node})
            if self.plot is Plot.WORKER_DIES and step is struck:
                return
            plot = self.plot if step is struck else Plot.SUCCEEDS
            if not await self._execute(step, following, plot) or await self._interrupted():
                return
        await self.journal.complete(self.run_id)

    async def _execute(self, step: Step, following: Step | None, plot: Plot) -> bool:
        """Play one step; whether the run goes on after it."""
        match step.type:
            case "http_call":
                executor = HttpExecutor(self.journal, self.run_id, self.pace, self.rng)
                return await executor.execute(step, following, calls_of(plot, step.host, self.rng))
            case "terminate":
                await self.journal.terminate(self.run_id)
                return False
            case _:
                await self._transform(step, following)
                return True

    async def _transform(self, step: Step, following: Step | None) -> None:
        next_id = following.id if following else None
        success = {"node": step.node, "next": next_id, "output": {"ok": True}}
        await self.pace.wait(0.02)
        await self.journal.event(self.run_id, "step_succeeded", success)

    async def _interrupted(self) -> bool:
        """Whether the plot ends the run here, after its first successful step."""
        if self.plot is Plot.MARKED_FAILED:
            await self.journal.mark_failed(self.run_id)
        return self.plot in (Plot.MARKED_FAILED, Plot.NOT_ADVANCED)
