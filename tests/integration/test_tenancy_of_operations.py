"""Every operation of the specification, asked by everybody: who may, and what the others are told. An operation that
is not stated here fails; so does one that answers a stranger about what is not the stranger's."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import pytest

from meshhook_alerts.bootstrap import Service
from meshhook_alerts.entrypoints.api import create_app
from tests.api_client import SERVICE, bearing, token
from tests.line import JWT_SECRET, Receiver, World, a_service, arrived, at_rest, at_work
from tests.members import members_of

pytestmark = pytest.mark.postgres

ROLES = ("stranger", "anonymous", "viewer", "editor", "owner", "service")


@dataclass(frozen=True)
class Stated:
    """An operation: what it is sent, and who is let in; the others are refused."""

    may: frozenset[str]
    body: dict[str, Any] | None = None
    lists: bool = False
    """Whether a stranger is answered, with nothing in it."""


ALL = frozenset(ROLES)
SIGNED_IN = ALL - {"anonymous"}
READERS = frozenset({"viewer", "editor", "owner", "service"})
EDITORS = READERS - {"viewer"}

READ, LIST, OPEN = Stated(READERS), Stated(SIGNED_IN, lists=True), Stated(ALL)
MANY = {"ids": ["{alert_id}"]}
CHANGE = {"project_id": "{project_id}", "cooldown_seconds": 60}
QUIET = {"project_id": "{project_id}", "reason": "r", "for_seconds": 60}
FAILURE = {"project_id": "{project_id}", "workflow": "orders", "kind": "custom", "error": "e", "id": "1",
           "occurred_at": "2026-11-26T10:00:00Z"}  # fmt: skip

OPERATIONS: dict[str, Stated] = {
    "GET /api/alerts": LIST,
    "GET /api/alerts/failures": LIST,
    "GET /api/alerts/projects": LIST,
    "GET /api/alerts/projects/{project_id}/workflows": READ,
    "GET /api/alerts/projects/{project_id}/channels": READ,
    "POST /api/alerts/channels/{channel_id}/preview": Stated(READERS, {}),
    "GET /api/alerts/logs": LIST,
    "GET /api/alerts/notifications": LIST,
    "GET /api/alerts/kinds": Stated(SIGNED_IN),
    "GET /api/alerts/reasons": Stated(SIGNED_IN),
    "GET /api/alerts/{alert_id}": READ,
    "POST /api/alerts/{alert_id}/acknowledge": Stated(EDITORS, {}),
    "POST /api/alerts/{alert_id}/snooze": Stated(EDITORS, {"for_seconds": 600}),
    "POST /api/alerts/{alert_id}/resolve": Stated(EDITORS, {}),
    "POST /api/alerts/{alert_id}/reopen": Stated(EDITORS, {}),
    "POST /api/alerts/acknowledge": Stated(EDITORS | {"stranger"}, MANY, lists=True),
    "POST /api/alerts/snooze": Stated(
        EDITORS | {"stranger"}, {**MANY, "for_seconds": 600}, lists=True
    ),
    "POST /api/alerts/resolve": Stated(EDITORS | {"stranger"}, MANY, lists=True),
    "POST /api/alerts/reopen": Stated(EDITORS | {"stranger"}, MANY, lists=True),
    "POST /api/alerts/settings": Stated(EDITORS, CHANGE),
    "PUT /api/alerts/settings/{project_id}": Stated(EDITORS, {"cooldown_seconds": 60}),
    "PUT /api/alerts/settings/{project_id}/{workflow}": Stated(EDITORS, {"cooldown_seconds": 60}),
    "GET /api/alerts/settings/{project_id}": READ,
    "GET /api/alerts/settings/{project_id}/{workflow}": READ,
    "GET /api/alerts/settings/{project_id}/versions": READ,
    "POST /api/alerts/settings/{project_id}/versions/{version}/restore": Stated(EDITORS, {}),
    "POST /api/alerts/settings/{project_id}/defaults": Stated(READERS, {"to": []}),
    "POST /api/alerts/silences": Stated(EDITORS, QUIET),
    "POST /api/alerts/silences/preview": Stated(EDITORS, QUIET),
    "GET /api/alerts/silences/{project_id}": READ,
    "DELETE /api/alerts/silences/{silence_id}": Stated(EDITORS),
    "GET /api/alerts/channels/kinds": Stated(SIGNED_IN),
    "POST /api/alerts/channels/{channel_id}/test": Stated(EDITORS, {}),
    "POST /api/alerts/trigger": Stated(frozenset({"service"}), FAILURE),
    "GET /api/alerts/detection": Stated(frozenset({"service"})),
    "GET /api/alerts/baseline/{project_id}": READ,
    "GET /api/alerts/health/live": OPEN,
    "GET /api/alerts/health/ready": OPEN,
}
ELSEWHERE = {
    "GET /api/alerts/stream": "tests/integration/test_stream.py",
    "GET /api/alerts/session": "tests/integration/test_sessions.py",
    "POST /api/alerts/session": "tests/integration/test_sessions.py",
    "DELETE /api/alerts/session": "tests/integration/test_sessions.py",
    "POST /api/alerts/session/password": "tests/integration/test_password_sign_in.py",
    "POST /api/alerts/session/refresh": "tests/integration/test_password_sign_in.py",
    "POST /api/alerts/receipts/{channel_id}/{notification_id}": "tests/integration/test_receipts.py",
}
"""What another test asks for everybody."""


@dataclass
class Place:
    """A project with one of everything, and somebody of each role."""

    app: Any
    ids: dict[str, str]
    headers: dict[str, dict[str, str]]

    async def ask(self, role: str, operation: str, ids: dict[str, str]) -> httpx.Response:
        verb, _, path = operation.partition(" ")
        body = OPERATIONS[operation].body
        sent = json.loads(_put_in(json.dumps(body), ids)) if body is not None else None
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://alerts", headers=self.headers[role], timeout=60
        ) as client:
            return await client.request(verb, _put_in(path, ids), json=sent)


def _put_in(text: str, ids: dict[str, str]) -> str:
    for name, value in ids.items():
        text = text.replace("{" + name + "}", value)
    return text


@pytest.fixture
async def place(world: World, receiver: Receiver) -> AsyncIterator[Place]:
    viewer, editor = await members_of(world)
    async with a_service(world.url) as service, at_work(service):
        await world.hook(service, receiver)
        await world.configure(service, cooldown_seconds=90)  # a version to go back from
        await world.fail()
        await arrived(receiver, 1)
        await at_rest(world)
        ids = {
            "project_id": str(world.project_id), "workflow": "orders", "version": "1",
            "alert_id": str(await world.value("select id from public.alerts")),
            "channel_id": str(await world.value("select id from public.alert_channels")),
            "silence_id": str(await world.value(
                "insert into public.alert_silences (project_id, matchers, ends_at, reason)"
                " values (%s, '{}', now() + interval '1 h', 'r') returning id", world.project_id)),
        }  # fmt: skip
        headers = {
            "anonymous": {}, "service": SERVICE, "owner": bearing(token(world.owner)),
            "stranger": bearing(token(uuid4())), "viewer": bearing(token(viewer)),
            "editor": bearing(token(editor)),
        }  # fmt: skip
        yield Place(create_app(service, JWT_SECRET), ids, headers)


def test_every_operation_is_stated(service: Service) -> None:
    paths = create_app(service, JWT_SECRET).openapi()["paths"]
    there = {f"{verb.upper()} {path}" for path, verbs in paths.items() for verb in verbs}
    assert there == {*OPERATIONS, *ELSEWHERE}


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_who_may_and_who_may_not(place: Place, operation: str) -> None:
    stated = OPERATIONS[operation]
    for role in ROLES:  # those who change nothing first
        answer = await place.ask(role, operation, place.ids)
        said = f"{role}: {answer.status_code} {answer.text[:300]}"
        if role in stated.may:
            assert answer.status_code < 400 or answer.status_code == 429, said
        elif role == "anonymous":
            assert answer.status_code == 401, said
        else:
            assert answer.status_code in (403, 404), said
    if any(name in operation for name in ("project_id", "alert_id", "channel_id", "silence_id")):
        await _in_the_same_words(place, operation)
    if stated.lists:
        answer = await place.ask("stranger", operation, place.ids)
        for id_ in ("project_id", "channel_id", "silence_id"):
            assert place.ids[id_] not in answer.text
        if answer.request.method == "POST":
            assert [each["outcome"] for each in answer.json()["alerts"]] == ["not_found"]


async def _in_the_same_words(place: Place, operation: str) -> None:
    """A stranger is told of what is somebody else's as of what is not there."""
    nobodys = {name: str(uuid4()) for name in place.ids if name.endswith("_id")}
    theirs = await place.ask("stranger", operation, place.ids)
    missing = await place.ask("stranger", operation, {**place.ids, **nobodys})
    assert theirs.status_code == missing.status_code

    def words(answer: httpx.Response, ids: dict[str, str]) -> str:
        text: str = answer.json()["detail"]
        for value in ids.values():
            text = text.replace(value, "ID") if len(value) == 36 else text
        return text

    assert words(theirs, place.ids) == words(missing, nobodys)


async def test_a_viewers_rights_come_from_the_one_function(place: Place, world: World) -> None:
    await world.execute("update roles.members set role = 'editor' where role = 'viewer'")
    answer = await place.ask("viewer", "POST /api/alerts/{alert_id}/acknowledge", place.ids)
    assert answer.json()["status"] == "acknowledged"
    await world.execute("delete from roles.members")
    answer = await place.ask("viewer", "GET /api/alerts/{alert_id}", place.ids)
    assert answer.status_code == 404
