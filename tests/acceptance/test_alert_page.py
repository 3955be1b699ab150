"""The page that "Open the alert" leads to: for whoever has the link, for one alert, for seven days."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from meshhook_alerts.adapters.link_seal import LINK_LIFE, LinkSeals
from tests.api_client import a_client
from tests.line import KEY, Receiver, World, a_service, arrived, at_work

pytestmark = pytest.mark.postgres

MARKUP = "Error: <script>alert(1)</script> password=hunter2Secret"


async def test_the_link_in_a_message_opens_the_alert(world: World, receiver: Receiver) -> None:
    async with a_service(world.url) as service, a_client(service) as client:
        await world.hook(service, receiver)
        async with at_work(service):
            run_id = await world.fail(error=MARKUP)
            await arrived(receiver, 1)
            await world.fail(error=MARKUP)
            await world.until(
                "select count(*) = 1 from public.alert_logs where reason = 'cooldown'"
            )
            await world.until("select count(*) = 1 from public.alert_attempts")
        link = urlsplit(receiver.contents[0]["links"]["alert"])
        page = await client.get(f"{link.path}?{link.query}")
        assert page.status_code == 200
        assert page.headers["content-type"].startswith("text/html")
        for part in ("default-src 'none'", "frame-ancestors 'none'"):
            assert part in page.headers["content-security-policy"]
        assert page.headers["referrer-policy"] == "no-referrer"
        for shown in (str(run_id), "http_call", "HTTP 200 OK", "hook", "counted, and told when"):
            assert shown in page.text
        assert "<script>" not in page.text
        assert "hunter2Secret" not in page.text

        one_more = f"{link.path}?{link.query[:-1]}{'A' if link.query[-1] != 'A' else 'B'}"
        other = f"/alerts/a/{uuid4()}?{link.query}"
        for bad in (one_more, other, f"{link.path}?t=", "/alerts/a/nonsense?t=1.2"):
            answer = await client.get(bad)
            assert answer.status_code == 404, bad
            assert "This link leads nowhere" in answer.text
        # Without a seal it is not a message's link but the dashboard's: the page, and nothing of the alert.
        unsealed = await client.get(link.path)
        assert unsealed.status_code in (200, 404)  # 404 where the dashboard has not been built
        assert not [
            part for part in (str(run_id), "http_call", "HTTP 200") if part in unsealed.text
        ]
        assert (await client.post(f"{link.path}?{link.query}")).status_code == 405

        alert_id = await world.value("select id from public.alerts")
        moment = await world.value("select now()")
        old = LinkSeals.from_text(KEY).query(alert_id, moment - LINK_LIFE - timedelta(seconds=1))
        expired = await client.get(link.path + old)
        assert (expired.status_code, "This link has expired" in expired.text) == (410, True)


async def test_a_message_without_an_address_of_ours_has_no_link(
    world: World, receiver: Receiver
) -> None:
    async with a_service(world.url, base_url=None) as service:
        await world.hook(service, receiver)
        async with at_work(service):
            await world.fail()
            await arrived(receiver, 1)
    assert receiver.contents[0]["links"]["alert"] is None
