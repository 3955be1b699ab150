"""Looking at alerts by the API: lists, pages, filters, one alert with all that happened to it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from meshhook_alerts.bootstrap import Service
from tests.api_client import a_client
from tests.line import Receiver, World, arrived, at_rest, at_work

pytestmark = pytest.mark.postgres

PATH = "/api/alerts"


async def some_alerts(world: World, service: Service, receiver: Receiver) -> None:
    """Three troubles: one open, one acknowledged, one resolved."""
    await world.hook(service, receiver)
    async with at_work(service):
        for slug, node in (("orders", "charge"), ("orders", "ship"), ("invoices", "print")):
            await world.fail(slug, node=node, error=f"Error: HTTP 503 at {node}")
        await arrived(receiver, 3)
        await at_rest(world)
    async with a_client(service, world.owner) as client:
        found = {each["node_id"]: each["id"] for each in (await get(client))["alerts"]}
        await client.post(f"{PATH}/{found['ship']}/acknowledge", json={"note": "mine"})
        await client.post(f"{PATH}/{found['print']}/resolve")


async def get(client: httpx.AsyncClient, path: str = "", **query: Any) -> Any:
    answer = await client.get(PATH + path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_alerts_are_found_by_every_filter(
    world: World, service: Service, client: httpx.AsyncClient, receiver: Receiver
) -> None:
    await some_alerts(world, service, receiver)
    whole = await get(client)
    assert {each["node_id"] for each in whole["alerts"]} == {"charge", "ship", "print"}
    assert whole["counts"]["state"] == {"firing": 1, "acknowledged": 1, "resolved": 1}
    assert whole["counts"]["severity"] == {"error": 3}

    async def nodes(**query: Any) -> set[str]:
        return {each["node_id"] for each in (await get(client, **query))["alerts"]}

    assert await nodes(state=["firing", "acknowledged"]) == {"charge", "ship"}
    assert await nodes(workflow="invoices") == {"print"}
    assert await nodes(text="AT CHARGE") == {"charge"}
    assert await nodes(text="%") == set()
    assert await nodes(severity="critical") == set()
    run = str(await world.value("select failure.run_id from public.alert_failures failure join public.alert_folds fold"
                                " on fold.id = fold_id where fold.node_id = 'ship'"))  # fmt: skip
    assert await nodes(run_id=run) == {"ship"}
    assert await nodes(run_id=str(uuid4())) == set()
    assert await nodes(kind="retries_exhausted", state="resolved") == {"print"}
    assert await nodes(project_id=str(uuid4())) == set()
    assert await nodes(since=(datetime.now(UTC) + timedelta(hours=1)).isoformat()) == set()
    mine = next(each for each in whole["alerts"] if each["node_id"] == "ship")
    assert mine["in_hand"]["by"] == f"user {world.owner}"
    closed = next(each for each in whole["alerts"] if each["node_id"] == "print")
    assert closed["closed"] == f"closed by user {world.owner}"


@pytest.mark.parametrize("what", ["", "/failures", "/logs", "/notifications"])
async def test_pages_show_each_row_once(
    world: World, service: Service, client: httpx.AsyncClient, receiver: Receiver, what: str
) -> None:
    await some_alerts(world, service, receiver)
    name = what.removeprefix("/") or "alerts"
    whole, seen, cursor = (await get(client, what))[name], [], None
    assert len(whole) >= 3
    while True:
        page = await get(client, what, limit=1, **({"cursor": cursor} if cursor else {}))
        seen += page[name]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == whole


async def test_a_cursor_that_was_made_up_or_belongs_elsewhere_is_refused(
    world: World, service: Service, client: httpx.AsyncClient, receiver: Receiver
) -> None:
    await some_alerts(world, service, receiver)
    cursor = (await get(client, limit=1))["next"]
    changed = cursor[:-2] + ("aa" if cursor[-2:] != "aa" else "bb")
    for query in ({"cursor": changed}, {"cursor": "hello"}, {"cursor": "äöü"}, {"cursor": cursor, "state": "firing"}):  # fmt: skip
        answer = await client.get(PATH, params=query)
        assert answer.status_code == 422, query
        assert answer.json()["errors"][0]["pointer"] == "/cursor"
    assert (await client.get(f"{PATH}/logs", params={"cursor": cursor})).status_code == 422


async def test_one_alert_says_all_that_happened_to_it(
    world: World, service: Service, client: httpx.AsyncClient, receiver: Receiver
) -> None:
    await some_alerts(world, service, receiver)
    ship = next(each for each in (await get(client))["alerts"] if each["node_id"] == "ship")
    answer = await client.get(f"{PATH}/{ship['id']}")
    found = answer.json()
    assert answer.headers["etag"]
    assert found["timeline"][0]["what"] == "act"
    assert found["timeline"][0]["said"].endswith("acknowledged it: mine")
    assert {each["what"] for each in found["timeline"]} == {"act", "decision", "failures"}
    assert found["channels"][0]["name"] == "hook"
    assert found["channels"][0]["believes_open"] is True
    assert found["notifications"][0]["state"] == "delivered"
    assert found["notifications"][0]["attempts"][0]["outcome"] == "delivered"
    assert found["hint"]
    assert found["shown"]["failures"] == 1
    logs = await get(client, "/logs", alert_id=ship["id"])
    assert {each["reason"] for each in logs["logs"]} >= {"first_failure", "delivered"}
    failures = await get(client, "/failures", alert_id=ship["id"])
    assert [each["node_id"] for each in failures["failures"]] == ["ship"]


async def test_the_closed_lists_have_a_sentence_each(client: httpx.AsyncClient) -> None:
    reasons, kinds = await get(client, "/reasons"), await get(client, "/kinds")
    assert all(each["sentence"].endswith(".") for each in reasons)
    assert {"fleet_silent", "retries_exhausted"} <= {each["name"] for each in kinds}


async def test_a_stranger_sees_nothing_in_the_same_words_as_for_what_is_not_there(
    world: World, service: Service, client: httpx.AsyncClient, receiver: Receiver
) -> None:
    await some_alerts(world, service, receiver)
    alert_id, nobodys = (await get(client))["alerts"][0]["id"], str(uuid4())
    async with a_client(service, uuid4()) as stranger:
        for what in ("", "/failures", "/logs", "/notifications"):
            found = await get(stranger, what, alert_id=alert_id)
            assert found[what.removeprefix("/") or "alerts"] == []
        assert (await get(stranger))["counts"] == {"state": {}, "severity": {}}
        answers = [await stranger.get(f"{PATH}/{each}") for each in (alert_id, nobodys)]
    words = [each.json()["detail"].replace(id_, "ID") for each, id_ in zip(answers, (alert_id, nobodys), strict=True)]  # fmt: skip
    assert [each.status_code for each in answers] == [404, 404]
    assert words[0] == words[1]


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ({"state": "open"}, "/query/state/0"),
        ({"limit": 0}, "/query/limit"),
        ({"limit": 5000}, "/query/limit"),
        ({"since": "yesterday"}, "/query/since"),
        ({"since": "2026-11-26T10:00:00"}, "/query/since"),
        ({"project_id": "mine"}, "/query/project_id"),
    ],
)
async def test_a_filter_that_cannot_be_is_named(
    client: httpx.AsyncClient, query: dict[str, Any], pointer: str
) -> None:
    answer = await client.get(PATH, params=query)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)


async def test_what_one_chooses_from_workflows_and_how_channels_have_done(
    world: World, service: Service, client: httpx.AsyncClient, receiver: Receiver
) -> None:
    await some_alerts(world, service, receiver)
    place = f"/projects/{world.project_id}"
    assert await get(client, f"{place}/workflows") == ["invoices", "orders", "reports"]
    (week,) = await get(client, f"{place}/channels")
    assert (week["delivered"], week["undelivered"]) == (3, 0)
    assert week["last_delivered_at"] is not None
    assert (await client.get(f"{PATH}/projects/{uuid4()}/channels")).status_code == 404
