"""A message that was given up may have arrived all the same: who may have been told is told of the end; who
cannot have been is not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from meshhook_alerts.bootstrap import Service
from tests.line import Receiver, World, arrived, at_rest, at_work, evaluating

pytestmark = pytest.mark.postgres

GIVEN_UP = "select count(*) = 1 from public.alert_logs where reason = 'expired'"


async def given_up(world: World, service: Service) -> None:
    """The deadline passes, and the next worker finds the message so."""
    await world.execute(
        "update public.alert_notifications set deadline_at = now() - interval '1 s'"
    )
    await world.execute("update pgmq.q_meshhook_alerts set vt = now()")
    async with at_work(service):
        await world.until(GIVEN_UP)
        await at_rest(world)


async def recovered(world: World, service: Service) -> None:
    """A run of the workflow ends clean."""
    run_id = await world.start_run()
    await world.event(run_id, "run_completed")
    await world.execute(
        "update public.workflow_runs set status = 'succeeded', finished_at = now() where id = %s",
        run_id,
    )
    async with at_work(service):
        await world.until("select bool_and(status = 'resolved') from public.alerts")
        await at_rest(world)


async def test_whoever_decided_died_while_sending(
    world: World, service: Service, receiver: Receiver
) -> None:
    await world.hook(service, receiver)
    await world.fail()
    async with evaluating(world) as evaluate:
        evaluated = await evaluate()
    assert [len(each.leased) for each in (evaluated,) if each] == [1]  # and here it dies
    await given_up(world, service)
    await recovered(world, service)
    await arrived(receiver, 1)
    assert [each["type"] for each in receiver.contents] == ["alert.recovered"]


async def test_nobody_has_tried(world: World, service: Service, receiver: Receiver) -> None:
    await world.hook(service, receiver)
    await world.fail()
    async with evaluating(world) as evaluate:
        assert await replace(evaluate, leased_limit=0)()
    await given_up(world, service)
    await recovered(world, service)
    assert not receiver.contents


async def test_it_was_refused_each_time(world: World, service: Service, receiver: Receiver) -> None:
    receiver.answers = [503]
    await world.hook(service, receiver)
    await world.fail()
    async with at_work(service):
        await world.until("select count(*) = 1 from public.alert_attempts")
    await given_up(world, service)
    await recovered(world, service)
    assert [each["type"] for each in receiver.contents] == ["alert.firing"]


async def test_an_answer_was_lost(world: World, service: Service, receiver: Receiver) -> None:
    receiver.delay = 60
    await world.hook(service, receiver)
    await world.fail()
    async with at_work(service):
        await world.until("select count(*) = 1 from public.alert_attempts")
    receiver.delay = 0
    assert await world.value("select outcome from public.alert_attempts") == "ambiguous"
    await given_up(world, service)
    await recovered(world, service)
    await arrived(receiver, 2)
    assert [each["type"] for each in receiver.contents] == ["alert.firing", "alert.recovered"]
