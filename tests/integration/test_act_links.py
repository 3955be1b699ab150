"""One-click links in messages: looking changes nothing, the button does it once, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID, uuid4

import httpx
import pytest

from meshhook_alerts.bootstrap import Service
from tests.api_client import a_client
from tests.line import Receiver, World, arrived, at_work

pytestmark = pytest.mark.postgres


async def links_of(world: World, service: Service, receiver: Receiver) -> dict[str, str]:
    """The links of a first message."""
    await world.hook(service, receiver)
    async with at_work(service):
        await world.fail(error="Error: no stock <script>alert(1)</script>")
        await arrived(receiver, 1)
        await world.until("select bool_and(state = 'delivered') from public.alert_notifications")
    links = receiver.contents[0]["links"]
    return {name: _local(links[name]) for name in ("acknowledge", "snooze", "alert")}


def _local(url: str) -> str:
    parts = urlsplit(url)
    assert parts.netloc == "alerts.example"
    return f"{parts.path}?{parts.query}"


async def status(world: World) -> str:
    found: str = await world.value("select status from public.alerts")
    return found


async def test_a_scanner_changes_nothing_and_a_person_acknowledges_once(
    world: World, service: Service, receiver: Receiver
) -> None:
    links = await links_of(world, service, receiver)
    async with a_client(service) as reader:
        for _ in range(3):  # mail scanners follow links, more than once
            page = await reader.get(links["acknowledge"])
            assert page.status_code == 200
            assert "Acknowledge this alert?" in page.text
            assert "<script>" not in page.text
        assert await status(world) == "firing"
        done = await reader.post(links["acknowledge"])
        assert "Acknowledged until" in done.text
        assert await status(world) == "acknowledged"
        for again in (
            await reader.get(links["acknowledge"]),
            await reader.post(links["acknowledge"]),
        ):
            assert "This link has been used" in again.text
        # The other link of the same message is a link of its own.
        snoozed = await reader.post(links["snooze"])
    assert "Snoozed until" in snoozed.text
    acts = await world.rows("select kind, via, by_name, by_user from public.alert_acts order by at")
    assert [(each["kind"], each["via"], each["by_name"]) for each in acts] == [
        ("acknowledge", "link", "a link in hook"), ("snooze", "link", "a link in hook"),
    ]  # fmt: skip
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "form-action 'self'" in page.headers["content-security-policy"]


async def test_a_link_is_worth_nothing_else(
    world: World, service: Service, receiver: Receiver
) -> None:
    links = await links_of(world, service, receiver)
    path, _, query = links["acknowledge"].partition("?")
    parameters = dict(parse_qsl(query))
    async with a_client(service) as reader:
        for wrong in (
            f"{path.replace('/acknowledge', '/snooze')}?{query}",
            f"{path.replace('/acknowledge', '/resolve')}?{query}",
            f"/alerts/a/{uuid4()}/acknowledge?{query}",
            f"{path}?m={uuid4()}&t={parameters['t']}",
            f"{path}?m={parameters['m']}&t=9{parameters['t']}",
            f"{path}?{links['alert'].partition('?')[2]}",
            path,
        ):
            for answer in (await reader.get(wrong), await reader.post(wrong)):
                assert answer.status_code == 404, wrong
                assert "leads nowhere" in answer.text
        # Nor does it open the alert's own page, nor the API.
        alert_id = path.split("/")[3]
        assert (await reader.get(f"/alerts/a/{alert_id}?t={parameters['t']}")).status_code == 404
        assert (await reader.post(f"/api/alerts/{alert_id}/acknowledge?{query}")).status_code == 401
    assert await status(world) == "firing"


async def test_an_old_link_says_so(world: World, service: Service, receiver: Receiver) -> None:
    links = await links_of(world, service, receiver)
    path, _, query = links["acknowledge"].partition("?")
    alert_id, message_id = path.split("/")[3], dict(parse_qsl(query))["m"]
    old = service.link_seals.act_query(
        UUID(alert_id), UUID(message_id), "acknowledge", datetime.now(UTC) - timedelta(days=4)
    )
    async with a_client(service) as reader:
        for answer in (await reader.get(path + old), await reader.post(path + old)):
            assert (answer.status_code, "has expired" in answer.text) == (410, True)
    assert await status(world) == "firing"


async def test_what_is_over_is_said_to_be(
    world: World, service: Service, client: httpx.AsyncClient, receiver: Receiver
) -> None:
    links = await links_of(world, service, receiver)
    alert_id = links["alert"].split("/")[3].partition("?")[0]
    await client.post(f"/api/alerts/{alert_id}/resolve")
    async with a_client(service) as reader:
        assert "This alert is over" in (await reader.get(links["acknowledge"])).text
        assert "nothing to take in hand" in (await reader.post(links["acknowledge"])).text


async def test_the_alerts_page_says_in_whose_hand_it_is_and_who_closed_it(
    world: World, service: Service, client: httpx.AsyncClient, receiver: Receiver
) -> None:
    links = await links_of(world, service, receiver)
    async with a_client(service) as reader:
        await reader.post(links["acknowledge"])
        assert "Acknowledged by a link in hook, until " in (await reader.get(links["alert"])).text
        alert_id = links["alert"].split("/")[3].partition("?")[0]
        await client.post(f"/api/alerts/{alert_id}/resolve")
        page = (await reader.get(links["alert"])).text
    assert f"Closed by user {world.owner}" in page
    assert "Recovered" not in page
