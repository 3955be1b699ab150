"""Limits of a channel: so many messages in so long, and what is beyond in one digest."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api_client import a_client, pointers
from tests.line import Receiver, World, a_service, arrived, at_work

pytestmark = pytest.mark.postgres

PATH = "/api/alerts/settings"


async def test_a_channel_may_be_capped_in_several_windows(world: World, receiver: Receiver) -> None:
    async with a_service(world.url) as service:
        channel = {
            "name": "hook", "kind": "webhook", "config": {"url": receiver.url, "secret": receiver.secret},
            "limits": [{"messages": 3, "seconds": 3600}, {"messages": 7, "seconds": 86_400}],
        }  # fmt: skip
        await world.configure(service, channels=[channel])
        async with at_work(service):
            for number in range(6):
                await world.fail(node=f"n{number}")
            await world.until(
                "select count(*) = 3 from public.alert_logs where reason = 'channel_cap'",
                within=4,
            )
            assert len(receiver.requests) == 3
            held = await world.rows(
                "select distinct blocked_by, eligible_at > now() + interval '50 minutes' as later"
                " from public.alert_logs where reason = 'channel_cap'"
            )
            assert held == [{"blocked_by": "3 per 3,600 s", "later": True}]
            # An hour later the window opens, and one message tells of all that waited.
            await world.execute(
                "update public.alert_notifications set created_at = created_at - interval '1 hour'"
            )
            await world.execute("update meshhook_alerts.timers set due = now()")
            await arrived(receiver, 4)
    assert receiver.contents[3]["digest"]["total"] == 3


@pytest.mark.parametrize(
    ("limit", "place"),
    [
        ({"messages": 0, "seconds": 3600}, "messages"),
        ({"messages": 1, "seconds": 1}, "seconds"),
        ({"messages": 1, "seconds": 366 * 86_400}, "seconds"),
        ({"messages": 1}, "seconds"),
    ],
)
async def test_a_limit_that_cannot_be_is_refused(
    world: World, receiver: Receiver, limit: dict[str, Any], place: str
) -> None:
    hook = {"url": receiver.url, "secret": receiver.secret}
    channel = {"name": "hook", "kind": "webhook", "config": hook, "limits": [limit]}
    async with a_service(world.url) as service, a_client(service, world.owner) as client:
        answer = await client.post(
            PATH, json={"project_id": str(world.project_id), "channels": [channel]}
        )
    assert list(pointers(answer)) == [f"/channels/0/limits/0/{place}"]


async def test_limits_stay_when_another_part_of_the_channel_changes(
    world: World, receiver: Receiver
) -> None:
    hook = {"url": receiver.url, "secret": receiver.secret}
    limits = [{"messages": 3, "seconds": 3600}]
    channel = {"name": "hook", "kind": "webhook", "config": hook, "limits": limits}
    project = {"project_id": str(world.project_id)}
    async with a_service(world.url) as service, a_client(service, world.owner) as client:
        await client.post(PATH, json={**project, "channels": [channel]})
        off = await client.post(
            PATH, json={**project, "channels": [{"name": "hook", "enabled": False}]}
        )
    assert off.json()["channels"][0]["limits"] == limits
