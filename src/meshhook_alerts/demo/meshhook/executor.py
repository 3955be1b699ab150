"""The HTTP executor: calls the far side up to five times and writes down what came of it."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from uuid import UUID

import psycopg

from meshhook_alerts.demo.meshhook.calls import Call
from meshhook_alerts.demo.meshhook.journal import Journal
from meshhook_alerts.demo.meshhook.pace import Pace
from meshhook_alerts.demo.meshhook.steps import Step

MAX_ATTEMPTS = 5
RESPONSE_LENGTH = 2048


@dataclass(frozen=True, slots=True)
class HttpExecutor:
    """Plays the HTTP nodes of one run."""

    journal: Journal
    run_id: UUID
    pace: Pace
    rng: random.Random

    async def execute(self, step: Step, following: Step | None, calls: Iterable[Call]) -> bool:
        """Call until a success is stored; false when the attempts are used up, which no event
        marks: the fifth ``step_failed`` looks like the four before it."""
        for attempt, call in enumerate(islice(calls, MAX_ATTEMPTS), start=1):
            await self.pace.wait(call.seconds)
            error = await self._record(step, following, call)
            if error is None:
                return True
            failure = {"node": step.node, "attempt": attempt, "error": error}
            await self.journal.event(self.run_id, "step_failed", failure)
            if attempt < MAX_ATTEMPTS:
                await self.pace.wait(self._backoff(attempt))
        return False

    async def _record(self, step: Step, following: Step | None, call: Call) -> str | None:
        """Write down what came back; the error, if the attempt counts as failed."""
        if call.status is None:
            return call.error
        attempted = {"node": step.node, "status": call.status}
        await self.journal.event(self.run_id, "http_attempted", attempted)
        if not 200 <= call.status < 300:
            return f"Error: HTTP {call.status}"
        return await self._store_success(step, following, call)

    async def _store_success(self, step: Step, following: Step | None, call: Call) -> str | None:
        """MeshHook stores the success inside its retry loop: a response that the database
        refuses turns the success into a failure, and the call is made again."""
        success = {
            "node": step.node,
            "next": following.id if following else None,
            "response": call.response[:RESPONSE_LENGTH],
        }
        try:
            await self.journal.event(self.run_id, "step_succeeded", success)
        except psycopg.DataError as refused:
            return f"error: {refused.diag.message_primary}"
        return None

    def _backoff(self, attempt: int) -> float:
        """Half a second, doubling, plus up to a quarter."""
        return 0.5 * 2.0 ** (attempt - 1) + self.rng.random() * 0.25
