"""Random failures, ends, acts, silences and edits, days of them, while two workers are killed at random: in the end
each channel was never told of an alert, or was told and hears of its end exactly once, last."""

from __future__ import annotations

import asyncio
import itertools
import os
import random
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from typing import Any
from uuid import UUID

import pytest

from meshhook_alerts.application.acts import AcknowledgeRequest, ActRequest, SnoozeRequest
from meshhook_alerts.application.silences import SilenceRequest
from meshhook_alerts.bootstrap import Service
from meshhook_alerts.domain.life import ActKind
from tests.line import (
    Receiver,
    World,
    a_receiver,
    a_service,
    at_rest,
    at_work,
    eventually,
)
from tests.virtual_clock import VirtualClock
from tests.worker_processes import killed_at_random

pytestmark = pytest.mark.postgres

STEPS = 120
WORKERS = 2
RULES: list[dict[str, Any]] = [
    {"name": "all"},
    {"name": "some", "when": {"nodes": ["n0", "n1"]}, "channels": ["first"]},
    {"name": "none", "when": {"nodes": ["nowhere"]}},
]


async def fail(world: World, dice: random.Random) -> None:
    slug = dice.choice(["orders", "invoices"])
    for _ in range(dice.choice([1, 1, 2, 4])):
        await world.fail(slug, node=f"n{dice.randrange(4)}")


async def recover(world: World, dice: random.Random) -> None:
    run_id = await world.start_run(dice.choice(["orders", "invoices"]))
    await world.event(run_id, "run_completed")
    await world.execute(
        "update public.workflow_runs set status = 'succeeded', finished_at = now() where id = %s",
        run_id,
    )


async def act(world: World, service: Service, dice: random.Random) -> None:
    ids = [
        row["id"]
        for row in await world.rows("select id from public.alerts order by random() limit 2")
    ]
    kind, request = dice.choice(
        [
            (ActKind.ACKNOWLEDGE, AcknowledgeRequest()),
            (ActKind.SNOOZE, SnoozeRequest(for_seconds=7200)),
            (ActKind.SNOOZE, SnoozeRequest(failures=2)),
            (ActKind.RESOLVE, ActRequest()),
            (ActKind.REOPEN, ActRequest()),
        ]
    )
    await service.acts(kind, ids, request, world.caller)


async def silence(world: World, service: Service, dice: random.Random) -> None:
    when = {"nodes": [f"n{dice.randrange(4)}"]}
    wanted = {
        "project_id": str(world.project_id),
        "for_seconds": 3600,
        "reason": "proof",
        "when": when,
    }
    await service.silences.add(SilenceRequest.model_validate(wanted), world.caller)


async def edit(world: World, service: Service, dice: random.Random) -> None:
    quiet = {"name": "night", "from": "22:00", "to": "06:00"}
    await world.configure(
        service,
        rules=[dice.choice(RULES)],
        quiet_periods=dice.choice([[], [quiet]]),
        cooldown_seconds=dice.choice([60, 1800]),
        escalation=dice.choice([[], [{"after_seconds": 900, "channels": ["second"]}]]),
        close_after_seconds=dice.choice([0, 36_000]),
        storm_limit=dice.choice([5, 50]),
    )


_IN_TIME = """select not exists (select from public.alert_notifications
                                where state = 'pending' and deadline_at < now() + interval '2 hours')"""
"""Hours pass in seconds, while a worker that was killed takes a second to be there again: what would have had
hours to be delivered must have a moment."""


async def a_step(world: World, service: Service, clock: VirtualClock, dice: random.Random) -> None:
    what = dice.choice("fffffrrraaasee")
    match what:
        case "f":
            await fail(world, dice)
        case "r":
            await recover(world, dice)
        case "a":
            await act(world, service, dice)
        case "s":
            await silence(world, service, dice)
        case _:
            await edit(world, service, dice)
    await asyncio.sleep(dice.random() * 0.3)
    await clock.pass_(timedelta(minutes=dice.choice([1, 5, 20, 90])))
    await eventually(lambda: world.value(_IN_TIME), within=60)


async def everything_ends(world: World, service: Service, clock: VirtualClock) -> None:
    """Nothing holds any more, and every trouble is over."""
    await world.execute("update public.alert_silences set ends_at = now() where ends_at > now()")
    await world.configure(
        service, rules=[{"name": "all"}], quiet_periods=[], escalation=[], close_after_seconds=0,
        storm_limit=1000, reminders_seconds=[],
    )  # fmt: skip
    async with at_work(service):
        for _ in range(4):
            await at_rest(world)
            await clock.pass_(timedelta(hours=13))
        ids = [
            row["id"]
            for row in await world.rows("select id from public.alerts where status <> 'resolved'")
        ]
        await service.acts(ActKind.RESOLVE, ids, ActRequest(), world.caller)
        for _ in range(3):
            await at_rest(world)
            await clock.pass_(timedelta(hours=2))
        await at_rest(world)
        await eventually(
            lambda: world.value("select count(*) = 0 from public.alerts where status <> 'resolved'")
        )


def told_of(receiver: Receiver) -> dict[str, list[bool]]:
    """Alert → for each message about it, in order, whether it said that it goes on."""
    found: dict[str, list[bool]] = defaultdict(list)
    seen: set[str] = set()
    for (id_, _), content in zip(receiver.requests, receiver.contents, strict=True):
        if id_ in seen:  # the same message once more: whoever sent it died before it could say so
            continue
        seen.add(id_)
        if content["reason"] == "storm_over":
            continue  # sums up; it tells of no change
        if digest := content.get("digest"):
            for each in digest["alerts"]:
                found[each["id"]].append(each["state"] == "open")
            assert digest["total"] == len(digest["alerts"])
        else:
            found[content["alert"]["id"]].append(
                content["type"] not in ("alert.recovered", "alert.closed")
            )
    return found


async def story_of(world: World, alert_id: str) -> list[str]:
    """What was decided about an alert, what people did and how its messages went: for whoever looks for the cause."""
    queries = (
        "select at, concat_ws(' ', reason, count, channel, blocked_by, notification_id) as what"
        " from public.alert_logs where alert_id = '{id}'",
        "select at, concat_ws(' ', kind, outcome) as what from public.alert_acts where alert_id = '{id}'",
        "select created_at as at, concat_ws(' ', 'made', id, state, reason, deadline_at) as what"
        " from public.alert_notifications where alert_id = '{id}' or strpos(covers::text, '{id}') > 0",
        "select started_at as at, concat_ws(' ', 'tried', notification_id, outcome, worker, finished_at) as what"
        " from public.alert_attempts",
    )
    rows = [row for each in queries for row in await world.rows(each.format(id=alert_id))]
    told = await world.value("select told::text from public.alerts where id = %s", alert_id)
    return [*(f"{row['at']} {row['what']}" for row in sorted(rows, key=itemgetter("at"))), told]


@pytest.mark.parametrize("seed", [int(each) for each in os.environ.get("SEEDS", "1 2 3").split()])
async def test_whoever_was_told_hears_of_the_end_once_and_last(world: World, seed: int) -> None:
    dice, clock = random.Random(seed), VirtualClock(world.url)
    await clock.install()
    await clock.set(datetime(2026, 10, 24, 9, tzinfo=UTC))
    async with a_receiver() as first, a_receiver() as second, a_service(world.url) as service:
        receivers = {"first": first, "second": second}
        channels = [
            {"name": name, "kind": "webhook", "config": {"url": each.url, "secret": each.secret}}
            for name, each in receivers.items()
        ]
        await world.configure(service, channels=channels, rules=[RULES[0]], cooldown_seconds=60)
        async with killed_at_random(world.url, WORKERS, dice):
            for _ in range(STEPS):
                await a_step(world, service, clock, dice)
        await everything_ends(world, service, clock)
    alerts = {row["id"] for row in await world.rows("select id from public.alerts")}
    assert len(alerts) > 5
    for name, receiver in receivers.items():
        assert receiver.unsigned == 0
        for alert_id, open_ in told_of(receiver).items():
            assert UUID(alert_id) in alerts
            story = "\n".join([f"{name} {alert_id} {open_}", *await story_of(world, alert_id)])
            assert open_[-1] is False, story
            # An end is never said twice without a failure having been told between.
            ends = [(a, b) for a, b in itertools.pairwise(open_) if not a and not b]
            assert ends == [], story
            # And nobody is told of an end who was not told of a trouble: but of one that came and went
            # while it was held back, which a digest lists as recovered.
    believing = "select count(*) from public.alerts, jsonb_each(told) entry where (entry.value ->> 'open')::boolean and (entry.value ->> 'messages')::int > 0"
    assert await world.value(believing) == 0
    assert await world.value("select count(*) from meshhook_alerts.acts") == 0
