"""Recording how tries ended: in batches, and no result holds up another's.

A result that cannot be recorded (a host's trigger refuses it, say) is kept and tried again by
itself; until it is recorded its message stays leased, so that nobody sends it once more.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

from meshhook_alerts.application.delivery_news import tell
from meshhook_alerts.application.ports import (
    AttemptResult,
    DeliveryNews,
    StatementRefused,
    StoreUnavailable,
)

_log = logging.getLogger(__name__)

BATCH_LIMIT = 500
HELD_LIMIT = 10_000
"""Results kept in memory that could not be recorded; beyond it the oldest goes, and its message may
be sent once more."""
_FIRST_WAIT, _LONGEST_WAIT = 1.0, 10.0

Record = Callable[[Sequence[AttemptResult]], Awaitable[Sequence[DeliveryNews]]]
Say = Callable[[str | None], Awaitable[None]]


class Recorder:
    """Writes results in batches: as many as have come in while the last batch was written."""

    def __init__(self, record: Record, say: Say) -> None:
        self._record = record
        self._say = say
        """Takes what is in the way of recording; None once nothing is any more."""
        self._fresh: list[AttemptResult] = []
        self._writing: list[AttemptResult] = []
        self._held: dict[int, AttemptResult] = {}
        self._writer: asyncio.Task[None] | None = None
        self._came = asyncio.Event()

    @property
    def waiting(self) -> list[int]:
        """Queue entries whose results are not recorded yet."""
        return [each.queue_id for each in (*self._fresh, *self._writing)] + list(self._held)

    def has(self, queue_id: int) -> bool:
        """Whether the result of that queue entry is not recorded yet."""
        return queue_id in self._held or any(
            each.queue_id == queue_id for each in (*self._fresh, *self._writing)
        )

    def report(self, result: AttemptResult) -> None:
        """Takes a result; it will be recorded as soon as it can be."""
        self._fresh.append(result)
        self._came.set()
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write_all())

    async def drain(self, limit: float) -> int:
        """Waits up to ``limit`` seconds for all to be recorded; returns how many were not."""
        end = time.monotonic() + limit
        while self.waiting and time.monotonic() < end:
            if not self._fresh and not self._writing:
                break  # what is held will not go now either
            await asyncio.sleep(0.01)
        if self._writer is not None:
            self._writer.cancel()
        return len(self.waiting)

    async def _write_all(self) -> None:
        """Until nothing is left. Whatever happens to a result, this goes on."""
        wait, due = _FIRST_WAIT, 0.0
        while self._fresh or self._held:
            try:
                await self._write_fresh()
                if self._held and time.monotonic() < due:
                    await self._pause(due - time.monotonic())
                elif self._held:
                    await self._write_held()
                    wait = min(wait * 2, _LONGEST_WAIT)
                    due = time.monotonic() + wait
            except Exception:
                _log.exception("recording results failed and goes on")
                self._fresh, self._writing = [*self._writing, *self._fresh], []
                await asyncio.sleep(_FIRST_WAIT)

    async def _pause(self, seconds: float) -> None:
        self._came.clear()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._came.wait(), seconds)

    async def _write_fresh(self) -> None:
        while self._fresh:
            self._writing, self._fresh = self._fresh[:BATCH_LIMIT], self._fresh[BATCH_LIMIT:]
            await self._write(self._writing)
            self._writing = []

    async def _write_held(self) -> None:
        for result in list(self._held.values()):
            if self._fresh:
                return  # these come first
            await self._write([result])
        if not self._held:
            await self._say_so(None)

    async def _write(self, batch: Sequence[AttemptResult]) -> None:
        """All of a batch, or, where one of it is refused, all but that."""
        problem = await self._refusal(batch)
        if problem is None:
            for each in batch:
                self._held.pop(each.queue_id, None)
        elif len(batch) == 1:
            await self._hold(batch[0], problem)
        else:
            half = len(batch) // 2
            await self._write(batch[:half])
            await self._write(batch[half:])

    async def _refusal(self, batch: Sequence[AttemptResult]) -> Exception | None:
        """What is wrong with a batch itself; a database that is away is waited for."""
        wait, said = 0.1, False
        while True:
            try:
                news = await self._record(batch)
            except StatementRefused as problem:
                return problem
            except StoreUnavailable as problem:
                if not said:
                    _log.warning(
                        "results of %d tries wait for the database: %s", len(batch), problem
                    )
                    said = True
                await asyncio.sleep(wait)
                wait = min(wait * 2, 5)
            except Exception as problem:
                return problem
            else:
                tell(news)
                return None

    async def _hold(self, result: AttemptResult, problem: Exception) -> None:
        why = (str(problem).strip().splitlines() or [type(problem).__name__])[0]
        if result.queue_id not in self._held:
            _log.error(
                "the result of notification %s cannot be recorded, and is kept: %s",
                result.notification_id,
                why,
            )
        self._held[result.queue_id] = result
        while len(self._held) > HELD_LIMIT:
            oldest = self._held.pop(next(iter(self._held)))
            _log.error("too many results are kept; that of %s is let go", oldest.notification_id)
        await self._say_so(why)

    async def _say_so(self, trouble: str | None) -> None:
        try:
            await self._say(trouble)
        except Exception as problem:  # nothing depends on it
            _log.warning("could not say so in alert_health: %s", problem)
