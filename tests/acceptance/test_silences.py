"""Silences: blocked until their end, told then if it still fails, seen by whom they concern."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.api_client import a_client, bearing, pointers, problem, token
from tests.commands import command, environment
from tests.line import Receiver, World, a_service, arrived, at_work, open_world

pytestmark = pytest.mark.postgres

PATH = "/api/alerts/silences"


def body(world: World, **more: Any) -> dict[str, Any]:
    """A silence as somebody would ask for it."""
    return {
        "project_id": str(world.project_id), "for_seconds": 600, "reason": "deploying", **more
    }  # fmt: skip


def soon(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


async def silenced(world: World, number: int) -> None:
    await world.until(
        f"select coalesce(sum(count), 0) = {number} from public.alert_logs where reason = 'silenced'"
    )


async def test_what_still_fails_at_the_end_is_told_and_what_ended_is_not(
    world: World, receiver: Receiver
) -> None:
    async with a_service(world.url) as service, a_client(service, world.owner) as client:
        await world.hook(service, receiver)
        async with at_work(service):
            added = await client.post(
                PATH, json={**body(world), "for_seconds": None, "ends_at": soon(7)}
            )
            assert added.status_code == 201, added.text
            await world.fail("invoices", error="Error: no stock")
            await world.fail(node="charge")
            await world.fail(node="charge")
            await silenced(world, 3)
            await asyncio.sleep(1.1)
            clean = await world.start_run("invoices")
            await world.event(clean, "run_completed")
            await world.execute(
                "update public.workflow_runs set status = 'succeeded', finished_at = now() where id = %s",
                clean,
            )
            await world.until("select count(*) = 1 from public.alerts where status = 'resolved'")
            assert receiver.requests == []
            await arrived(receiver, 1, within=12)
            await asyncio.sleep(1)
    (content,) = receiver.contents
    assert content["node"]["id"] == "charge"
    assert content["alert"]["new_failures"] == 2


async def test_ending_one_tells_at_once(world: World, receiver: Receiver) -> None:
    async with a_service(world.url) as service, a_client(service, world.owner) as client:
        await world.hook(service, receiver)
        async with at_work(service):
            added = (await client.post(PATH, json=body(world, when={"nodes": ["charge"]}))).json()
            await world.fail(node="charge")
            await silenced(world, 1)
            await world.fail(node="ship")  # another node is not meant
            await arrived(receiver, 1)
            ended = await client.delete(f"{PATH}/{added['id']}")
            assert ended.json()["state"] == "ended"
            await arrived(receiver, 2, within=5)
            again = await client.delete(f"{PATH}/{added['id']}")
            assert again.json()["ends_at"] == ended.json()["ends_at"]
    assert [each["node"]["id"] for each in receiver.contents] == ["ship", "charge"]


async def test_it_says_what_it_does_before_and_when_it_is_added(
    world: World, receiver: Receiver
) -> None:
    async with a_service(world.url) as service, a_client(service, world.owner) as client:
        await world.hook(service, receiver)
        async with at_work(service):
            for node in ("charge", "charge", "ship"):
                await world.fail(node=node)
            await world.until("select sum(count) = 3 from public.alert_folds where not evidence")
        seen = (
            await client.post(f"{PATH}/preview", json=body(world, when={"nodes": ["cha*"]}))
        ).json()
        assert (len(seen["open_alerts"]), seen["failures_of_7_days"], seen["of"]) == (1, 2, 3)
        assert seen["warning"] is None
        assert await world.value("select count(*) from public.alert_silences") == 0
        everything = (await client.post(PATH, json=body(world))).json()["preview"]
        assert everything["warning"] == "it matches every failure of the last 7 days"
        nothing = (await client.post(PATH, json=body(world, when={"workflows": ["x"]}))).json()
        assert "no open alert" in nothing["preview"]["warning"]
        listed = (await client.get(f"{PATH}/{world.project_id}")).json()["silences"]
        assert [each["state"] for each in listed] == ["active", "active"]
        assert listed[0]["created_by"] == str(world.owner)


WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"for_seconds": None}, "", "one end"),
    ({"for_seconds": None, "ends_at": "2020-01-01T00:00:00Z"}, "/ends_at", "before it begins"),
    ({"starts_at": "2020-01-01T00:00:00Z"}, "/for_seconds", "over already"),
    ({"for_seconds": 365 * 86_400}, "/for_seconds", "at most 90 days"),
    ({"for_seconds": None, "ends_at": "2030-01-01T00:00:00"}, "/ends_at", "timezone"),
    ({"reason": "  "}, "/reason", "at least 1 character"),
    ({"when": {"kinds": ["nope"]}}, "/when/kinds", "unknown: nope"),
    ({"until": "later"}, "/until", "not permitted"),
]


@pytest.mark.parametrize(("change", "place", "said"), WRONG)
async def test_one_that_cannot_be_is_refused_by_its_field(
    world: World, change: dict[str, Any], place: str, said: str
) -> None:
    async with a_service(world.url) as service, a_client(service, world.owner) as client:
        found = pointers(await client.post(PATH, json=body(world) | change))
    assert list(found) == [place]
    assert said in found[place]


async def test_it_belongs_to_its_project(world: World) -> None:
    other = await open_world(world.url)
    stranger = bearing(token(other.owner))
    async with a_service(world.url) as service, a_client(service, world.owner) as client:
        mine = (await client.post(PATH, json=body(world))).json()

        def refused(answer: httpx.Response) -> None:
            problem(answer, 404)

        refused(await client.post(PATH, json=body(world), headers=stranger))
        refused(await client.post(f"{PATH}/preview", json=body(world), headers=stranger))
        refused(await client.get(f"{PATH}/{world.project_id}", headers=stranger))
        refused(await client.delete(f"{PATH}/{mine['id']}", headers=stranger))
        still = (await client.get(f"{PATH}/{world.project_id}")).json()["silences"]
        assert [each["state"] for each in still] == ["active"]


async def test_one_written_past_the_api_that_cannot_be_read_silences_nothing(
    world: World, receiver: Receiver
) -> None:
    async with a_service(world.url) as service:
        await world.hook(service, receiver)
        await world.execute(
            "insert into public.alert_silences (project_id, matchers, ends_at, reason)"
            " values (%s, '{\"when\": 7}', now() + interval '1 hour', 'x')",
            world.project_id,
        )
        async with at_work(service):
            await world.fail()
            await arrived(receiver, 1)


async def test_the_command_does_the_same(world: World) -> None:
    env = environment(DATABASE_URL=world.url)
    project = str(world.project_id)
    asked = (
        "silence",
        "add",
        "--project",
        project,
        "--for",
        "2h",
        "--reason",
        "deploying",
        "--node",
        "cha*",
    )
    looked = await command(*asked, "--dry-run", env=env)
    assert (looked.code, "0 open alerts match" in looked.said) == (0, True)
    added = await command(*asked, env=env)
    assert added.code == 0, added.said
    listed = await command("silence", "list", "--project", project, env=env)
    assert "active, until " in listed.said
    assert "deploying (nodes cha*)" in listed.said
    ended = await command("silence", "end", listed.out.split()[0], env=env)
    assert (ended.code, ended.out) == (0, "ended\n")
    wrong = await command(
        "silence", "add", "--project", project, "--for", "ever", "--reason", "x", env=env
    )
    assert (wrong.code, "30m, 2h or 1d" in wrong.said) == (2, True)
