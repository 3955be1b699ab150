"""The trigger endpoint: failures that tables can never show."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from meshhook_alerts.bootstrap import Service
from tests.api_client import SERVICE, pointers, problem
from tests.line import Receiver, World, at_work, eventually

pytestmark = pytest.mark.postgres

PATH = "/api/alerts/trigger"


def ago(**span: float) -> str:
    return (datetime.now(UTC) - timedelta(**span)).isoformat()


def failure(world: World, **changes: Any) -> dict[str, Any]:
    return {
        "id": str(uuid4()), "project_id": str(world.project_id), "kind": "intake_rejected",
        "occurred_at": ago(seconds=1), "workflow": "orders", "error": "signature mismatch", **changes,
    }  # fmt: skip


async def report(client: httpx.AsyncClient, content: Any) -> httpx.Response:
    return await client.post(PATH, json=content, headers=SERVICE)


async def test_only_the_service_may_report(client: httpx.AsyncClient, world: World) -> None:
    said = problem(await client.post(PATH, json=failure(world)), 403)
    assert said["code"] == "service_only"
    assert await world.value("select count(*) from meshhook_alerts.signals") == 0


async def test_one_or_many_are_taken(client: httpx.AsyncClient, world: World) -> None:
    one = await report(client, failure(world))
    many = await report(client, {"failures": [failure(world) for _ in range(1000)]})
    assert (one.status_code, one.json()) == (
        202,
        {"accepted": 1, "duplicates": 0, "unattributed": 0},
    )
    assert (many.status_code, many.json()) == (
        202,
        {"accepted": 1000, "duplicates": 0, "unattributed": 0},
    )
    assert await world.value("select count(*) from meshhook_alerts.signals") == 1001


async def test_the_same_failure_counts_once_waiting_or_decided(
    client: httpx.AsyncClient, service: Service, world: World
) -> None:
    first = failure(world)
    answers = [await report(client, first), await report(client, first)]
    answers.append(await report(client, {"failures": [first, first, failure(world)]}))
    async with at_work(service):

        async def decided() -> bool:
            return bool(
                await world.value(
                    "select count(*) = 2 from public.alert_failures where project_id = %s",
                    world.project_id,
                )
            )

        await eventually(decided)
        answers.append(await report(client, first))
    counts = [(each.json()["accepted"], each.json()["duplicates"]) for each in answers]
    assert counts == [(1, 0), (0, 1), (1, 2), (0, 1)]
    count = "select count(*) from public.alert_failures where project_id = %s"
    assert await world.value(count, world.project_id) == 2


WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"project_id": str(uuid4())}, "/project_id", "no such project"),
    ({"project_id": "x"}, "/project_id", "UUID"),
    ({"occurred_at": ago(minutes=-200)}, "/occurred_at", "future"),
    ({"occurred_at": ago(days=8)}, "/occurred_at", "7 days"),
    ({"occurred_at": "0001-01-01T00:00:00Z"}, "/occurred_at", "7 days"),
    ({"occurred_at": "9999-12-31T23:59:59-23:59"}, "/occurred_at", "future"),
    ({"occurred_at": "2026-01-01T00:00:00"}, "/occurred_at", "timezone"),
    ({"occurred_at": "yesterday"}, "/occurred_at", "datetime"),
    ({"kind": "run_failed"}, "/kind", "these can: circuit_open"),
    ({"kind": "nope"}, "/kind", "cannot be reported"),
    ({"id": " "}, "/id", "1 character"),
    ({"id": "x" * 201}, "/id", "200"),
    ({"error": "e" * 20_001}, "/error", "20000"),
    ({"http_status": 99}, "/http_status", "100"),
    ({"severity": "loud"}, "/severity", "info"),
    ({"labels": {f"l{n}": "x" for n in range(21)}}, "/labels", "20"),
    ({"labels": {"a": "x" * 201}}, "/labels/a", "200"),
    ({"labels": {"a": 1}}, "/labels/a", "string"),
    ({"surprise": 1}, "/surprise", "not permitted"),
]


@pytest.mark.parametrize(("change", "where", "what"), WRONG, ids=[f"{w}: {t}" for _, w, t in WRONG])
async def test_every_wrong_field_is_named_alone_and_in_a_batch(
    caller: httpx.AsyncClient, project: World, change: dict[str, Any], where: str, what: str
) -> None:
    import json

    for content, prefix in [
        (failure(project, **change), ""),
        ({"failures": [failure(project), failure(project, **change)]}, "/failures/1"),
    ]:
        found = pointers(await caller.post(
            PATH, content=json.dumps(content), headers=SERVICE | {"content-type": "application/json"}))  # fmt: skip
        assert list(found) == [prefix + where]
        assert what in found[prefix + where]
    count = "select count(*) from meshhook_alerts.signals where project_id = %s"
    assert await project.value(count, project.project_id) == 0


async def test_too_few_and_too_many_are_refused(caller: httpx.AsyncClient, project: World) -> None:
    assert "/failures" in pointers(await report(caller, {"failures": []}))
    assert "/failures" in pointers(await report(caller, {"failures": [failure(project)] * 1001}))
    assert {"/id", "/occurred_at"} <= pointers(await report(caller, {})).keys()
    assert list(pointers(await report(caller, [failure(project)]))) == [""]


async def test_a_report_becomes_a_message_as_loud_as_it_says_and_redacted(
    client: httpx.AsyncClient, service: Service, world: World, receiver: Receiver
) -> None:
    secret = "sk_live_4eC39HqLyjWDarjtT1zdp7dc"
    await world.hook(service, receiver)
    async with at_work(service):
        await report(client, failure(
            world, kind="circuit_open", severity="critical", node_id="pay", http_status=503,
            run_id=str(uuid4()), error=f"Authorization: Bearer {secret}", labels={"region": f"eu {secret}"},
        ))  # fmt: skip
        await report(
            client, failure(world, kind="loop_item_failed")
        )  # a hazard: below the default rule

        async def told() -> bool:
            return bool(await world.value(
                "select count(*) = 1 from public.alert_notifications where state = 'delivered'"))  # fmt: skip

        await eventually(told)

        async def all_decided() -> bool:
            return bool(await world.value("select count(*) = 2 from public.alert_failures"))

        await eventually(all_decided)
    (content,) = receiver.contents
    assert content["severity"] == "critical"
    assert content["failure"]["kind"] == "circuit_open"
    assert content["failure"]["http_status"] == 503
    assert content["workflow"]["slug"] == "orders"
    assert content["node"]["id"] == "pay"
    everything = str(content) + str(
        await world.rows("select to_jsonb(t) as t from public.alert_folds t")
    )
    assert secret not in everything
    reasons = await world.rows("select reason from public.alert_logs where effect = 'blocked'")
    assert [row["reason"] for row in reasons] == ["no_rule"]


async def test_the_openapi_page_describes_all_three_endpoints(caller: httpx.AsyncClient) -> None:
    paths = (await caller.get("/api/alerts/openapi.json")).json()["paths"]
    assert {
        "/api/alerts/settings", "/api/alerts/settings/{project_id}",
        "/api/alerts/settings/{project_id}/{workflow}", "/api/alerts/trigger",
    } <= paths.keys()  # fmt: skip
