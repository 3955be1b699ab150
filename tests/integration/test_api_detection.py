"""How detection is doing, and what it began with, by the API."""

from __future__ import annotations

from uuid import uuid4

import httpx

from meshhook_alerts.bootstrap import Service
from meshhook_alerts.domain.kinds import KINDS
from tests.api_client import SERVICE, a_client
from tests.line import World, at_work, eventually, named


async def test_every_rule_says_whether_it_looks_and_when_it_last_did(
    service: Service, world: World
) -> None:
    async with a_client(service) as operator:
        operator.headers.update(SERVICE)
        before = (await operator.get("/api/alerts/detection")).json()
        assert {rule["state"] for rule in before["rules"]} == {"waiting"}
        async with at_work(service):

            async def all_on() -> bool:
                found = (await operator.get("/api/alerts/detection")).json()["rules"]
                return {rule["state"] for rule in found} == {"on"}

            await eventually(all_on)
        found = (await operator.get("/api/alerts/detection")).json()
    assert {rule["kind"] for rule in found["rules"]} == {
        kind.name for kind in KINDS.values() if kind.rule != "API"
    }
    for rule in found["rules"]:
        assert rule["last_look_at"]
        assert rule["last_cost_ms"] > 0
        assert rule["evidence"]
    assert found["attached_at"].startswith("2000-01-01")


async def test_a_rule_that_cannot_look_says_why(service: Service, world: World) -> None:
    await world.execute("drop table public.job_tracking cascade")
    await world.execute("alter table public.workflow_events rename column payload to body")
    await world.start_run()
    for name in ("runs", "queue_jobs"):
        await named(service, name).turn()
    async with a_client(service) as operator:
        operator.headers.update(SERVICE)
        rules = (await operator.get("/api/alerts/detection")).json()["rules"]
    found = {rule["kind"]: rule for rule in rules}
    assert (found["job_lost"]["state"], found["job_lost"]["why"]) == (
        "off", "table public.job_tracking does not exist",
    )  # fmt: skip
    assert found["never_started"]["state"] == "failing"
    assert "payload" in found["never_started"]["why"]


async def test_only_the_service_may_ask(client: httpx.AsyncClient) -> None:
    assert (await client.get("/api/alerts/detection")).status_code == 403


async def test_an_owner_sees_what_was_known_of_the_own_project_alone(
    client: httpx.AsyncClient, service: Service, world: World
) -> None:
    for _ in range(7):
        run_id = await world.start_run()
        await world.event(run_id, "run_created")
    await world.execute("update public.workflow_events set ts = ts - interval '3 days'")
    await world.execute("update meshhook_alerts.attachment set attached_at = now()")
    await named(service, "runs").turn()
    found = (await client.get(f"/api/alerts/baseline/{world.project_id}")).json()
    assert found["runs"] == 7
    (known,) = found["known"]
    assert (known["workflow"], known["kind"], known["runs"]) == ("orders", "never_started", 7)
    assert len(known["examples"]) == 5
    async with a_client(service, uuid4()) as stranger:
        assert (await stranger.get(f"/api/alerts/baseline/{world.project_id}")).status_code == 404
