"""What a provider says later of a text message: who may say it, and what follows."""

from __future__ import annotations

import base64
import hmac
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import uuid4

import httpx
import pytest

from meshhook_alerts.bootstrap import Service
from tests.api_client import a_client
from tests.contract import harness_sms_twilio
from tests.line import World, a_service, at_rest, at_work

pytestmark = pytest.mark.postgres

BASE = "https://alerts.example.com"
FIRST, SECOND = "+4915112345678", "+447400123456"
ONE = "select state, detail, receipts from public.alert_notifications order by created_at limit 1"


@dataclass
class Told:
    """A failure of which two people were told by text message."""

    world: World
    service: Service
    twilio: harness_sms_twilio.Messages

    @property
    def callback(self) -> str:
        """Where Twilio was told to say what became of it."""
        return dict(parse_qsl(self.twilio.requests[0].body.decode()))["StatusCallback"]

    async def say(
        self,
        to: str,
        status: str,
        *,
        token: str | None = None,
        callback: str | None = None,
        **more: str,
    ) -> httpx.Response:
        """A receipt, as Twilio sends it."""
        form = {"MessageSid": "SM1", "MessageStatus": status, "To": to, **more}
        signed = self.callback + "".join(f"{name}{form[name]}" for name in sorted(form))
        key = token or str(self.twilio.config["auth_token"])
        signature = base64.b64encode(hmac.digest(key.encode(), signed.encode(), "sha1")).decode()
        headers = {
            "x-twilio-signature": signature,
            "content-type": "application/x-www-form-urlencoded",
        }
        async with a_client(self.service, None) as client:
            return await client.post(
                urlsplit(callback or self.callback).path, headers=headers, content=urlencode(form)
            )

    async def message(self) -> dict[str, Any]:
        """The first message."""
        return (await self.world.rows(ONE))[0]


@pytest.fixture
async def told(world: World) -> AsyncIterator[Told]:
    async with (
        harness_sms_twilio.open_harness() as twilio,
        a_service(world.url, base_url=BASE) as service,
    ):
        channel = {
            "name": "phones",
            "kind": "sms_twilio",
            "config": {**twilio.config, "to": [FIRST, SECOND]},
        }
        await world.configure(
            service, channels=[channel], cooldown_seconds=3600, reminders_seconds=[]
        )
        async with at_work(service):
            await world.fail()
            await world.until(
                "select bool_and(state = 'delivered') from public.alert_notifications"
            )
        yield Told(world, service, twilio)


async def test_what_reached_nobody_counts_as_untold(told: Told) -> None:
    assert (await told.say(FIRST, "undelivered", ErrorCode="30005")).status_code == 204
    assert (await told.message())["state"] == "delivered"
    for _ in range(2):  # a provider may say it twice
        assert (await told.say(SECOND, "failed", ErrorCode="21610")).status_code == 204
    message = await told.message()
    assert message["state"] == "rejected"
    assert "the recipient has opted out" in message["detail"]
    log = "select count(*) from public.alert_logs where reason = 'rejected'"
    assert await told.world.value(log) == 1
    async with at_work(told.service):
        await at_rest(told.world)
    told_ = await told.world.value("select told::text from public.alerts")
    assert told_ == "{}"


async def test_whom_it_reached_was_told(told: Told) -> None:
    await told.say(FIRST, "delivered")
    await told.say(FIRST, "undelivered")  # late, and of no matter: it had arrived
    await told.say(SECOND, "undelivered", ErrorCode="30005")
    message = await told.message()
    assert message["state"] == "delivered"
    assert {part: each["state"] for part, each in message["receipts"].items()} == {
        f"recipient {FIRST}": "delivered",
        f"recipient {SECOND}": "undelivered",
    }
    async with a_client(told.service, told.world.owner) as client:
        answer = await client.get("/api/alerts/notifications")
    assert (
        answer.json()["notifications"][0]["receipts"][f"recipient {SECOND}"]["state"]
        == "undelivered"
    )


async def test_only_the_providers_signature_lets_in(told: Told) -> None:
    elsewhere = told.callback.rpartition("/")[0] + f"/{uuid4()}"
    answers = [
        await told.say(FIRST, "failed", token="0" * 32),
        await told.say(FIRST, "failed", callback=elsewhere),
        await told.say(FIRST, "failed", callback=f"{BASE}/api/alerts/receipts/{uuid4()}/{uuid4()}"),
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.json()["detail"] for answer in answers}) == 1
    assert (await told.message())["receipts"] == {}


async def test_where_nobody_can_call_us_no_receipt_is_asked_for(world: World) -> None:
    async with (
        harness_sms_twilio.open_harness() as twilio,
        a_service(world.url, base_url=None) as service,
    ):
        channel = {"name": "phones", "kind": "sms_twilio", "config": twilio.config}
        await world.configure(service, channels=[channel])
        async with at_work(service):
            await world.fail()
            await world.until(
                "select bool_and(state = 'delivered') from public.alert_notifications"
            )
        assert "StatusCallback" not in dict(parse_qsl(twilio.requests[0].body.decode()))
