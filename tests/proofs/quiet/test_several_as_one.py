"""Three workers at once decide what one decides: the same days, hour by hour, by one and by three."""

from __future__ import annotations

import random
from collections import Counter
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.line import Receiver, World, a_receiver, a_service, at_rest, at_work, open_world
from tests.virtual_clock import VirtualClock

pytestmark = pytest.mark.postgres

STEPS = 40
MINUTES = (13, 41, 89)
"""Between them; no few of them come near an hour or two, where a second would decide."""
SETTINGS: dict[str, Any] = {
    "cooldown_seconds": 3600,
    "storm_limit": 8,
    "close_after_seconds": 7200,
    "escalation": [{"after_seconds": 1500, "channels": ["hook"]}],
    "rules": [
        {"name": "all", "when": {"nodes": ["n0", "n1", "n2"]}},
        {"name": "third", "when": {"nodes": ["n3", "n4"]}, "after": {"failures": 3, "within_seconds": 7200}},
    ],
    "quiet_periods": [{"name": "night", "from": "22:00", "to": "07:00", "time_zone": "Europe/Berlin"}],
}  # fmt: skip
LIMITS = [{"messages": 4, "seconds": 7200}]


async def play(url: str, workers: int, seed: int) -> tuple[Counter[Any], Counter[Any]]:
    """What the ledger and the receiver hold after the days."""
    dice, world, clock = random.Random(seed), await open_world(url), VirtualClock(url)
    await clock.install()
    moment = datetime(2026, 10, 24, 12, 30, tzinfo=UTC)
    await clock.set(moment)
    async with AsyncExitStack() as stack:
        receiver = await stack.enter_async_context(a_receiver())
        services = [await stack.enter_async_context(a_service(url)) for _ in range(workers)]
        channel = {"name": "hook", "kind": "webhook", "limits": LIMITS,
                   "config": {"url": receiver.url, "secret": receiver.secret}}  # fmt: skip
        await world.configure(services[0], channels=[channel], **SETTINGS)
        for service in services:
            await stack.enter_async_context(at_work(service))
        for _ in range(STEPS):
            for _ in range(dice.choice([0, 1, 2, 4, 12])):
                moment += timedelta(seconds=2)  # what shares a second has no order of its own
                await clock.set(moment)
                slug = dice.choice(["orders", "invoices"])
                await world.fail(slug, node=f"n{dice.randrange(5)}")
            await at_rest(world)
            moment += timedelta(minutes=dice.choice(MINUTES))
            await clock.set(moment)
            await at_rest(world)
        return await _ledger(world), _messages(receiver)


async def _ledger(world: World) -> Counter[Any]:
    rows = await world.rows(
        "select alert.workflow, alert.node_id, log.reason, log.rule, log.blocked_by, log.count"
        " from public.alert_logs log join public.alerts alert on alert.id = log.alert_id"
        " where log.effect <> 'outcome' and log.project_id = %s",
        world.project_id,  # the operator's hears of jumping clocks
    )
    found: Counter[Any] = Counter()
    for row in rows:
        found[tuple(row.values())[:-1]] += row["count"]
    return found


def _messages(receiver: Receiver) -> Counter[Any]:
    assert receiver.unsigned == 0
    assert len(receiver.ids) == len(receiver.requests)
    return Counter(
        (each["reason"], each["alert"]["new_failures"], (each.get("digest") or {}).get("total"))
        for each in receiver.contents
    )


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_three_workers_decide_what_one_decides(
    line_url: str, second_url: str, seed: int
) -> None:
    alone = await play(line_url, 1, seed)
    together = await play(second_url, 3, seed)
    for one, three in zip(alone, together, strict=True):
        assert (one - three, three - one) == (Counter(), Counter())
    assert len(alone[0]) > 10
