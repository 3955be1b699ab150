"""The worker: a few loops with tables between them. Each survives what happens to the others."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from meshhook_alerts.application.evaluate_failures import EvaluateFailures
from meshhook_alerts.application.ports import (
    DeliveryStore,
    Health,
    StatementRefused,
    StoreUnavailable,
    Sweep,
    Sweeps,
    Waker,
)
from meshhook_alerts.application.sending import LEASE_SECONDS, Sender

_log = logging.getLogger(__name__)

_NOTHING_SECONDS = 0.02
_FEW = 100
_CALM = 2
"""Signals per batch up to which their commits can well afford to wake us, each with a notify: it
comes sooner than a look every few milliseconds."""
_ENDING_SECONDS = 5
_AGAIN_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often what happens, in seconds."""

    attribute: float = 2
    queue: float = 0.5
    leases: float = 3
    beat: float = 10
    tidy: float = 21_600
    stop: float = 20
    """How long a stopping worker waits for what it is sending."""


@dataclass(slots=True)
class Worker:
    """Decides, delivers and sweeps until told to stop."""

    evaluate: EvaluateFailures
    sender: Sender
    deliveries: DeliveryStore
    waker: Waker
    sweeps: Sweeps
    health: Health
    prepare: Callable[[], Awaitable[None]] | None = None
    """Done once, as soon as there is a database."""
    rhythm: Rhythm = field(default_factory=Rhythm)
    abilities: Mapping[str, Any] = field(default_factory=dict)
    """What this worker can do that another may not; stands in ``alert_health``."""
    decided: int = 0
    """Failures decided since the start."""
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)
    _outage: _Outage = field(default_factory=lambda: _Outage())

    async def run(self) -> None:
        """Runs until ``stop``; then lets what is being sent end, within a bound."""
        deciding = asyncio.create_task(self._decide_for_ever(), name="decide")
        leases = asyncio.create_task(self._every(self.rhythm.leases, self.sender.keep_leases))
        others = [
            asyncio.create_task(self._prepare(), name="prepare"),
            asyncio.create_task(self._every(self.rhythm.queue, self._send_due), name="send"),
            *(asyncio.create_task(self._sweep(each), name=each.name) for each in self.sweeps.each),
            asyncio.create_task(self._every(self.rhythm.attribute, self.sweeps.attribute)),
            asyncio.create_task(self._every(self.rhythm.beat, self._beat), name="beat"),
            asyncio.create_task(self._every(self.rhythm.tidy, self.health.tidy), name="tidy"),
        ]
        await self._stopping.wait()
        # A transaction under way may end; only a stuck one is broken off.
        await asyncio.wait([deciding], timeout=_ENDING_SECONDS)
        await _end([deciding, *others])
        if left := await self.sender.drain(self.rhythm.stop):
            _log.warning("%d notifications were still being sent; others will take over", left)
        await _end([leases])
        await self._say_goodbye()

    def stop(self) -> None:
        """Asks the worker to end."""
        self._stopping.set()

    async def _prepare(self) -> None:
        troubles = _Backoff("preparing", self._outage)
        while self.prepare is not None:
            try:
                await self.prepare()
                troubles.over()
                return
            except Exception as problem:
                await troubles.pause(problem)

    async def _decide_for_ever(self) -> None:
        troubles = _Backoff("deciding", self._outage)
        while not self._stopping.is_set():
            try:
                if not await self._decide_until_idle():
                    # Woken for nothing: another worker has the project. Do not spin on its lock.
                    await asyncio.sleep(_NOTHING_SECONDS)
                troubles.over()
                await self._sleep()
            except Exception as problem:
                await troubles.pause(problem)

    async def _sleep(self) -> None:
        """Until there may be work, or the worker is to end."""
        woken = asyncio.create_task(self.waker.until_signals(limit=LEASE_SECONDS))
        ending = asyncio.create_task(self._stopping.wait())
        await asyncio.wait({woken, ending}, return_when=asyncio.FIRST_COMPLETED)
        ending.cancel()
        if woken.done():
            woken.result()
        else:
            await _end([woken])

    async def _decide_until_idle(self) -> int:
        batches = 0
        while not self._stopping.is_set() and (evaluated := await self.evaluate()):
            batches += 1
            self.decided += evaluated.failures
            if evaluated.leased:
                await self.sender.start(evaluated.leased)
            if evaluated.signals > _CALM:
                self.waker.busy()  # only now: what woke us comes first
            if evaluated.signals < _FEW:
                break  # a storm goes on at once; otherwise a cheaper look tells whether there is more
        return batches

    async def _send_due(self) -> None:
        while places := self.sender.places:
            due = await self.deliveries.take_due(places, LEASE_SECONDS)
            await self.sender.start(due)
            if not due:
                return
            await asyncio.sleep(0)

    async def _sweep(self, sweep: Sweep) -> None:
        """Each sweep has a loop of its own: none waits for another."""
        troubles = _Backoff(f"sweep {sweep.name}", self._outage)
        while True:
            try:
                turn = await sweep.turn()
                troubles.over()
                if turn.added:
                    self.waker.busy()
                await asyncio.sleep(turn.wait_seconds)
            except Exception as problem:
                await troubles.pause(problem)

    async def _beat(self) -> None:
        await self.health.beat("working", {"decided": self.decided, **self.abilities})

    async def _say_goodbye(self) -> None:
        try:
            await self.health.beat("stopped", {"decided": self.decided})
        except StoreUnavailable as problem:
            _log.info("could not say goodbye: %s", problem)

    async def _every(self, seconds: float, step: Callable[[], Awaitable[object]]) -> None:
        troubles = _Backoff(getattr(step, "__name__", "a step").strip("_"), self._outage)
        while True:
            try:
                await step()
                troubles.over()
                await asyncio.sleep(seconds)
            except Exception as problem:
                await troubles.pause(problem)


class _Outage:
    """A database that is away, as the log tells of it: one line when it is lost, one when it is back,
    however many loops wait for it."""

    def __init__(self) -> None:
        self._waiting: set[str] = set()
        self._since = 0.0

    def waits(self, what: str, problem: Exception) -> None:
        if not self._waiting:
            self._since = time.monotonic()
            _log.warning("the database cannot be used, and is waited for: %s", problem)
        self._waiting.add(what)

    def goes_on(self, what: str) -> None:
        self._waiting.discard(what)
        if self._since and not self._waiting:
            _log.info("the database is back after %.0f s", time.monotonic() - self._since)
            self._since = 0.0


class _Backoff:
    """Waits longer while trouble lasts, and says so once, not at every turn."""

    def __init__(self, what: str, outage: _Outage) -> None:
        self._what = what
        self._outage = outage
        self._refused = False
        self._wait = 0.0

    async def pause(self, problem: Exception) -> None:
        if not isinstance(problem, StoreUnavailable):
            # Ours to mend, and no reason to end: the next turn may well succeed.
            _log.exception("%s failed and will be tried again", self._what, exc_info=problem)
        elif not isinstance(problem, StatementRefused) or _is_not_set_up(problem):
            self._outage.waits(self._what, problem)
        elif not self._refused:
            self._refused = True
            _log.warning("%s is refused by the database, and tried again: %s", self._what, problem)
        self._wait = min(max(0.1, self._wait * 2), 5)
        await asyncio.sleep(self._wait)

    def over(self) -> None:
        if self._refused:
            _log.info("%s goes on", self._what)
        self._outage.goes_on(self._what)
        self._refused, self._wait = False, 0.0


def _is_not_set_up(problem: StatementRefused) -> bool:
    """What all loops meet alike in a database that lacks our tables."""
    return "migrate" in str(problem)


async def _end(tasks: list[asyncio.Task[None]]) -> None:
    """Ends tasks within a bound: one that is stuck in a dead connection must not keep the others.

    A cancellation can get lost (Python 3.11's ``wait_for`` may swallow it), so it is repeated.
    """
    give_up = asyncio.get_running_loop().time() + _ENDING_SECONDS
    waiting = set(tasks)
    while waiting and asyncio.get_running_loop().time() < give_up:
        for task in waiting:
            task.cancel()
        _, waiting = await asyncio.wait(waiting, timeout=_AGAIN_SECONDS)
