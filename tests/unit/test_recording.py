"""Results are recorded in batches, and one that is refused holds up no other."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import uuid4

from meshhook_alerts.application.ports import (
    AttemptResult,
    DeliveryNews,
    StatementRefused,
    StoreUnavailable,
)
from meshhook_alerts.application.recording import Recorder

NOW = datetime(2026, 11, 26, tzinfo=UTC)


def result(queue_id: int) -> AttemptResult:
    """How a try ended."""
    return AttemptResult(uuid4(), queue_id, NOW, NOW, "delivered", "ok", "delivered", 0, None)


class Store:
    """Takes all but what is poison, and nothing at all while it is away."""

    def __init__(self, *poison: int) -> None:
        self.poison = set(poison)
        self.away = 0
        self.taken: list[int] = []
        self.said: list[str | None] = []

    async def record(self, batch: Sequence[AttemptResult]) -> Sequence[DeliveryNews]:
        await asyncio.sleep(0)
        if self.away:
            self.away -= 1
            raise StoreUnavailable("away")
        ids = [each.queue_id for each in batch]
        if self.poison.intersection(ids):
            raise StatementRefused("refused by the host")
        self.taken += ids
        return ()

    async def say(self, trouble: str | None) -> None:
        self.said.append(trouble)
        raise RuntimeError("nobody listens")  # and nothing depends on it


async def test_all_but_the_poison_are_recorded_and_it_stays_known() -> None:
    store = Store(7)
    recorder = Recorder(store.record, store.say)
    for each in range(20):
        recorder.report(result(each))
    while len(store.taken) < 19:
        await asyncio.sleep(0)
    assert sorted(store.taken) == [each for each in range(20) if each != 7]
    while store.said[:1] != ["refused by the host"]:
        await asyncio.sleep(0)
    assert recorder.has(7)
    assert not recorder.has(8)
    store.poison.clear()
    while recorder.waiting:
        await asyncio.sleep(0.01)
    assert 7 in store.taken
    assert store.said[-1] is None
    assert await recorder.drain(1) == 0


async def test_a_database_that_is_away_is_waited_for() -> None:
    store = Store()
    store.away = 2
    recorder = Recorder(store.record, store.say)
    recorder.report(result(1))
    assert await recorder.drain(5) == 0
    assert store.taken == [1]
    assert store.said == []


async def test_what_is_held_is_not_waited_for_at_the_end() -> None:
    store = Store(1)
    recorder = Recorder(store.record, store.say)
    recorder.report(result(1))
    assert await recorder.drain(5) == 1
