"""A test message shows every step, and is good only once the channel has accepted it."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from tests.api_client import a_client, bearing, problem, token
from tests.commands import command, environment
from tests.line import Receiver, World, a_receiver, a_service, at_work, open_world
from tests.mail_server import Post, running

pytestmark = pytest.mark.postgres


async def tried(client: httpx.AsyncClient, world: World) -> list[dict[str, Any]]:
    """The steps of a test of the project's one channel."""
    id_ = await world.value("select id from public.alert_channels")
    answer = await client.post(f"/api/alerts/channels/{id_}/test", json={})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    return [json.loads(line) for line in answer.text.splitlines()]


def marks(steps: list[dict[str, Any]]) -> list[tuple[str, bool | None]]:
    return [(each["step"], each["ok"]) for each in steps]


async def test_it_arrives_and_every_step_is_said(world: World, receiver: Receiver) -> None:
    async with a_service(world.url) as service, a_client(service, world.owner) as client:
        await world.hook(service, receiver)
        async with at_work(service):
            await world.until("select true from public.alert_health where part like 'worker:%%'")
            steps = await tried(client, world)
    assert marks(steps) == [
        ("rendered", True), ("queued", True), ("connected", True), ("answered", True), ("result", True),
    ]  # fmt: skip
    assert "HTTP 200 OK: answer" in steps[3]["detail"]
    (content,) = receiver.contents
    assert (content["type"], content["headline"]) == (
        "alert.test",
        "Test message for the channel hook",
    )
    assert receiver.unsigned == 0
    ledger = await world.rows("select effect, reason from public.alert_logs order by id")
    assert [tuple(row.values()) for row in ledger] == [("told", "test"), ("outcome", "delivered")]


async def test_a_refusal_is_in_the_receivers_own_words(world: World, receiver: Receiver) -> None:
    async with a_service(world.url) as service, a_client(service, world.owner) as client:
        await world.hook(service, receiver)
        receiver.answers = [503, 403]
        async with at_work(service):
            await world.until("select true from public.alert_health where part like 'worker:%%'")
            steps = await tried(client, world)
    assert marks(steps)[2:] == [
        ("connected", True), ("answered", False), ("connected", True), ("answered", False), ("result", False),
    ]  # fmt: skip
    assert "it is tried again" in steps[3]["detail"]
    assert "HTTP 403" in steps[-1]["detail"]


async def test_who_cannot_be_reached_is_not_called_connected(world: World) -> None:
    async with a_service(world.url) as service:
        async with a_receiver() as gone:
            await world.hook(service, gone)
        async with at_work(service):
            await world.until("select true from public.alert_health where part like 'worker:%%'")
            id_ = await world.value("select id from public.alert_channels")
            message, _ = await service.try_channel.begin(id_, world.caller)
            steps = [step async for step in service.try_channel.watch(message, patience=3)]
    assert [(step.step, step.ok) for step in steps] == [
        ("connected", False), ("answered", False), ("result", None),
    ]  # fmt: skip


async def test_only_who_may_edit_may_try(world: World, receiver: Receiver) -> None:
    stranger = bearing(token((await open_world(world.url)).owner))
    async with a_service(world.url) as service, a_client(service, world.owner) as client:
        await world.hook(service, receiver)
        id_ = await world.value("select id from public.alert_channels")
        path = f"/api/alerts/channels/{id_}/test"
        problem(await client.post(path, json={}, headers=stranger), 404)
        problem(await client.post(path, json={}, headers=bearing("nonsense")), 401)
        assert await world.value("select count(*) from public.alert_notifications") == 0
        async with at_work(service):
            assert (await client.post(path, json={})).status_code == 200
            problem(await client.post(path, json={}), 429)


async def test_the_command_shows_the_steps_and_ends_with_1_if_it_fails(
    world: World, receiver: Receiver
) -> None:
    env = environment(DATABASE_URL=world.url)
    async with a_service(world.url) as service:
        await world.hook(service, receiver)
        async with at_work(service):
            await world.until("select true from public.alert_health where part like 'worker:%%'")
            good = await command("channels", "test", "hook", env=env)
            assert (good.code, good.said.count("✓")) == (0, 5), good.said
            await world.execute(
                "update public.alert_notifications set created_at = now() - interval '1 hour'"
            )
            receiver.answers = [410]
            bad = await command("channels", "test", "hook", env=env)
            assert bad.code == 1
            assert "✗ answered: HTTP 410" in bad.said
            listed = await command("channels", "list", env=env)
            assert "Shop: hook (webhook), takes no messages since" in listed.said
    unknown = await command("channels", "test", "nobody", env=env)
    assert (unknown.code, "no channel is called 'nobody'" in unknown.said) == (2, True)
    assert "webhook: Webhook" in (await command("channels", "kinds", env=env)).said


async def test_a_mail_arrives_too_and_reads_well(world: World) -> None:
    post = Post()
    async with (
        running(post),
        a_service(world.url, smtp_url=SecretStr(f"smtp+plain://127.0.0.1:{post.port}")) as service,
        a_client(service, world.owner) as client,
    ):
        await world.configure(
            service, channels=[{"name": "m", "kind": "email", "config": {"to": ["a@example.com"]}}]
        )
        async with at_work(service):
            await world.until("select true from public.alert_health where part like 'worker:%%'")
            steps = await tried(client, world)
    assert marks(steps)[-1] == ("result", True)
    (mail,) = post.messages
    assert b"If you can read this, alerts reach you here." in mail


async def test_every_kind_brings_its_form_and_help(world: World) -> None:
    async with a_service(world.url) as service, a_client(service, world.owner) as client:
        found = (await client.get("/api/alerts/channels/kinds")).json()["kinds"]
    by_kind = {each["kind"]: each for each in found}
    assert "to" in by_kind["email"]["form"]["properties"]
    assert by_kind["webhook"]["secrets"] == ["secret", "previous_secret", "headers"]
    assert all(each["help"].startswith("# ") for each in found)
