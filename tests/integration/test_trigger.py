"""``POST /api/alerts/trigger``: who may report, how much, and that nothing counts twice."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from pydantic import SecretStr
from standardwebhooks.webhooks import Webhook

from meshhook_alerts.settings import SettingsError, load_settings
from tests.line import World, at_work, eventually
from tests.reporting import SECRET, Door, a_failure, open_door, pointers, sign, token


@pytest.fixture
async def door(world: World) -> AsyncIterator[Door]:
    async with open_door(world, trigger_secret=SecretStr(SECRET)) as opened:
        yield opened


def mine(door: Door, **fields: object) -> dict[str, object]:
    return a_failure(project_id=str(door.world.project_id), **fields)


# ---------------------------------------------------------------- who may report


async def test_only_the_service_role_may_report(door: Door) -> None:
    owner = token("authenticated", sub=str(door.world.owner))
    for headers, status in (
        ({"authorization": f"Bearer {owner}"}, 403),
        ({"authorization": "Bearer nonsense"}, 401),
        ({"authorization": ""}, 401),
        ({}, 202),
    ):
        answer = await door.send(mine(door), **headers)
        assert answer.status_code == status
        if status != 202:
            assert pointers(answer) == []


async def test_a_signed_report_is_taken(door: Door) -> None:
    body = json.dumps(mine(door)).encode()
    answer = await door.send(body, **sign(body, SECRET.encode()))
    assert (answer.status_code, answer.json()) == (
        202,
        {"accepted": 1, "duplicates": 0, "unattributed": 0},
    )


async def test_signatures_of_an_independent_library_are_taken(world: World) -> None:
    """With the standard's own form of a secret, and while secrets are being changed."""
    key = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    async with open_door(world, trigger_secret=SecretStr(f"{SECRET} {key}")) as door:
        body = json.dumps(mine(door))
        now = datetime.now(UTC)
        headers = {
            "webhook-id": "msg_7",
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": "v1,b2xk " + Webhook(key).sign("msg_7", now, body),
        }
        assert (await door.send(body.encode(), **headers)).status_code == 202


async def test_a_signature_that_does_not_hold_is_refused(door: Door) -> None:
    body = json.dumps(mine(door)).encode()
    good = sign(body, SECRET.encode())
    now = datetime.now(UTC).timestamp()
    refused = [
        sign(body, b"another secret of some length here"),
        sign(body + b" ", SECRET.encode()),
        sign(body, SECRET.encode(), at=now - 301),
        sign(body, SECRET.encode(), at=now + 302),
        {**good, "webhook-id": "msg_2"},
        {**good, "webhook-timestamp": "soon"},
        {**good, "webhook-timestamp": "9" * 400},
        {**good, "webhook-signature": good["webhook-signature"].replace("v1,", "v2,")},
        {**good, "webhook-signature": "v1,é"},
        {name: value for name, value in good.items() if name != "webhook-id"},
    ]
    for headers in refused:
        answer = await door.send(body, **headers)
        assert answer.status_code == 401, headers
        assert pointers(answer) == []
        assert SECRET not in answer.text
    assert await door.signals() == []


async def test_a_bad_signature_is_not_made_good_by_a_token(door: Door) -> None:
    body = json.dumps(mine(door)).encode()
    headers = sign(body, b"wrong") | {"authorization": f"Bearer {token()}"}
    assert (await door.send(body, **headers)).status_code == 401


async def test_without_a_secret_signatures_are_not_taken(world: World) -> None:
    async with open_door(world) as door:
        answer = await door.send(b"{}", **sign(b"{}", b""))
        assert answer.status_code == 401
        assert "MESHHOOK_ALERTS_TRIGGER_SECRET" in answer.json()["detail"]


def test_a_short_secret_is_refused_and_not_repeated() -> None:
    for given in ("x" * 31, SECRET + " short", "   "):
        with pytest.raises(SettingsError, match=r"MESHHOOK_ALERTS_TRIGGER_SECRET.*32") as problem:
            load_settings(trigger_secret=SecretStr(given))
        assert given not in str(problem.value)


# ---------------------------------------------------------------- nothing counts twice


async def test_a_replayed_request_and_a_repeated_id_count_once(door: Door, world: World) -> None:
    failure = mine(door, workflow="orders")
    body = json.dumps({"failures": [failure, failure, mine(door)]}).encode()
    headers = sign(body, SECRET.encode())
    first, replayed = [(await door.send(body, **headers)).json() for _ in range(2)]
    assert first == {"accepted": 2, "duplicates": 1, "unattributed": 0}
    assert replayed == {"accepted": 0, "duplicates": 3, "unattributed": 0}
    async with at_work(door.service):

        async def decided() -> bool:
            return not await door.signals()

        await eventually(decided)
    assert (await door.send(body, **headers)).json()["duplicates"] == 3
    recorded = "select count(*) from public.alert_failures where project_id = %s"
    assert await world.value(recorded, world.project_id) == 2
    assert await door.signals() == []


# ---------------------------------------------------------------- how much, and in what form


async def test_a_thousand_at_once_and_not_one_more(door: Door) -> None:
    failures = [mine(door, error=f"item {number}") for number in range(1000)]
    answer = await door.send({"failures": failures})
    assert answer.json() == {"accepted": 1000, "duplicates": 0, "unattributed": 0}
    answer = await door.send({"failures": [*failures, mine(door)]})
    assert (answer.status_code, pointers(answer)) == (422, ["/failures"])


async def test_a_large_body_is_refused_unread(door: Door) -> None:
    answer = await door.send(b" " * (2 * 1024 * 1024 + 1))
    assert (answer.status_code, pointers(answer)) == (413, [])


async def test_each_wrong_field_is_named_where_it_stands(door: Door) -> None:
    wrong = [
        mine(door),
        mine(door, kind="run_failed"),
        mine(door, id=""),
        mine(door, occurred_at="2026-01-01T00:00:00"),
        mine(door, http_status=42),
        mine(door, labels={"a/b~c": ""}),
        mine(door, labels={"count": "3"}),
        mine(door, count=1_000_001),
        mine(door, surprise=1),
        "text",
    ]
    answer = await door.send({"failures": wrong})
    assert answer.status_code == 422
    assert pointers(answer) == [
        "/failures/1/kind", "/failures/2/id", "/failures/3/occurred_at",
        "/failures/4/http_status", "/failures/5/labels/a~1b~0c", "/failures/6/labels",
        "/failures/7/count", "/failures/8/surprise", "/failures/9",
    ]  # fmt: skip
    assert await door.signals() == []


async def test_a_failure_alone_has_pointers_of_its_own(door: Door) -> None:
    answer = await door.send(mine(door, kind="unheard_of", error="x" * 20_001))
    assert pointers(answer) == ["/kind", "/error"]
    late = datetime.now(UTC) - timedelta(days=8)
    for field, value in (
        ("occurred_at", late.isoformat()),
        ("occurred_at", (datetime.now(UTC) + timedelta(minutes=11)).isoformat()),
        ("project_id", str(uuid4())),
    ):
        assert pointers(await door.send(mine(door) | {field: value})) == [f"/{field}"]
        answer = await door.send({"failures": [mine(door), mine(door) | {field: value}]})
        assert pointers(answer) == [f"/failures/1/{field}"]
    assert pointers(await door.send([])) == [""]
    assert await door.signals() == []


async def test_many_wrong_fields_are_not_all_repeated(door: Door) -> None:
    answer = await door.send({"failures": [{} for _ in range(1000)]})
    assert len(pointers(answer)) == 100


@pytest.mark.parametrize(
    "body", [b"", b"{", b'{"id": NaN}', b"\xff\xfe", b'"\\ud83d', b"[" * 10_000]
)
async def test_what_is_no_json_is_refused(door: Door, body: bytes) -> None:
    answer = await door.send(body)
    assert (answer.status_code, pointers(answer)) == (400, [])


@pytest.mark.parametrize("media_type", ["text/plain", "application/cloudevents+xml", ""])
async def test_another_form_is_refused_with_what_is_taken(door: Door, media_type: str) -> None:
    answer = await door.send(mine(door), content_type=media_type)
    assert (answer.status_code, pointers(answer)) == (415, [])
    for taken in ("application/cloudevents+json", "application/cloudevents-batch+json"):
        assert taken in answer.json()["detail"]
        assert taken in answer.headers["accept"]


async def test_a_charset_beside_the_type_does_no_harm(door: Door) -> None:
    answer = await door.send(mine(door), content_type="Application/JSON; charset=utf-8")
    assert answer.status_code == 202


async def test_foreign_text_is_cleaned_and_redacted_before_it_is_kept(door: Door) -> None:
    key = "sk_" + "live_" + secrets.token_hex(12)
    half = '"error": "cut \\ud83d, NUL \\u0000, Bearer ' + key + '", "node_id": "a\\u0000\\ud83db"'
    body = json.dumps(mine(door, labels={"note": f"token={key}"}))[:-1] + f", {half}}}"
    assert (await door.send(body.encode())).status_code == 202
    (signal,) = await door.signals()
    assert signal["error"] == "cut ?, NUL  , Bearer [removed]"
    assert signal["node_id"] == "a ?b"
    assert key not in str(signal)


async def test_count_and_severity_become_labels(door: Door) -> None:
    await door.send(mine(door, count=37, severity="warning", labels={"reason": "signature"}))
    await door.send(mine(door, count=1))
    first, second = await door.signals()
    assert first["labels"] == {"reason": "signature", "severity": "warning", "count": "37"}
    assert second["labels"] is None


async def test_the_document_shows_every_form_with_an_example(door: Door) -> None:
    document = (await door.client.get("/api/alerts/openapi.json")).json()
    route = document["paths"]["/api/alerts/trigger"]["post"]
    content = route["requestBody"]["content"]
    assert set(content) == {
        "application/json",
        "application/cloudevents+json",
        "application/cloudevents-batch+json",
    }
    assert "$ref" not in json.dumps(content)
    now = datetime.now(UTC).isoformat()
    several = content["application/json"]["examples"]["several"]["value"]["failures"]
    several[1]["project_id"] = str(door.world.project_id)
    answer = await door.send({"failures": [{**each, "occurred_at": now} for each in several]})
    assert answer.status_code == 202
    for form in ("application/cloudevents+json", "application/cloudevents-batch+json"):
        example = content[form]["example"]
        events = example if isinstance(example, list) else [example]
        events[0]["time"] = now
        assert (await door.send(example, content_type=form)).status_code == 202
