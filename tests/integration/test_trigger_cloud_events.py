"""CloudEvents 1.0 at the trigger endpoint, in all three modes of HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from tests.line import World
from tests.reporting import Door, open_door, pointers

EVENT = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"


@pytest.fixture
async def door(world: World) -> AsyncIterator[Door]:
    async with open_door(world) as opened:
        yield opened


def an_event(door: Door, **attributes: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": uuid4().hex,
        "source": "/meshhook/orchestrator",
        "type": "dev.meshhook.handler_exception",
        "time": datetime.now(UTC).isoformat(),
        "data": {"project_id": str(door.world.project_id)},
        **attributes,
    }


async def test_an_event_becomes_a_failure(door: Door) -> None:
    run_id = await door.world.start_run()
    at = datetime.now(UTC).isoformat()
    data = {
        "run_id": str(run_id), "node_id": "charge", "node_type": "http_call", "http_status": 502,
        "error": "Error: HTTP 502", "severity": "critical", "labels": {"handler": "step"},
    }  # fmt: skip
    event = an_event(
        door, id="a1", source="https://meshhook.example/orchestrator", time=at, data=data,
        subject="ignored", datacontenttype="application/json", traceparent="00-0-0-00",
    )  # fmt: skip
    answer = await door.send(event, content_type=f"{EVENT}; charset=utf-8")
    assert (answer.status_code, answer.json()["accepted"]) == (202, 1)
    (signal,) = await door.signals()
    expected = {
        "project_id": door.world.project_id, "source": "api", "observed": "handler_exception",
        "source_ref": "api:https://meshhook.example/orchestrator#a1",
        "source_time": datetime.fromisoformat(at), "run_id": run_id,
        "workflow_id": door.world.workflow_ids["orders"], "node_id": "charge",
        "node_type": "http_call", "http_status": "502", "error": "Error: HTTP 502",
        "labels": {"handler": "step", "severity": "critical"},
    }  # fmt: skip
    assert {name: signal[name] for name in expected} == expected
    assert (await door.send(event, content_type=EVENT)).json()["duplicates"] == 1


async def test_a_batch_of_events(door: Door) -> None:
    batch = [an_event(door) for _ in range(3)]
    assert (await door.send(batch, content_type=BATCH)).json()["accepted"] == 3
    assert (await door.send([], content_type=BATCH)).json()["accepted"] == 0
    answer = await door.send([{}] * 1001, content_type=BATCH)
    assert (answer.status_code, pointers(answer)) == (422, [""])


async def test_an_event_in_headers_with_its_data_as_body(door: Door) -> None:
    event = an_event(door, source="/mesh hook/é", id="b 1")
    data = event.pop("data")
    headers = {f"ce-{name}": value for name, value in event.items()}
    headers |= {"ce-source": "/mesh%20hook/%C3%A9", "ce-traceparent": "00-0-0-00"}
    assert (await door.send(data, **headers)).json()["accepted"] == 1
    assert (await door.send({**event, "data": data}, content_type=EVENT)).json()["duplicates"] == 1
    (signal,) = await door.signals()
    assert signal["source_ref"] == "api:/mesh hook/é#b 1"
    empty = await door.send(b"", **headers | {"ce-id": "b2"})
    assert empty.json() == {"accepted": 1, "duplicates": 0, "unattributed": 1}


async def test_the_kind_may_stand_in_the_data(door: Door) -> None:
    data = {"project_id": str(door.world.project_id), "kind": "circuit_open"}
    event = an_event(door, type="com.example.breaker", data=data)
    assert (await door.send(event, content_type=EVENT)).status_code == 202
    both = an_event(door, type="dev.meshhook.loop_item_failed", data=data)
    assert (await door.send(both, content_type=EVENT)).status_code == 202
    assert [each["observed"] for each in await door.signals()] == [
        "circuit_open",
        "loop_item_failed",
    ]


async def test_what_is_wrong_is_named_where_the_event_has_it(door: Door) -> None:
    project = {"project_id": str(door.world.project_id)}
    wrong: list[tuple[Any, list[str]]] = [
        ("text", [""]),
        ({}, ["/specversion", "/id", "/source", "/type", "/time"]),
        (an_event(door, specversion="0.3"), ["/specversion"]),
        (an_event(door, id=7), ["/id"]),
        (an_event(door, source="x" * 200), ["/id"]),
        (an_event(door, time="yesterday"), ["/time"]),
        (an_event(door, time="2020-01-01T00:00:00Z"), ["/time"]),
        (an_event(door, type="dev.meshhook.run_failed"), ["/type"]),
        (an_event(door, type="com.example.other"), ["/type"]),
        (an_event(door, type="com.example.other", data=project | {"kind": "no"}), ["/data/kind"]),
        (an_event(door, data="text"), ["/data"]),
        (an_event(door, data_base64="e30="), ["/data_base64"]),
        (an_event(door, data=project | {"http_status": 1, "id": "x"}), ["/data/id"]),
        (an_event(door, data=project | {"http_status": 1}), ["/data/http_status"]),
        (an_event(door, data={"project_id": str(uuid4())}), ["/data/project_id"]),
    ]  # fmt: skip
    for event, expected in wrong:
        answer = await door.send(event, content_type=EVENT)
        assert (answer.status_code, pointers(answer)) == (422, expected), event
        answer = await door.send([an_event(door), event], content_type=BATCH)
        assert pointers(answer) == [f"/1{pointer}" for pointer in expected]
    assert await door.signals() == []


async def test_what_is_wrong_in_a_header_is_named_as_such(door: Door) -> None:
    event = an_event(door, type="com.example.other", time="")
    data = {**event.pop("data"), "http_status": 1}
    headers = {f"ce-{name}": value for name, value in event.items()}
    answer = await door.send(data, **headers)
    assert pointers(answer) == ["", ""]
    said = [each["detail"] for each in answer.json()["errors"]]
    assert [each.split(":")[0] for each in said] == ["header ce-time", "header ce-type"]
    headers |= {"ce-type": "dev.meshhook.custom", "ce-time": datetime.now(UTC).isoformat()}
    assert pointers(await door.send(data, **headers)) == ["/http_status"]
