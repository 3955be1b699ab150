"""Failures in = failures told, whatever holds them back meanwhile and however often workers are killed."""

from __future__ import annotations

import asyncio
import random
import time
from typing import Any

import pytest

from meshhook_alerts.application.silences import SilenceRequest
from meshhook_alerts.bootstrap import Service
from tests.line import Receiver, World, a_receiver, a_service, at_work, eventually
from tests.worker_processes import killed_at_random

pytestmark = pytest.mark.postgres

SECONDS = 40
WORKERS = 3


async def _fail_for_a_while(world: World, dice: random.Random) -> int:
    failures, end = 0, time.monotonic() + SECONDS
    while time.monotonic() < end:
        for _ in range(dice.choice([1, 1, 1, 2, 5])):
            await world.fail(dice.choice(["orders", "invoices"]), node=f"n{dice.randrange(4)}")
            failures += 1
        await asyncio.sleep(dice.random() * 0.4)
    return failures


async def _change_things(world: World, service: Service, dice: random.Random) -> None:
    """Silences come and go, settings change: what is held is asked about again each time."""
    while True:
        await asyncio.sleep(2 + dice.random() * 3)
        when = {"nodes": [f"n{dice.randrange(4)}"]}
        wanted = {
            "project_id": str(world.project_id),
            "for_seconds": 60,
            "reason": "proof",
            "when": when,
        }
        added, _ = await service.silences.add(SilenceRequest.model_validate(wanted), world.caller)
        await asyncio.sleep(1 + dice.random() * 2)
        await world.configure(service, cooldown_seconds=dice.choice([1, 2, 5]), **_RULES)
        assert added is not None
        await service.silences.end(added.id, world.caller)


_RULES: dict[str, Any] = {
    "storm_summaries": False,
    "rules": [{"name": "second in a row", "after": {"in_a_row": 2}}],
}


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_every_failure_is_told_once_whatever_dies(world: World, seed: int) -> None:
    dice = random.Random(seed)
    async with a_receiver() as receiver, a_service(world.url) as service:
        limits = [{"messages": 4, "seconds": 60}]
        channel = {"name": "hook", "kind": "webhook", "limits": limits,
                   "config": {"url": receiver.url, "secret": receiver.secret}}  # fmt: skip
        await world.configure(service, channels=[channel], cooldown_seconds=2, **_RULES)
        changing = asyncio.create_task(_change_things(world, service, dice))
        try:
            async with killed_at_random(world.url, WORKERS, dice):
                failures = await _fail_for_a_while(world, dice)
        finally:
            changing.cancel()
            await asyncio.gather(changing, return_exceptions=True)
        # Nothing holds any more; each trouble fails once more, so that none is below its threshold.
        await world.execute(
            "update public.alert_silences set ends_at = now() where ends_at > now()"
        )
        await world.configure(
            service, channels=[channel | {"limits": []}], cooldown_seconds=0, **_RULES
        )
        async with at_work(service):
            await eventually(lambda: _all_told(world, receiver, failures), within=90)
            await asyncio.sleep(2)
    assert await world.value("select sum(count) from public.alerts") == failures
    assert _told(receiver) == failures
    assert len(set(receiver.requests)) == len(receiver.ids)  # the same id, the same body


def _told(receiver: Receiver) -> int:
    """What the messages say is new, each message once."""
    each = {
        id_: content for (id_, _), content in zip(receiver.requests, receiver.contents, strict=True)
    }
    return sum(content["alert"]["new_failures"] for content in each.values())


async def _all_told(world: World, receiver: Receiver, failures: int) -> bool:
    waiting = await world.value("select count(*) from meshhook_alerts.signals")
    return not waiting and _told(receiver) >= failures
