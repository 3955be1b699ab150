"""Keys that change, plug-ins that are missing here: another worker delivers; nothing is lost."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

import meshhook_alerts.bootstrap as bootstrap
from meshhook_alerts.adapters.secret_box import generate_key
from meshhook_alerts.application.problems import InvalidRequest
from meshhook_alerts.domain.delivery import Delivered
from tests.acceptance.others.test_results import Odd, states
from tests.commands import complete, environment, invoke
from tests.line import Receiver, World, a_receiver, a_service, at_work, eventually

pytestmark = pytest.mark.postgres


async def tried(world: World) -> bool:
    return bool(await world.value("select count(*) from public.alert_attempts"))


async def test_a_worker_without_the_key_leaves_the_message_to_one_that_has_it(
    world: World, receiver: Receiver
) -> None:
    old, new = generate_key("old"), generate_key("new")
    async with a_service(world.url, keys=SecretStr(f"{new},{old}")) as service:
        await world.hook(service, receiver)
    async with a_service(world.url, keys=SecretStr(old)) as service, at_work(service):
        await world.fail()
        await eventually(lambda: tried(world))
    detail = await world.value("select detail from public.alert_attempts")
    assert "'new'" in detail
    assert "MESHHOOK_ALERTS_KEYS" in detail
    assert await states(world) == {"pending": 1}
    async with a_service(world.url, keys=SecretStr(f"{new},{old}")) as service, at_work(service):
        await eventually(lambda: asyncio.sleep(0, len(receiver.ids) == 1), within=30)
    assert await states(world) == {"delivered": 1}


async def test_a_worker_without_the_plug_in_leaves_the_message_to_one_that_has_it(
    world: World,
) -> None:
    odd = Odd(Delivered("done"))
    async with a_service(world.url) as service:
        service.channels["odd"] = odd
        await world.configure(service, channels=[{"name": "o", "kind": "odd", "config": {}}])
    async with a_service(world.url) as service, at_work(service):
        await world.fail()
        await eventually(lambda: tried(world))
    assert await states(world) == {"pending": 1}
    async with a_service(world.url) as service:
        service.channels["odd"] = odd
        async with at_work(service):
            await eventually(lambda: asyncio.sleep(0, odd.asked == 1), within=30)


async def test_a_start_says_which_stored_secrets_its_ring_does_not_open(
    world: World, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    async with a_service(world.url, keys=SecretStr(generate_key("gone"))) as service:
        await world.hook(service, receiver)
    other = SecretStr(generate_key("other"))
    async with a_service(world.url, keys=other) as service, at_work(service):
        await eventually(lambda: asyncio.sleep(0, "'gone'" in caplog.text))
    assert "MESHHOOK_ALERTS_KEYS" in caplog.text


def test_doctor_says_so_too(world: World) -> None:
    async def hooked() -> None:
        async with (
            a_receiver() as receiver,
            a_service(world.url, keys=SecretStr(generate_key("gone"))) as service,
        ):
            await world.hook(service, receiver)

    asyncio.new_event_loop().run_until_complete(hooked())
    ended = invoke("doctor", env=complete(world.url))
    assert ended.code == 1
    assert "'gone'" in ended.said


def test_generated_keys_have_names_of_their_own() -> None:
    names = {invoke("keys", "generate", env=environment()).out.split(":")[0] for _ in range(5)}
    assert len(names) == 5


async def test_another_address_takes_its_secret_again(world: World, receiver: Receiver) -> None:
    async with a_service(world.url) as service, a_receiver() as other:
        await world.hook(service, receiver)
        moved = {"name": "hook", "kind": "webhook", "config": {"url": other.url}}
        with pytest.raises(InvalidRequest) as refused:
            await world.configure(service, channels=[moved])
        assert refused.value.fields[0].pointer == "/channels/0/config/secret"
        assert "again" in refused.value.fields[0].message
        # The same address, or a change of something else, keeps it.
        same = {"name": "hook", "kind": "webhook", "config": {"url": receiver.url}}
        await world.configure(service, channels=[same])


async def test_a_sealed_secret_opens_for_no_other_address(world: World, receiver: Receiver) -> None:
    async with a_service(world.url) as service, a_receiver() as other:
        await world.hook(service, receiver)
        await world.execute(
            "update public.alert_channels set config = jsonb_build_object('url', %s::text)",
            other.url,
        )
        async with at_work(service):
            await world.fail()
            await eventually(lambda: tried(world))
        assert other.requests == [], "it would have been signed with the other's secret"


@pytest.mark.parametrize("minutes", [-70, 60 * 24 * 400])
async def test_a_workers_clock_decides_nothing(
    world: World, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, minutes: int
) -> None:
    def now(self: object) -> datetime:
        return datetime.now(UTC) + timedelta(minutes=minutes)

    monkeypatch.setattr(bootstrap.SystemClock, "now", now)
    receiver.answers = [503]
    async with a_service(world.url) as service:
        await world.hook(service, receiver, criticality="critical")
        async with at_work(service):
            await world.fail()
            await eventually(lambda: asyncio.sleep(0, len(receiver.requests) == 2), within=15)
    started = await world.value(
        "select bool_and(started_at between now() - interval '1 min' and now() + interval '1 s')"
        " from public.alert_attempts"
    )
    assert started
