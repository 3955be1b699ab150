"""Settings in a file: what is exported can be applied, comments stay, nothing is half-saved."""

from __future__ import annotations

import json
from pathlib import Path
from uuid import uuid4

import pytest
from ruamel.yaml import YAML

from meshhook_alerts.bootstrap import Service
from tests.api_client import a_client
from tests.commands import Ended, command, complete, environment
from tests.line import KEY, Receiver, World, a_service

pytestmark = pytest.mark.postgres


@pytest.fixture
def env(world: World) -> dict[str, str]:
    return complete(
        world.url,
        MESHHOOK_ALERTS_OUTBOUND_ALLOW="127.0.0.0/8",
        MESHHOOK_ALERTS_SMTP_URL="smtp+plain://127.0.0.1:9",
    )


async def save(world: World, receiver: Receiver) -> None:
    async with a_service(world.url) as service:
        await world.hook(service, receiver, rules=[{"name": "r", "after": {"in_a_row": 3}}])
        await _workflow(service, world, cooldown_seconds=60)


async def _workflow(service: Service, world: World, **document: object) -> None:
    async with a_client(service, world.owner) as client:
        place = {"project_id": str(world.project_id), "workflow": "orders"}
        answer = await client.post("/api/alerts/settings", json={**place, **document})
        assert answer.is_success, answer.text


async def settings(*arguments: str | Path, env: dict[str, str]) -> Ended:
    return await command("settings", *map(str, arguments), env=env)


async def test_what_is_exported_is_no_different_and_holds_no_secret(
    world: World, receiver: Receiver, env: dict[str, str], tmp_path: Path
) -> None:
    await save(world, receiver)
    file = tmp_path / "alerts.yaml"
    exported = await settings("export", file, "--project", str(world.project_id), env=env)
    assert exported.code == 0, exported.said
    text = file.read_text()
    assert receiver.secret not in text
    assert receiver.url in text
    assert "in_a_row: 3" in text
    same = await settings("diff", file, env=env)
    assert (same.code, same.out) == (0, "no difference\n"), same.said
    schema = json.loads((await settings("schema", env=environment())).out)
    assert set(YAML(typ="safe").load(text)) <= set(schema["properties"])
    assert schema["additionalProperties"] is False


async def test_a_change_is_shown_then_made_and_comments_stay(
    world: World, receiver: Receiver, env: dict[str, str], tmp_path: Path
) -> None:
    await save(world, receiver)
    file = tmp_path / "alerts.yaml"
    await settings("export", file, "--project", str(world.project_id), env=env)
    text = file.read_text().replace("cooldown_seconds: 60", "cooldown_seconds: 90  # ask Ann")
    file.write_text(text.replace("  orders:", "  # nobody wakes up for these\n  orders:"))
    differs = await settings("diff", file, env=env)
    assert differs.code == 1
    assert "~ /workflows/orders/cooldown_seconds: 60 → 90" in differs.out
    tried = await settings("apply", file, "--dry-run", env=env)
    assert (tried.code, await _cooldown(world)) == (0, 60)
    applied = await settings("apply", file, env=env)
    assert (applied.code, await _cooldown(world)) == (0, 90), applied.said
    assert "saved: 1 changes" in applied.out
    await settings("export", file, "--project", str(world.project_id), env=env)
    assert "cooldown_seconds: 90  # ask Ann" in file.read_text()
    assert "# nobody wakes up for these" in file.read_text()
    assert await world.value("select secrets is not null from public.alert_channels")


async def _cooldown(world: World) -> int:
    statement = "select document ->> 'cooldown_seconds' from public.alert_settings where workflow = 'orders'"
    return int(await world.value(statement))


async def test_rules_that_may_be_a_mistake_are_named(
    world: World, env: dict[str, str], tmp_path: Path
) -> None:
    file = tmp_path / "alerts.yaml"
    rules = "rules: [{name: typo, when: {workflows: [ordres]}}]"
    file.write_text(f"project_id: {world.project_id}\n{rules}\n")
    applied = await settings("apply", file, env=env)
    assert applied.code == 0
    assert "! /rules/typo: the rule 'typo' names a workflow that is not there" in applied.err


async def test_what_is_left_out_goes_and_a_part_that_is_left_out_stays(
    world: World, receiver: Receiver, env: dict[str, str], tmp_path: Path
) -> None:
    await save(world, receiver)
    file = tmp_path / "alerts.yaml"
    file.write_text(f"project_id: {world.project_id}\nworkflows: {{}}\n")
    ended = await settings("apply", file, env=env)
    assert ended.code == 0, ended.said
    assert "- /rules" in ended.out
    assert "- /workflows/orders/cooldown_seconds: 60" in ended.out
    assert await world.value("select count(*) from public.alert_channels") == 1
    file.write_text(f"project_id: {world.project_id}\nchannels: []\n")
    ended = await settings("apply", file, env=env)
    assert "- /channels/hook" in ended.out
    assert await world.value("select count(*) from public.alert_channels") == 0


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("rules: [{name: r, channels: [nobody]}]", "/rules/0/channels/0: no channel is called"),
        ("workflows: {orders: {cooldown_seconds: -1}}", "/workflows/orders/cooldown_seconds"),
        ("workflows: {nothing: {}}", "/workflows/nothing: no workflow 'nothing'"),
        ("workflows: {orders: {storm_limit: 20}}", "/workflows/orders/storm_limit: holds for"),
        ("workflows: {orders: {rules: [{name: r, channels: [no]}]}}", "/workflows/orders/rules/0"),
        ("colour: red", "/colour"),
        ("rules: [", "line 4, column 1: not YAML"),
    ],
)
async def test_what_is_wrong_is_named_and_nothing_is_saved(
    world: World, env: dict[str, str], tmp_path: Path, wrong: str, said: str
) -> None:
    file = tmp_path / "alerts.yaml"
    file.write_text(f"project_id: {world.project_id}\ncooldown_seconds: 77\n{wrong}\n")
    ended = await settings("apply", file, env=env)
    assert ended.code == 2
    assert said in ended.err
    assert await world.value("select count(*) from public.alert_settings") == 0


async def test_a_project_that_is_not_there(env: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "alerts.yaml"
    file.write_text(f"project_id: {uuid4()}\n")
    assert (await settings("apply", file, env=env)).code == 2
    assert (await settings("export", "--project", str(uuid4()), env=env)).code == 2
    assert (await settings("export", "--project", "shop", env=env)).code == 2
    assert (await settings("diff", tmp_path / "none.yaml", env=env)).code == 1


async def test_sensible_ones_for_a_start(world: World, env: dict[str, str]) -> None:
    project = str(world.project_id)
    first = await settings("init", "--project", project, "--email", "ann@shop.example", env=env)
    assert first.code == 0, first.said
    assert "rules: Whatever keeps a run from completing" in first.out
    again = await settings("init", "--project", project, env=env)
    assert "stay as they are" in again.out
    assert KEY not in first.said
