"""What people do about alerts, by the API: once, in order, and told truthfully."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from meshhook_alerts.adapters.postgres.migrations import migrate
from meshhook_alerts.application.acts import AcknowledgeRequest
from meshhook_alerts.application.ports import StoreUnavailable
from meshhook_alerts.bootstrap import Service
from meshhook_alerts.domain.life import ActKind
from tests.api_client import a_client
from tests.line import Receiver, World, arrived, at_work

pytestmark = pytest.mark.postgres


async def an_alert(world: World, service: Service, receiver: Receiver) -> UUID:
    """One that the channel has been told of."""
    await world.hook(service, receiver, reminders_seconds=[])
    before = len(receiver.requests)
    async with at_work(service):
        await world.fail()
        await arrived(receiver, before + 1)
        await world.until("select bool_and(state = 'delivered') from public.alert_notifications")
    alert_id: UUID = await world.value("select id from public.alerts where status <> 'resolved'")
    return alert_id


async def act(client: httpx.AsyncClient, alert_id: UUID, word: str, **body: Any) -> httpx.Response:
    return await client.post(f"/api/alerts/{alert_id}/{word}", json=body or None)


async def test_an_act_is_done_without_a_worker_and_its_message_sent_by_the_next(
    world: World, service: Service, client: httpx.AsyncClient, receiver: Receiver
) -> None:
    alert_id = await an_alert(world, service, receiver)
    answer = await act(client, alert_id, "acknowledge", note="looking; password=hunter2xyz")
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert (said["outcome"], said["status"]) == ("done", "acknowledged")
    assert said["said"].startswith("Acknowledged until ")
    kept = await world.rows("select kind, via, note, outcome, by_user from public.alert_acts")
    assert kept[0]["by_user"] == world.owner
    assert "hunter2" not in kept[0]["note"]
    closed = await act(client, alert_id, "resolve")
    assert closed.json()["said"] == "Closed."
    async with at_work(service):
        await arrived(receiver, 2)
    assert receiver.contents[1]["type"] == "alert.closed"
    assert await world.value("select count(*) from meshhook_alerts.acts") == 0


async def test_taken_and_the_database_lost_it_is_said_to_be_taken(
    world: World, service: Service, receiver: Receiver
) -> None:
    alert_id = await an_alert(world, service, receiver)

    async def lost(_: UUID) -> None:
        raise StoreUnavailable("the connection was lost")

    acts = replace(service.acts, decide=lost)
    done = await acts(ActKind.ACKNOWLEDGE, [alert_id], AcknowledgeRequest(), world.caller)
    assert done == {alert_id: None}  # answered with 202: "look again in a moment"
    again = await service.acts(
        ActKind.ACKNOWLEDGE, [alert_id], AcknowledgeRequest(), world.caller, key="second"
    )
    assert again[alert_id]
    outcomes = await world.rows("select outcome from public.alert_acts order by at")
    assert [row["outcome"] for row in outcomes] == ["done", "already"]


async def test_fifty_people_at_once_get_one_result_and_the_truth(
    world: World, service: Service, receiver: Receiver
) -> None:
    alert_id = await an_alert(world, service, receiver)

    async def one(number: int) -> dict[str, Any]:
        async with a_client(service, world.owner) as client:
            answer = await act(client, alert_id, "acknowledge", note=f"n{number}")
            assert answer.status_code == 200, answer.text
            said: dict[str, Any] = answer.json()
            return said

    async with at_work(service):
        answers = await asyncio.gather(*map(one, range(50)))
    assert sorted(each["outcome"] for each in answers) == ["already"] * 49 + ["done"]
    assert len({each["since"] for each in answers}) == 1
    assert all(
        "Nothing was changed" in each["said"] for each in answers if each["outcome"] == "already"
    )
    assert await world.value("select count(*) from public.alert_acts") == 50


async def test_a_key_makes_the_same_act_of_two_requests(
    world: World, service: Service, client: httpx.AsyncClient, receiver: Receiver
) -> None:
    alert_id = await an_alert(world, service, receiver)
    headers = {"idempotency-key": "k1"}
    path = f"/api/alerts/{alert_id}/acknowledge"
    answers = [await client.post(path, headers=headers) for _ in range(3)]
    assert [each.json()["outcome"] for each in answers] == ["done"] * 3
    assert await world.value("select count(*) from public.alert_acts") == 1


async def test_an_etag_keeps_from_acting_on_what_has_changed(
    world: World, service: Service, client: httpx.AsyncClient, receiver: Receiver
) -> None:
    alert_id = await an_alert(world, service, receiver)
    path = f"/api/alerts/{alert_id}/acknowledge"
    refused = await client.post(path, headers={"if-match": '"1"'})
    assert (refused.status_code, refused.json()["code"]) == (412, "precondition_failed")
    first = await client.post(path, headers={"if-match": "*"})
    etag = first.headers["etag"]
    snoozed = f"/api/alerts/{alert_id}/snooze"
    again = await client.post(snoozed, headers={"if-match": etag}, json={"for_seconds": 3600})
    assert again.json()["outcome"] == "done"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, ""),
        ({"until": "2020-01-01T00:00:00Z"}, "/until"),
        ({"until": "2100-01-01T00:00:00Z"}, "/until"),
        ({"until": "2026-12-01T00:00:00"}, "/until"),
        ({"for_seconds": 366 * 86_400}, "/for_seconds"),
        ({"failures": 0}, "/failures"),
        ({"for_seconds": 3600, "until": "2026-12-01T00:00:00Z"}, ""),
        ({"for_seconds": 3600, "forever": True}, "/forever"),
    ],
)
async def test_a_snooze_that_cannot_be_is_refused_by_its_field(
    world: World, service: Service, client: httpx.AsyncClient, receiver: Receiver,
    body: dict[str, Any], pointer: str,
) -> None:  # fmt: skip
    alert_id = await an_alert(world, service, receiver)
    answer = await client.post(f"/api/alerts/{alert_id}/snooze", json=body)
    assert answer.status_code == 422, answer.text
    assert [each["pointer"] for each in answer.json()["errors"]] == [pointer]
    assert await world.value("select bool_and(status = 'firing') from public.alerts")


async def test_what_is_over_is_said_to_be(
    world: World, service: Service, client: httpx.AsyncClient, receiver: Receiver
) -> None:
    alert_id = await an_alert(world, service, receiver)
    await act(client, alert_id, "resolve")
    for word, body in (("acknowledge", {}), ("snooze", {"for_seconds": 600})):
        answer = await act(client, alert_id, word, **body)
        assert (answer.status_code, answer.json()["code"]) == (409, "ended")
        assert "closed by" in answer.json()["detail"]
    assert (await act(client, alert_id, "resolve")).json()["outcome"] == "already"
    assert (await act(client, alert_id, "reopen")).json()["status"] == "firing"


async def test_what_was_taken_in_hand_can_be_given_back(
    world: World, service: Service, client: httpx.AsyncClient, receiver: Receiver
) -> None:
    alert_id = await an_alert(world, service, receiver)
    for word, body in (("acknowledge", {}), ("snooze", {"for_seconds": 600})):
        assert (await act(client, alert_id, word, **body)).json()["outcome"] == "done"
        given_back = (await act(client, alert_id, "reopen")).json()
        assert (given_back["outcome"], given_back["status"]) == ("done", "firing")
        assert given_back["said"] == "It is open, and in nobody's hand."
    detail = (await client.get(f"/api/alerts/{alert_id}")).json()
    assert detail["in_hand"] is None


async def test_many_at_once_have_a_line_each(
    world: World, service: Service, client: httpx.AsyncClient, receiver: Receiver
) -> None:
    alert_id, nobodys = await an_alert(world, service, receiver), uuid4()
    ids = [str(alert_id), str(nobodys), str(alert_id)]
    answer = await client.post("/api/alerts/acknowledge", json={"ids": ids})
    assert [each["outcome"] for each in answer.json()["alerts"]] == ["done", "not_found"]


async def test_a_strangers_alert_and_one_that_is_not_there_are_answered_alike(
    world: World, service: Service, client: httpx.AsyncClient, receiver: Receiver
) -> None:
    alert_id, nobodys = await an_alert(world, service, receiver), uuid4()
    async with a_client(service, uuid4()) as stranger:
        answers = [await act(stranger, each, "acknowledge") for each in (alert_id, nobodys)]
    assert [each.status_code for each in answers] == [404, 404]
    words = [each.json()["detail"].replace(str(id_), "ID") for each, id_ in zip(answers, (alert_id, nobodys), strict=True)]  # fmt: skip
    assert words[0] == words[1]
    assert await world.value("select bool_and(status = 'firing') from public.alerts")


async def test_what_a_dead_process_left_is_decided_by_the_next_worker(
    world: World, service: Service, receiver: Receiver
) -> None:
    alert_id = await an_alert(world, service, receiver)
    await world.execute(
        "insert into meshhook_alerts.acts (id, project_id, alert_id, kind, by_name, via)"
        " values (gen_random_uuid(), %s, %s, 'resolve', 'ana', 'api')",
        world.project_id, alert_id,
    )  # fmt: skip
    async with at_work(service):
        await arrived(receiver, 2)
    assert receiver.contents[1]["type"] == "alert.closed"


async def test_what_was_open_before_this_version_is_looked_at_too(
    world: World, service: Service, receiver: Receiver
) -> None:
    alert_id = await an_alert(world, service, receiver)
    await world.execute("delete from meshhook_alerts.timers")
    await world.execute("delete from meshhook_alerts.migrations where version = '20261126002200'")
    async with await service.database.connect_autocommit() as connection:
        await migrate(connection)
    kept = await world.rows("select kind, alert_id from meshhook_alerts.timers")
    assert [(each["kind"], each["alert_id"]) for each in kept] == [("closing", alert_id)]
