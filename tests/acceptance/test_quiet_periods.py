"""Quiet periods, as settings posted to a running service: held and told at the end, or only recorded."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.api_client import a_client, pointers
from tests.line import Receiver, World, a_service, arrived, at_work

pytestmark = pytest.mark.postgres

PATH = "/api/alerts/settings"


def quiet_now(seconds: float, **more: Any) -> dict[str, Any]:
    """A period that is on, and ends within so many seconds."""
    end = (datetime.now(UTC) + timedelta(seconds=seconds)).time()
    start = (datetime.now(UTC) - timedelta(hours=2)).time()
    return {"name": "night", "from": f"{start:%H:%M}", "to": f"{end:%H:%M:%S}", **more}


async def test_what_is_held_is_told_when_the_quiet_ends(world: World, receiver: Receiver) -> None:
    async with a_service(world.url) as service:
        await world.hook(service, receiver, quiet_periods=[quiet_now(4)])
        async with at_work(service):
            for _ in range(3):
                await world.fail()
            await world.until(
                "select sum(count) = 3 from public.alert_logs where reason = 'quiet_period'"
            )
            assert receiver.requests == []
            await arrived(receiver, 1, within=10)
            await asyncio.sleep(0.5)
    (content,) = receiver.contents
    assert content["alert"]["new_failures"] == 3
    rows = await world.rows(
        "select reason, count, blocked_by, eligible_at from public.alert_logs where effect <> 'outcome' order by id"
    )
    assert {row["blocked_by"] for row in rows if row["reason"] == "quiet_period"} == {"night"}
    assert rows[-1]["count"] == 3


async def test_several_troubles_are_one_digest_open_ones_first(
    world: World, receiver: Receiver
) -> None:
    async with a_service(world.url) as service:
        await world.hook(service, receiver, quiet_periods=[quiet_now(8)])
        async with at_work(service):
            await world.fail("invoices", error="Error: no stock")
            await world.until("select count(*) = 1 from public.alerts")
            await asyncio.sleep(1.1)  # what ends it began after it had failed
            clean = await world.start_run("invoices")
            await world.event(clean, "run_completed")
            await world.execute(
                "update public.workflow_runs set status = 'succeeded', finished_at = now() where id = %s",
                clean,
            )
            for node in ("charge", "charge", "ship"):
                await world.fail(node=node)
            await world.until("select count(*) = 1 from public.alerts where status = 'resolved'")
            assert receiver.requests == []
            await arrived(receiver, 1, within=12)
            await asyncio.sleep(0.5)
    (content,) = receiver.contents
    assert content["type"] == "alert.digest"
    assert content["headline"] == (
        "Shop: 4 failures held back, 2 troubles still open, 1 recovered meanwhile"
    )
    told = [
        (each["state"], each["node"], each["new_failures"]) for each in content["digest"]["alerts"]
    ]
    assert sorted(told[:2]) == [("open", "charge", 2), ("open", "ship", 1)]
    assert told[2][0] == "recovered"
    rows = await world.rows("select sum(count) as n from public.alert_logs where reason = 'digest'")
    assert rows[0]["n"] == 4
    assert receiver.unsigned == 0


async def test_a_digest_that_is_refused_leaves_all_of_it_untold(
    world: World, receiver: Receiver
) -> None:
    async with a_service(world.url) as service:
        await world.hook(service, receiver, quiet_periods=[quiet_now(4)])
        receiver.answers = [410]
        async with at_work(service):
            for node in ("charge", "ship"):
                await world.fail(node=node)
            await arrived(receiver, 1, within=10)
            await world.until("select count(*) = 2 from public.alerts where told = '{}'")


async def test_deleting_a_period_releases_what_it_held_at_once(
    world: World, receiver: Receiver
) -> None:
    async with a_service(world.url) as service, a_client(service, world.owner) as client:
        await world.hook(service, receiver, quiet_periods=[quiet_now(1800)])
        async with at_work(service):
            await world.fail()
            await world.until(
                "select count(*) = 1 from public.alert_logs where reason = 'quiet_period'"
            )
            later = {"project_id": str(world.project_id), "quiet_periods": [quiet_now(900)]}
            assert (await client.post(PATH, json=later)).is_success
            await asyncio.sleep(1)
            assert receiver.requests == []  # moved, and it holds on
            gone = {"project_id": str(world.project_id), "quiet_periods": {"night": None}}
            assert (await client.post(PATH, json=gone)).is_success
            await arrived(receiver, 1, within=5)
    assert receiver.contents[0]["type"] == "alert.firing"


async def test_a_quiet_period_that_ended_while_nobody_worked_is_told_once(
    world: World, receiver: Receiver
) -> None:
    async with a_service(world.url) as service:
        await world.hook(service, receiver, quiet_periods=[quiet_now(4)])
        async with at_work(service):
            for node in ("charge", "ship"):
                await world.fail(node=node)
            await world.until(
                "select count(*) = 2 from meshhook_alerts.timers where kind = 'untold'"
            )
    await asyncio.sleep(4)
    async with (
        a_service(world.url) as first, a_service(world.url) as second, at_work(first), at_work(second)
    ):  # fmt: skip
        await arrived(receiver, 1)
        await asyncio.sleep(1)
    assert len(receiver.ids) == 1


async def test_what_is_only_recorded_is_never_told(world: World, receiver: Receiver) -> None:
    async with a_service(world.url) as service:
        period = quiet_now(3, mode="record_only")
        await world.hook(service, receiver, quiet_periods=[period])
        async with at_work(service):
            await world.fail()
            await world.until(
                "select count(*) = 1 from public.alert_logs where reason = 'quiet_record_only'"
            )
            await asyncio.sleep(3.5)
            assert receiver.requests == []
            await (
                world.fail()
            )  # after it, the trouble is told like any other, without what was recorded
            await arrived(receiver, 1)
    (content,) = receiver.contents
    assert content["type"] == "alert.firing"
    assert content["alert"]["new_failures"] == 1


async def test_critical_comes_through_unless_nothing_may(world: World, receiver: Receiver) -> None:
    async with a_service(world.url) as service:
        await world.hook(service, receiver, quiet_periods=[quiet_now(60)], criticality="critical")
        async with at_work(service):
            await world.fail()
            await arrived(receiver, 1)
            await world.hook(
                service,
                receiver,
                quiet_periods=[quiet_now(60, passes="none")],
                criticality="critical",
            )
            await world.fail(node="another")
            await world.until(
                "select count(*) = 1 from public.alert_logs where reason = 'quiet_period'"
            )
    assert len(receiver.requests) == 1


async def test_a_workflows_own_periods_join_the_projects_or_replace_them(
    world: World, receiver: Receiver
) -> None:
    async with a_service(world.url) as service, a_client(service, world.owner) as client:
        night = {"name": "night", "from": "22:00", "to": "07:00", "time_zone": "Europe/Berlin"}
        noon = {"name": "noon", "from": "12:00", "to": "13:00"}
        project = {"project_id": str(world.project_id)}
        await client.post(PATH, json={**project, "quiet_periods": [night]})
        both = await client.post(
            PATH, json={**project, "workflow": "orders", "quiet_periods": [noon]}
        )
        names = [each["name"] for each in both.json()["effective"]["quiet_periods"]["value"]]
        assert names == ["night", "noon"]
        one = await client.post(
            PATH, json={**project, "workflow": "orders", "quiet_periods_mode": "replace"}
        )
        names = [each["name"] for each in one.json()["effective"]["quiet_periods"]["value"]]
        assert names == ["noon"]
        gone = await client.post(PATH, json={**project, "quiet_periods": {"night": None}})
        assert gone.json()["effective"]["quiet_periods"]["value"] == []


PERIOD: dict[str, Any] = {"name": "p", "from": "22:00", "to": "07:00"}


@pytest.mark.parametrize(
    ("change", "place", "said"),
    [
        ({"to": "22:00"}, "/quiet_periods/0", "never ends"),
        ({"to": "24:00"}, "/quiet_periods/0/to", "write 00:00"),
        ({"time_zone": "Mars/Base"}, "/quiet_periods/0/time_zone", "no time zone is called"),
        ({"from": "22:00+02:00"}, "/quiet_periods/0/from", "without an offset"),
        ({"nth": [6]}, "/quiet_periods/0/nth", "none of 1, 2, 3, 4, 5 and -1"),
        ({"channels": ["nobody"]}, "/quiet_periods/0/channels/0", "no channel is called"),
        ({"rules": ["nothing"]}, "/quiet_periods/0/rules/0", "no rule is called"),
        ({"weekdays": ["someday"]}, "/quiet_periods/0/weekdays/0", "mon"),
        ({"mode": "sleep"}, "/quiet_periods/0/mode", "hold"),
    ],
)
async def test_a_period_that_cannot_be_used_is_refused_by_its_field(
    world: World, change: dict[str, Any], place: str, said: str
) -> None:
    async with a_service(world.url) as service, a_client(service, world.owner) as client:
        wrong = {"project_id": str(world.project_id), "quiet_periods": [PERIOD | change]}
        found = pointers(await client.post(PATH, json=wrong))
    assert list(found) == [place]
    assert said in found[place]
