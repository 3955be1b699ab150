"""Changes as they happen: one listener for all clients of a process, and a place to go on from after a break."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from meshhook_alerts.application.ports import StoreUnavailable
from meshhook_alerts.application.settings_ports import Caller

_log = logging.getLogger(__name__)

POLL_SECONDS = 0.03
"""Between two looks; none while nobody listens."""
MOST_AT_ONCE = 500
"""Changes told one by one; of more a client is told to read its lists again."""
WAITING_LIMIT = 64
"""Batches that may wait for a client. One that never reads is let go, and may come back."""
CLIENTS_LIMIT = 1_000
PER_CALLER_LIMIT = 20
"""Streams of one caller in one process: a browser has one for each of its windows."""
MEMBERSHIP_SECONDS = 30.0
"""How long what a client may see is taken to be as it was."""
OLDEST = timedelta(hours=1)
"""What is longer ago is not told one by one."""
LONGEST_TRANSACTION = timedelta(minutes=5)
"""A change that takes longer to commit may be told late by lists only."""


@dataclass(frozen=True, slots=True)
class Place:
    """All that a look could see."""

    snapshot: str
    """Postgres' text of it."""
    at: datetime

    @property
    def since(self) -> datetime:
        """No change that this look could not see is older, as far as is cared for."""
        return self.at - LONGEST_TRANSACTION


@dataclass(frozen=True, slots=True)
class Change:
    """An alert as it is now, or a new line of the ledger."""

    what: str
    """``alert`` or ``log``."""
    project_id: UUID
    document: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Batch:
    """What has changed up to a place; None: more than is told one by one."""

    place: Place
    changes: Sequence[Change] | None = ()


_END = Batch(Place("", datetime(1, 1, 1, tzinfo=UTC)))
"""Nothing comes any more."""


class ChangeFeed(Protocol):
    """Where changes are read."""

    async def here(self) -> Place:
        """All that can be seen now."""

    async def between(
        self, begin: Place, end: Place | None, projects: frozenset[UUID] | None
    ) -> Batch:
        """What has become visible from ``begin`` to ``end``, or to now; of ``projects``, or of all."""

    async def projects_of(self, caller: Caller) -> frozenset[UUID] | None:
        """What the caller may see, by row-level security; None: all."""


class TooManyClients(Exception):  # noqa: N818
    """This process serves as many as it can."""


class TooManyOfYours(Exception):  # noqa: N818
    """This process serves as many of one caller's as may be."""


@dataclass(eq=False, slots=True)
class _Client:
    whose: str
    waiting: asyncio.Queue[Batch] = field(default_factory=lambda: asyncio.Queue(WAITING_LIMIT + 1))
    task: asyncio.Task[Any] | None = None
    """Serves it; stuck in a client that never reads, it is cancelled."""

    def offer(self, batch: Batch) -> bool:
        """Whether there was room."""
        if self.waiting.qsize() >= WAITING_LIMIT:
            return False
        self.waiting.put_nowait(batch)
        return True


class Stream:
    """``GET /api/alerts/stream``."""

    def __init__(self, feed: ChangeFeed) -> None:
        self._feed = feed
        self._clients: set[_Client] = set()
        self._place: Place | None = None
        self._listener: asyncio.Task[None] | None = None
        self._beginning = asyncio.Lock()

    async def follow(self, caller: Caller, begin: Place | None) -> AsyncIterator[Batch | None]:
        """What changes of what the caller may see, from ``begin`` or from now on; None now and then, when
        nothing does.

        Raises:
            TooManyClients, TooManyOfYours, StoreUnavailable
        """
        whose = f"{caller.role} {caller.subject}"
        self._check_room(whose)
        projects = await self._feed.projects_of(caller)
        client = _Client(whose, task=asyncio.current_task())
        joined = await self._join(client)
        asked_at = _clock()
        try:
            yield await self._caught_up(begin, joined, projects)
            while True:
                batch = await self._next(client)
                if batch == _END:
                    return
                if _clock() - asked_at > MEMBERSHIP_SECONDS:
                    projects, asked_at = await self._feed.projects_of(caller), _clock()
                if batch is None:
                    yield None
                elif (mine := _of(batch, projects)).changes is None or mine.changes:
                    yield mine
        finally:
            self._leave(client)

    def _check_room(self, whose: str) -> None:
        if len(self._clients) >= CLIENTS_LIMIT:
            raise TooManyClients
        if sum(each.whose == whose for each in self._clients) >= PER_CALLER_LIMIT:
            raise TooManyOfYours

    async def close(self) -> None:
        """Ends listening, and what everybody follows."""
        for client in list(self._clients):
            client.waiting.put_nowait(_END)
        if self._listener:
            self._listener.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._listener
            self._listener = None

    async def _join(self, client: _Client) -> Place:
        """Has the client told of all that is seen after the place that is returned."""
        async with self._beginning:
            if self._listener is None or self._listener.done() or self._place is None:
                self._place = await self._feed.here()
                self._listener = asyncio.create_task(self._listen())
            self._clients.add(client)
            return self._place

    def _leave(self, client: _Client) -> None:
        self._clients.discard(client)

    async def _caught_up(
        self, begin: Place | None, joined: Place, projects: frozenset[UUID] | None
    ) -> Batch:
        if begin is None:
            return Batch(joined)
        if begin.at < joined.at - OLDEST:
            return Batch(joined, None)
        missed = await self._feed.between(begin, joined, projects)
        return Batch(joined, missed.changes)

    async def _next(self, client: _Client) -> Batch | None:
        try:
            return await asyncio.wait_for(client.waiting.get(), MEMBERSHIP_SECONDS)
        except TimeoutError:
            return None

    async def _listen(self) -> None:
        """Looks again and again while anybody wants to know."""
        wait = POLL_SECONDS
        while self._clients:
            await asyncio.sleep(wait)
            wait = await self._look()

    async def _look(self) -> float:
        """One look; how long to wait until the next."""
        began = _clock()
        assert self._place is not None
        try:
            batch = await self._feed.between(self._place, None, None)
        except StoreUnavailable as problem:
            _log.debug("the stream waits for the database: %s", problem)
            return 1.0
        self._place = batch.place
        if batch.changes is None or batch.changes:
            for client in [each for each in self._clients if not each.offer(batch)]:
                _log.info("a client of the stream that does not read is let go")
                self._leave(client)
                if client.task:
                    client.task.cancel()
        return max(POLL_SECONDS, 2 * (_clock() - began))


def _of(batch: Batch, projects: frozenset[UUID] | None) -> Batch:
    if projects is None or batch.changes is None:
        return batch
    return Batch(batch.place, [each for each in batch.changes if each.project_id in projects])


def _clock() -> float:
    return asyncio.get_running_loop().time()
