"""Of one trouble one alert is open at a time, also where a batch closes one and opens another."""

from __future__ import annotations

import asyncio
from uuid import UUID, uuid4

import pytest

from meshhook_alerts.bootstrap import Service
from tests.line import Receiver, World, arrived, at_work

pytestmark = pytest.mark.postgres

OPEN = "select id from public.alerts where status <> 'resolved'"
NOTHING_WAITS = """select not exists (select from meshhook_alerts.acts)
                      and not exists (select from meshhook_alerts.signals)
                      and not exists (select from public.alert_notifications where state = 'pending')"""


async def wants(world: World, alert_id: UUID, kind: str, *, after: float = -2) -> None:
    """An act that waits for whoever decides next, so many seconds from now."""
    await world.execute(
        "insert into meshhook_alerts.acts (id, project_id, alert_id, kind, by_name, via, at)"
        " values (%s, %s, %s, %s, 'ana@example.com', 'api', clock_timestamp() + %s * interval '1 s')",
        uuid4(), world.project_id, alert_id, kind, after,
    )  # fmt: skip


async def an_open_alert(world: World, service: Service) -> UUID:
    async with at_work(service):
        await world.fail()
        await world.until(f"{OPEN} limit 1")
        await world.until(NOTHING_WAITS)
    found: UUID = await world.value(OPEN)
    return found


async def closed_long_ago(world: World, alert_id: UUID) -> None:
    """So long that the trouble would be a new one."""
    await world.execute(
        "update public.alerts set resolved_at = resolved_at - interval '2 days' where id = %s",
        alert_id,
    )


@pytest.fixture
async def two_alerts(world: World, service: Service, receiver: Receiver) -> tuple[UUID, UUID]:
    """One that ended, and the one that followed it, which is open."""
    await world.hook(service, receiver)
    first = await an_open_alert(world, service)
    await wants(world, first, "resolve")
    async with at_work(service):
        await world.until(NOTHING_WAITS)
    await closed_long_ago(world, first)
    return first, await an_open_alert(world, service)


@pytest.mark.parametrize("others", [0, 250], ids=["few_rows", "many_rows"])
async def test_one_ends_and_another_opens_in_one_batch(
    world: World, service: Service, receiver: Receiver, others: int
) -> None:
    await world.hook(
        service,
        receiver,
        cooldown_seconds=0,
        rules=[{"name": "calls", "when": {"nodes": ["http_call"]}}],
    )
    first = await an_open_alert(world, service)
    await wants(world, first, "resolve")
    await asyncio.sleep(1.1)  # failures of one second are one another's equals
    run_id = await world.fail()
    await world.execute(
        "insert into public.workflow_events (run_id, type, payload)"
        " select %s, 'step_failed', payload || jsonb_build_object('node', jsonb_build_object('id', 'n' || number))"
        " from public.workflow_events, generate_series(1, %s) number where run_id = %s",
        run_id, others, run_id,
    )  # fmt: skip
    async with at_work(service):
        await world.until(NOTHING_WAITS)
        await arrived(receiver, 3)
    second = await world.value(f"{OPEN} and node_id = 'http_call'")
    assert second != first
    types = [each["type"] for each in receiver.contents]
    assert types == ["alert.firing", "alert.closed", "alert.firing"]


async def test_the_later_one_ends_and_the_earlier_is_opened_again_in_one_batch(
    world: World, service: Service, two_alerts: tuple[UUID, UUID]
) -> None:
    first, second = two_alerts
    await wants(world, second, "resolve")
    await wants(world, first, "reopen")
    await world.fail()
    async with at_work(service):
        await world.until(NOTHING_WAITS)
    assert [row["id"] for row in await world.rows(OPEN)] == [first]
    counts = {row["id"]: row["count"] for row in await world.rows("select * from public.alerts")}
    assert counts == {first: 2, second: 1}


async def test_of_two_that_are_opened_again_in_one_batch_the_first_is(
    world: World, service: Service, two_alerts: tuple[UUID, UUID]
) -> None:
    first, second = two_alerts
    for alert_id, kind in ((second, "resolve"), (second, "reopen"), (first, "reopen")):
        await wants(world, alert_id, kind)
    async with at_work(service):
        await world.until(NOTHING_WAITS)
    assert [row["id"] for row in await world.rows(OPEN)] == [second]
    outcomes = "select outcome from public.alert_acts order by at desc limit 3"
    assert [row["outcome"] for row in await world.rows(outcomes)] == ["followed", "done", "done"]


async def test_one_opens_and_the_earlier_is_not_opened_again_in_the_same_batch(
    world: World, service: Service, two_alerts: tuple[UUID, UUID]
) -> None:
    first, second = two_alerts
    await wants(world, second, "resolve")
    async with at_work(service):
        await world.until(NOTHING_WAITS)
    await closed_long_ago(world, second)
    await world.fail()
    await wants(world, first, "reopen", after=2)
    async with at_work(service):
        await world.until(NOTHING_WAITS)
    (opened,) = [row["id"] for row in await world.rows(OPEN)]
    assert opened not in two_alerts
