"""How a try ended is recorded for each message by itself, whatever a plug-in or a host does."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar
from uuid import UUID

import pytest
from pydantic import BaseModel

from meshhook_alerts.domain.delivery import Delivered, Rejected, TryAgain
from tests.installing import advice
from tests.line import Receiver, World, a_service, at_work, eventually

pytestmark = pytest.mark.postgres


async def states(world: World) -> dict[str, int]:
    rows = await world.rows("select state, count(*) from public.alert_notifications group by 1")
    return {row["state"]: row["count"] for row in rows}


@pytest.mark.parametrize("table", ["alert_attempts", "alert_logs", "alert_notifications"])
async def test_a_result_that_cannot_be_recorded_holds_up_no_other(
    world: World, receiver: Receiver, table: str
) -> None:
    condition = {
        "alert_attempts": "new.outcome = 'try_again'",
        "alert_logs": "new.reason = 'rejected'",
        "alert_notifications": "new.state <> 'delivered' and new.attempts > 0",
    }[table]
    async with a_service(world.url) as service:
        await world.hook(service, receiver)
        await world.execute(
            "create function public.audit() returns trigger language plpgsql as $$ begin"
            f" if {condition} then raise exception 'audit table is full'; end if; return new; end $$"
        )
        await world.execute(
            f"create trigger audit before insert or update on public.{table}"
            " for each row execute function public.audit()"
        )
        receiver.answers = [410 if table == "alert_logs" else 503]
        async with at_work(service):
            await world.fail(node="poison")
            await eventually(lambda: asyncio.sleep(0, len(receiver.requests) >= 1))
            for each in range(5):
                await world.fail(node=f"n{each}")

            async def others() -> bool:
                return (await states(world)).get("delivered", 0) >= 5

            await eventually(others)
            trouble = await world.rows(
                "select detail from public.alert_health where part like 'recording%%'"
            )
            assert "audit table is full" in str(trouble)
            assert "recording is in trouble" in await advice(world.url, "workers")
            await world.execute(f"drop trigger audit on public.{table}")

            async def all_ended() -> bool:
                return "pending" not in await states(world)

            await eventually(all_ended, within=30)


class Config(BaseModel):
    """Nothing to set."""

    x: str = "y"


class Odd:
    """A channel of a third party that gives back what it likes."""

    kind: ClassVar[str] = "odd"
    title: ClassVar[str] = "Odd"
    config_model: ClassVar[type[BaseModel]] = Config

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.asked = 0

    async def check(self, config: BaseModel, tools: Any) -> None:
        """All is well."""

    async def send(self, notification_id: UUID, content: Any, config: BaseModel, tools: Any) -> Any:
        self.asked += 1
        return self.answer


ANSWERS = {
    "nothing": None,
    "a word": "delivered",
    "the class": Delivered,
    "a detail that is no text": Rejected(detail=b"\x00bytes"),  # type: ignore[arg-type]
    "a detail with a null byte": TryAgain("\x00 broken \ud800"),
    "a wait that is no time": TryAgain("later", retry_after="soon"),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("answer", ANSWERS)
async def test_what_a_plug_in_gives_back_is_checked_and_each_try_leaves_a_row(
    world: World, answer: str
) -> None:
    odd = Odd(ANSWERS[answer])
    async with a_service(world.url) as service:
        service.channels["odd"] = odd
        await world.configure(service, channels=[{"name": "o", "kind": "odd", "config": {}}])
        async with at_work(service):
            await world.fail()

            async def recorded() -> bool:
                return bool(await world.value("select count(*) from public.alert_attempts"))

            await eventually(recorded, within=20)
    detail = await world.value("select detail from public.alert_attempts")
    assert detail


@pytest.mark.parametrize("config", ['"text"', "5", "null", "[1]"])
async def test_a_stored_config_of_the_wrong_shape_is_a_rejection_that_says_so(
    world: World, receiver: Receiver, config: str
) -> None:
    async with a_service(world.url) as service:
        await world.hook(service, receiver)
        await world.execute("update public.alert_channels set config = %s::jsonb", config)
        async with at_work(service):
            await world.fail()

            async def ended() -> bool:
                return (await states(world)).get("rejected", 0) == 1

            await eventually(ended, within=20)
    assert await world.value("select count(*) from public.alert_attempts") == 1


async def test_a_stored_value_of_the_wrong_type_is_one_too(world: World) -> None:
    async with a_service(world.url) as service:
        mail = {"name": "m", "kind": "email", "config": {"to": ["a@example.org"]}}
        await world.configure(service, channels=[mail])
        await world.execute("update public.alert_channels set config = '{\"to\": 5}'")
        async with at_work(service):
            await world.fail()

            async def ended() -> bool:
                return (await states(world)).get("rejected", 0) == 1

            await eventually(ended)
    detail = await world.value("select detail from public.alert_attempts")
    assert "to" in detail
