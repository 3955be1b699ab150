"""What a channel would send is shown before anything is: of the real failures, the most expensive first."""

from __future__ import annotations

import json

import httpx
import pytest

from meshhook_alerts.bootstrap import Service
from tests.commands import command, complete
from tests.contract import harness_sms_twilio
from tests.line import World, at_work

pytestmark = pytest.mark.postgres


async def some_failures(world: World, service: Service) -> None:
    async with harness_sms_twilio.open_harness() as twilio:
        channel = {"name": "phones", "kind": "sms_twilio", "enabled": False,
                   "config": {**twilio.config, "max_segments": 4}}  # fmt: skip
        await world.configure(service, channels=[channel])
    async with at_work(service):
        await world.fail(error="Error: short")
        await world.fail(node="long", error="Error: " + "far too long an error " * 40)
        await world.fail(node="cyrillic", error="Error: Ошибка")
        await world.until("select count(*) = 3 from public.alerts")


async def test_the_worst_case_is_shown_first_and_nothing_is_sent(
    world: World, service: Service, client: httpx.AsyncClient
) -> None:
    await some_failures(world, service)
    id_ = await world.value("select id from public.alert_channels")
    answer = await client.post(f"/api/alerts/channels/{id_}/preview")
    assert answer.status_code == 200, answer.text
    found = answer.json()["previews"]
    assert [each["size"] for each in found] == sorted(
        (each["size"] for each in found), reverse=True
    )
    assert {each["headline"].partition(":")[0] for each in found} == {
        "orders › http_call",
        "orders › long",
        "orders › cyrillic",
    }
    assert "UCS-2" in next(each["note"] for each in found if "Ошибка" in each["text"])
    assert all("https://" in each["text"] for each in found)
    assert await world.value("select count(*) from public.alert_notifications") == 0


async def test_the_command_line_shows_the_same(world: World, service: Service) -> None:
    env = complete(world.url)
    nothing = await command("channels", "test", "phones", "--dry-run", env=env)
    assert nothing.code == 2
    await some_failures(world, service)
    shown = await command("channels", "test", "phones", "--dry-run", env=env)
    assert shown.code == 0, shown
    assert shown.out.startswith("Worst case of the last 3 failures: ")
    assert "Nothing was sent" in shown.out
    as_json = await command("channels", "test", "phones", "--dry-run", "--json", env=env)
    assert len(json.loads(as_json.out)) == 3
