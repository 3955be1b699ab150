"""A worker that kills itself, as ``kill -9`` would, at a named point: ``python -m … POINT URL``.

The product has no hooks for this: the ports around the point are wrapped from outside.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from meshhook_alerts.adapters.http_client import GuardedHttpClient
from meshhook_alerts.adapters.postgres.decision_store import PostgresDecidingTransaction
from meshhook_alerts.adapters.postgres.delivery_store import PostgresDeliveryStore
from meshhook_alerts.application.ports import AttemptResult, Batch, DeliveryNews, HttpAnswer
from meshhook_alerts.bootstrap import open_service
from tests.line import test_settings

POINTS = (
    "after_claiming",
    "before_commit",
    "after_commit",
    "while_sending",
    "after_the_answer",
    "while_rescheduling",
    "after_rescheduling",
)


def die() -> None:
    """Ends the process at once; nothing is flushed, closed or rolled back by us."""
    os.kill(os.getpid(), signal.SIGKILL)


def arm(point: str) -> None:
    """Wraps what lies around ``point``."""
    points: dict[str, Callable[[], None]] = {
        "after_claiming": _after_claiming,
        "before_commit": lambda: _around_commit(before=True),
        "after_commit": lambda: _around_commit(before=False),
        "while_sending": _while_sending,
        "after_the_answer": _after_the_answer,
        "while_rescheduling": lambda: _around_recording(before=True),
        "after_rescheduling": lambda: _around_recording(before=False),
    }
    points[point]()


def _after_claiming() -> None:
    take = PostgresDecidingTransaction.take

    async def dying(
        self: PostgresDecidingTransaction, limit: int, only: UUID | None = None
    ) -> Batch | None:
        batch = await take(self, limit, only)
        if batch is not None and batch.first.groups:
            die()
        return batch

    PostgresDecidingTransaction.take = dying  # type: ignore[method-assign]


def _around_commit(before: bool) -> None:
    commit = PostgresDecidingTransaction.commit

    async def dying(self: Any, *args: Any) -> Sequence[tuple[int, str | None]]:
        if before:
            die()
        done = await commit(self, *args)
        die()
        return done

    PostgresDecidingTransaction.commit = dying  # type: ignore[method-assign, assignment]


Post = Callable[[GuardedHttpClient, str, bytes, Mapping[str, str]], Awaitable[HttpAnswer]]


def _while_sending() -> None:
    """The receiver has the request and has not answered yet (it waits longer than this)."""
    post: Post = GuardedHttpClient.post

    async def dying(
        self: GuardedHttpClient, url: str, body: bytes, headers: Mapping[str, str]
    ) -> HttpAnswer:
        asyncio.get_running_loop().call_later(0.2, die)
        return await post(self, url, body, headers)

    GuardedHttpClient.post = dying  # type: ignore[method-assign]


def _after_the_answer() -> None:
    post: Post = GuardedHttpClient.post

    async def dying(
        self: GuardedHttpClient, url: str, body: bytes, headers: Mapping[str, str]
    ) -> HttpAnswer:
        answer = await post(self, url, body, headers)
        die()
        return answer

    GuardedHttpClient.post = dying  # type: ignore[method-assign]


def _around_recording(before: bool) -> None:
    record = PostgresDeliveryStore.record

    async def dying(
        self: PostgresDeliveryStore, results: Sequence[AttemptResult]
    ) -> Sequence[DeliveryNews]:
        if before:
            die()
        await record(self, results)
        die()
        return ()

    PostgresDeliveryStore.record = dying  # type: ignore[method-assign]


async def main(point: str, url: str) -> None:
    """Works until it dies."""
    arm(point)
    async with open_service(test_settings(), url) as service:
        await service.worker().run()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
