"""Sending many notifications at once: bounded, and fair to every channel."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence

from meshhook_alerts.application.ports import (
    AttemptResult,
    DeliveryStore,
    DueNotification,
)
from meshhook_alerts.application.recording import Recorder

_log = logging.getLogger(__name__)

LEASE_SECONDS = 10
SENDING_LIMIT = 64
"""Notifications one worker sends at the same time."""
PER_CHANNEL_LIMIT = 16
"""Of those, to one channel: a slow one never takes all places."""
_STALE_SECONDS = LEASE_SECONDS * 0.7
_PUT_BACK_SECONDS = 1

Send = Callable[[DueNotification], Awaitable[AttemptResult]]


class Sender:
    """Holds what is being sent, renews leases, and hands back what there is no place for."""

    def __init__(self, store: DeliveryStore, send: Send, recorder: Recorder) -> None:
        self._store = store
        self._send = send
        self._recorder = recorder
        self._sending: dict[int, asyncio.Task[None]] = {}
        self._per_channel: Counter[object] = Counter()

    @property
    def places(self) -> int:
        """How many more notifications could be sent right now."""
        return max(0, SENDING_LIMIT - len(self._sending))

    async def start(self, notifications: Sequence[DueNotification]) -> None:
        """Starts sending freshly leased notifications; the excess goes back to the queue."""
        leased_at = time.monotonic()
        excess = [due.queue_id for due in notifications if not self._begin(due, leased_at)]
        if excess:
            await self._store.extend(excess, _PUT_BACK_SECONDS)

    def _begin(self, due: DueNotification, leased_at: float) -> bool:
        channel = due.destination.id if due.destination else None
        if due.queue_id in self._sending or self._recorder.has(due.queue_id):
            return True
        if self._per_channel[channel] >= PER_CHANNEL_LIMIT:
            return False
        self._per_channel[channel] += 1
        self._sending[due.queue_id] = asyncio.create_task(self._run(due, channel, leased_at))
        return True

    async def _run(self, due: DueNotification, channel: object, leased_at: float) -> None:
        try:
            # A process that was stopped for a while no longer holds its lease: another sends it.
            if time.monotonic() - leased_at < _STALE_SECONDS:
                self._recorder.report(await self._send(due))
        except Exception:
            _log.exception("notification %s: the try failed", due.id)
        finally:
            self._per_channel[channel] -= 1
            if not self._per_channel[channel]:
                del self._per_channel[channel]
            self._sending.pop(due.queue_id, None)

    async def keep_leases(self) -> None:
        """Renews the leases of all that is still being sent, and of all whose end is not recorded;
        call more often than they last."""
        if leased := [*self._sending, *self._recorder.waiting]:
            await self._store.extend(leased, LEASE_SECONDS)

    async def drain(self, limit: float) -> int:
        """Waits up to ``limit`` seconds for what is being sent and recorded; returns how many did
        not end."""
        end = time.monotonic() + limit
        if self._sending:
            await asyncio.wait(list(self._sending.values()), timeout=limit)
        unrecorded = await self._recorder.drain(max(0, end - time.monotonic()))
        return len(self._sending) + unrecorded
