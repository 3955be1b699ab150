"""The settings endpoints: what they take, keep, refuse and answer."""

from __future__ import annotations

import json
import secrets
from typing import Any
from uuid import uuid4

import httpx
import pytest

from meshhook_alerts.application.channel_document import destination_of, unseal
from meshhook_alerts.bootstrap import Service
from tests.api_client import SERVICE, a_client, bearing, pointers, problem, token
from tests.commands import command, complete
from tests.line import Receiver, World, a_service, arrived, at_work, eventually, open_world

pytestmark = pytest.mark.postgres

PATH = "/api/alerts/settings"
SECRET = "whsec_" + "c2VjcmV0" * 5
OTHER = "whsec_" + "b3RoZXJz" * 5
ADDRESS = {"url": "https://203.0.114.7/in"}
HOOK: dict[str, Any] = {
    "name": "hook",
    "kind": "webhook",
    "config": ADDRESS | {"secret": SECRET},
}


def body(world: World, **document: Any) -> dict[str, Any]:
    return {"project_id": str(world.project_id), **document}


def without_changes(saved: httpx.Response) -> dict[str, Any]:
    """The answer as a read gives it."""
    return {
        name: value for name, value in saved.json().items() if name not in ("changed", "warnings")
    }


async def test_the_first_save_creates_and_the_next_updates(
    client: httpx.AsyncClient, world: World
) -> None:
    first = await client.post(PATH, json=body(world, cooldown_seconds=60))
    assert (first.status_code, first.json()["version"]) == (201, 1)
    second = await client.post(PATH, json=body(world, criticality="high"))
    assert (second.status_code, second.json()["version"]) == (200, 2)
    assert second.headers["etag"] == '"2"'
    assert second.json()["document"] == {
        "cooldown_seconds": 60, "criticality": "high", "rules_mode": "add"
    }  # fmt: skip
    assert second.json()["changed"] == [
        {"pointer": "/criticality", "before": None, "after": "high"}
    ]
    read = await client.get(f"{PATH}/{world.project_id}")
    assert (read.status_code, read.json()) == (200, without_changes(second))


async def test_each_value_says_where_it_comes_from(client: httpx.AsyncClient, world: World) -> None:
    await client.post(PATH, json=body(world, cooldown_seconds=60, criticality="high"))
    rule = {"name": "only these", "when": {"kinds": ["stalled"]}}
    answer = await client.post(
        PATH, json=body(world, workflow="orders", criticality="low", rules=[rule])
    )
    assert answer.status_code == 201
    effective = answer.json()["effective"]
    assert {
        name: (effective[name]["value"], effective[name]["origin"])
        for name in (
            "enabled",
            "criticality",
            "attempt_limit",
            "stall_after_seconds",
            "cooldown_seconds",
        )
    } == {
        "enabled": (True, "default"),
        "criticality": ("low", "workflow"),
        "attempt_limit": (5, "default"),
        "stall_after_seconds": (300, "default"),
        "cooldown_seconds": (60, "project"),
    }
    assert effective["rules"]["origin"] == "workflow"
    assert [each["name"] for each in effective["rules"]["value"]] == [
        "Every run that cannot complete",
        "only these",
    ]
    project = (await client.get(f"{PATH}/{world.project_id}")).json()["effective"]
    assert project["criticality"] == {"value": "high", "origin": "project"}


async def test_a_workflow_is_named_by_slug_or_id_and_is_one(
    client: httpx.AsyncClient, world: World
) -> None:
    by_id = str(world.workflow_ids["orders"])
    first = await client.post(PATH, json=body(world, workflow=by_id.upper(), enabled=False))
    second = await client.post(PATH, json=body(world, workflow="orders", enabled=True))
    assert (first.status_code, second.status_code) == (201, 200)
    read = [
        (await client.get(f"{PATH}/{world.project_id}/{name}")).json() for name in ("orders", by_id)
    ]
    assert read[0] == read[1] == without_changes(second)
    assert read[0]["workflow"] == "orders"


async def test_the_service_role_may_do_the_same(client: httpx.AsyncClient, world: World) -> None:
    answer = await client.post(PATH, json=body(world, enabled=False), headers=SERVICE)
    assert answer.status_code == 201
    assert (
        await client.get(f"{PATH}/{world.project_id}/orders", headers=SERVICE)
    ).status_code == 200


async def test_settings_deleted_past_the_api_can_be_made_anew_and_their_history_stays(
    client: httpx.AsyncClient, world: World
) -> None:
    for enabled in (True, False):
        await client.post(PATH, json=body(world, enabled=enabled))
    await world.execute("delete from public.alert_settings")
    answer = await client.post(PATH, json=body(world, cooldown_seconds=5))
    assert (answer.status_code, answer.json()["version"]) == (201, 3)
    kept = await world.rows(
        "select version, document->'enabled' as e, changed_by from public.alert_settings_versions order by 1"
    )
    assert [(row["version"], row["e"], row["changed_by"]) for row in kept] == [
        (1, True, world.owner), (2, False, world.owner), (3, None, world.owner),
    ]  # fmt: skip


@pytest.mark.parametrize("who", ["nobody's project", "a stranger's project"])
async def test_what_is_not_there_and_what_is_not_yours_answer_alike(
    client: httpx.AsyncClient, world: World, who: str
) -> None:
    stranger = bearing(token((await open_world(world.url)).owner))
    project, headers = (uuid4(), {}) if who == "nobody's project" else (world.project_id, stranger)
    await client.post(PATH, json=body(world, enabled=True))
    answers = [
        await client.get(f"{PATH}/{project}", headers=headers),
        await client.get(f"{PATH}/{project}/orders", headers=headers),
        await client.get(f"{PATH}/{project}/{world.workflow_ids['orders']}", headers=headers),
        await client.post(
            PATH, json={"project_id": str(project), "enabled": False}, headers=headers
        ),
        await client.post(
            PATH, json={"project_id": str(project), "workflow": "orders"}, headers=headers
        ),
        await client.post(
            PATH, json={"project_id": str(project), "channels": [HOOK]}, headers=headers
        ),
    ]
    for answer in answers:
        assert (
            problem(answer, 404)["detail"] == f"Not found, or not yours to see: project {project}."
        )
    assert await world.rows("select document from public.alert_settings") == [
        {"document": {"enabled": True, "rules_mode": "add"}}
    ]
    assert await world.value("select count(*) from public.alert_channels") == 0


async def test_meshhook_without_row_security_changes_nothing_about_that(
    client: httpx.AsyncClient, world: World
) -> None:
    await world.execute("alter table projects disable row level security")
    await world.execute(
        "revoke all on projects, workflow_definitions from anon, authenticated, service_role"
    )
    stranger = bearing(token((await open_world(world.url)).owner))
    problem(await client.get(f"{PATH}/{world.project_id}", headers=stranger), 404)
    assert (await client.post(PATH, json=body(world, workflow="orders"))).status_code == 201


async def test_an_unknown_workflow_is_said_to_be_unknown(
    client: httpx.AsyncClient, world: World
) -> None:
    for name in ("nope", str(uuid4()), "a\u202eb", "%00", "x" * 150):
        problem(await client.get(f"{PATH}/{world.project_id}/{name}"), 404)
    found = pointers(await client.post(PATH, json=body(world, workflow="nope")))
    assert found == {"/workflow": "no workflow 'nope' in this project; give its slug or id"}


RULE = {"name": "r"}
WRONG: list[tuple[dict[str, Any], set[str]]] = [
    ({"enabled": "perhaps"}, {"/enabled"}),
    ({"criticality": "urgent"}, {"/criticality"}),
    ({"attempt_limit": 0}, {"/attempt_limit"}),
    ({"attempt_limit": 5.5}, {"/attempt_limit"}),
    ({"stall_after_seconds": 9}, {"/stall_after_seconds"}),
    ({"cooldown_seconds": -1}, {"/cooldown_seconds"}),
    ({"cooldown_seconds": 1e400}, {"/cooldown_seconds"}),
    ({"rules_mode": "mix"}, {"/rules_mode"}),
    ({"rules": 7}, {"/rules"}),
    ({"rules": [{}]}, {"/rules/0/name"}),
    ({"rules": [RULE, {"name": " "}]}, {"/rules/1/name"}),
    ({"rules": [RULE | {"name": "n" * 81}]}, {"/rules/0/name"}),
    ({"rules": [RULE | {"severity": "loud"}]}, {"/rules/0/severity"}),
    ({"rules": [RULE | {"when": {"kinds": ["nope"]}}]}, {"/rules/0/when/kinds"}),
    ({"rules": [RULE | {"when": {"nodes": [""]}}]}, {"/rules/0/when/nodes/0"}),
    ({"rules": [RULE | {"when": {"a/b~c": 1}}]}, {"/rules/0/when/a~1b~0c"}),
    ({"rules": [RULE, RULE]}, {"/rules"}),
    ({"rules": [RULE | {"channels": ["hook", "gone"]}], "channels": [HOOK]}, {"/rules/0/channels/1"}),
    ({"channels": [HOOK, HOOK]}, {"/channels"}),
    ({"channels": [HOOK | {"kind": "pigeon"}]}, {"/channels/0/kind"}),
    ({"channels": [HOOK | {"config": []}]}, {"/channels/0/config"}),
    ({"channels": [HOOK | {"config": {}}]}, {"/channels/0/config/url", "/channels/0/config/secret"}),
    ({"channels": [HOOK | {"config": {"url": "ftp://x.example", "secret": "short"}}]},
     {"/channels/0/config/url", "/channels/0/config/secret"}),
    ({"channels": [HOOK | {"config": HOOK["config"] | {"password": 1}}]}, {"/channels/0/config/password"}),
    ({"channels": [HOOK | {"config": {"url": "http://169.254.169.254/x", "secret": SECRET}}]},
     {"/channels/0/config"}),
    ({"channels": [HOOK | {"kind": "pigeon"}, {"name": "mail", "kind": "email", "config": {}}],
      "rules": [RULE | {"channels": ["gone"]}]},
     {"/channels/0/kind", "/channels/1/config/to", "/rules/0/channels/0"}),
    ({"surprise": 1, "workflow": 7}, {"/surprise", "/workflow"}),
    ({"rules": [{"name": "a\x00b", "channels": ["\x00"]}]}, {"/rules/0/name", "/rules/0/channels/0"}),
    ({"rules": [{"name": "a\ud800b"}], "workflow": "\udfff"}, {"/rules/0/name", "/workflow"}),
    ({"channels": [HOOK | {"config": {"\x00": 1}}]}, {"/channels/0/config"}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("document", "expected"), WRONG, ids=[json.dumps(each)[:60] for each, _ in WRONG]
)
async def test_every_wrong_field_is_named_and_nothing_is_changed(
    caller: httpx.AsyncClient, project: World, document: dict[str, Any], expected: set[str]
) -> None:
    content = json.dumps(body(project, **document))
    answer = await caller.post(PATH, content=content, headers={"content-type": "application/json"})
    assert pointers(answer).keys() == expected
    assert SECRET not in answer.text
    for table in ("alert_settings", "alert_channels"):
        count = f"select count(*) from public.{table} where project_id = %s"
        assert await project.value(count, project.project_id) == 0


async def test_secrets_go_in_and_never_come_out(client: httpx.AsyncClient, world: World) -> None:
    answers = [await client.post(PATH, json=body(world, channels=[HOOK]))]
    answers.append(await client.get(f"{PATH}/{world.project_id}"))
    (channel,) = answers[1].json()["channels"]
    assert channel["secrets_set"] == ["secret"]
    assert channel["config"] == ADDRESS
    answers.append(
        await client.post(
            PATH,
            json=body(world, channels=[HOOK | {"config": {"secret": SECRET}, "kind": "email"}]),
        )
    )
    for answer in answers:
        assert SECRET not in answer.text
    for table in ("alert_settings", "alert_settings_versions", "alert_channels"):
        for row in await world.rows(f"select t::text as row from public.{table} t"):
            assert SECRET not in row["row"]
            assert SECRET.encode().hex() not in row["row"]


async def test_secrets_stay_when_left_out_change_when_given_and_go_when_null(
    client: httpx.AsyncClient, service: Service, world: World
) -> None:
    async def stored(config: dict[str, Any]) -> dict[str, str]:
        answer = await client.post(PATH, json=body(world, channels=[HOOK | {"config": config}]))
        assert answer.status_code in (200, 201), answer.text
        row = (await world.rows("select id, config, secrets from public.alert_channels"))[0]
        place = destination_of(service.channels["webhook"].config_model, row["config"])
        channel = world.project_id, row["id"]
        return unseal(service.secrets, row["secrets"], channel, place)

    url = ADDRESS
    assert await stored(url | {"secret": SECRET}) == {"secret": SECRET}
    moved = {"url": "https://203.0.114.8/in"}
    answer = await client.post(PATH, json=body(world, channels=[HOOK | {"config": moved}]))
    assert "/channels/0/config/secret" in pointers(answer)
    assert await stored(moved | {"secret": SECRET}) == {"secret": SECRET}
    both = {"secret": OTHER, "previous_secret": SECRET}
    assert await stored(url | both) == both
    assert await stored(url) == both
    assert await stored(url | {"previous_secret": None}) == {"secret": OTHER}


async def test_a_channel_may_become_one_of_another_kind(
    client: httpx.AsyncClient, world: World
) -> None:
    await client.post(PATH, json=body(world, channels=[HOOK]))
    mail = {"name": "hook", "kind": "email", "config": {"to": ["on-call@example.org"]}}
    answer = await client.post(PATH, json=body(world, channels=[mail]))
    assert answer.status_code == 200, answer.text
    (channel,) = answer.json()["channels"]
    assert (channel["kind"], channel["secrets_set"]) == ("email", [])
    assert await world.value("select secrets from public.alert_channels") is None


async def test_secrets_that_no_key_opens_are_asked_for_again(
    client: httpx.AsyncClient, world: World
) -> None:
    await client.post(PATH, json=body(world, channels=[HOOK]))
    await world.execute("update public.alert_channels set secrets = 'damaged'")
    left_out = HOOK | {"config": ADDRESS}
    found = pointers(await client.post(PATH, json=body(world, channels=[left_out])))
    assert "enter" in found["/channels/0/config"]
    assert "/channels/0/config/secret" in found
    assert (await client.post(PATH, json=body(world, channels=[HOOK]))).status_code == 200


async def test_a_slow_name_server_holds_no_connection_of_the_database(
    service: Service,
    client: httpx.AsyncClient,
    world: World,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[int] = []

    async def lent() -> int:
        stats = service.database.pool.get_stats()
        return stats["pool_size"] - stats["pool_available"]

    async def look(*_: object) -> list[tuple[str, int]]:
        async def none_lent() -> bool:
            return await lent() == 0  # one that is just being opened counts as lent for a moment

        await eventually(none_lent, within=5)
        seen.append(await lent())
        return []

    monkeypatch.setattr(service.tools.guard, "resolve", look)
    answer = await client.post(
        PATH,
        json=body(world, channels=[HOOK | {"config": {"url": receiver.url, "secret": SECRET}}]),
    )
    assert answer.status_code == 201
    assert seen == [0]


async def test_of_two_who_change_a_channel_at_once_the_later_is_told(
    service: Service, client: httpx.AsyncClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await client.post(PATH, json=body(world, channels=[HOOK]))

    async def meanwhile(*_: object) -> list[tuple[str, int]]:
        await world.execute("update public.alert_channels set secrets = 'of another'")
        return []

    monkeypatch.setattr(service.tools.guard, "resolve", meanwhile)
    found = pointers(await client.post(PATH, json=body(world, channels=[HOOK], enabled=False)))
    assert "try again" in found["/channels"]
    assert await world.value("select version from public.alert_settings") == 1


async def test_a_broken_document_written_past_the_api_hides_nothing(
    client: httpx.AsyncClient, world: World
) -> None:
    await client.post(PATH, json=body(world, cooldown_seconds=60))
    await world.execute(
        'update public.alert_settings set document = \'{"cooldown_seconds": "soon"}\''
    )
    read = (await client.get(f"{PATH}/{world.project_id}")).json()
    assert read["effective"]["cooldown_seconds"] == {"value": 1800, "origin": "default"}


async def test_a_name_that_holds_a_secret_is_refused_and_not_repeated(
    client: httpx.AsyncClient, world: World
) -> None:
    secret = "sk_live_" + "a1B2c3D4" * 3
    rules = [{"name": "every failure"}, {"name": f"for {secret}"}]
    answer = await client.post(
        PATH, json=body(world, rules=rules, channels=[HOOK | {"name": secret}])
    )
    assert answer.status_code == 422
    assert list(pointers(answer)) == ["/rules/1/name", "/channels/0/name"]
    assert secret not in answer.text
    assert await world.value("select count(*) from public.alert_channels") == 0


async def test_a_secret_in_a_name_written_past_the_api_is_shown_nowhere(
    world: World, receiver: Receiver
) -> None:
    secret = "ghp_" + "".join(secrets.choice("abcdefghijkABCDEFGHIJK0123456789") for _ in range(36))
    async with a_service(world.url) as service, a_client(service, world.owner) as client:
        await world.hook(service, receiver, rules=[{"name": "r"}])
        await world.execute(
            "update public.alert_settings set document = jsonb_set(document, '{rules,0,name}', to_jsonb(%s::text))",
            f"for {secret}",
        )
        await world.execute("update public.alert_channels set name = %s", f"to {secret}")
        async with at_work(service):
            await world.fail()
            await arrived(receiver, 1)
        shown = await client.get(f"{PATH}/{world.project_id}")
        doctor = await command("doctor", env=complete(world.url))
    logged = await world.rows("select rule, channel, blocked_by from public.alert_logs")
    assert any(row["rule"] == "for [token removed]" for row in logged)
    for text in (shown.text, doctor.said, str(logged), str(receiver.requests)):
        assert secret not in text
