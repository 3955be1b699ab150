"""Clocks a second apart, empty variables, odd terminals: each says what it means."""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Any

import httpx
import pytest

from meshhook_alerts.bootstrap import usable_settings
from meshhook_alerts.entrypoints.running import bind
from meshhook_alerts.settings import SettingsError, load_settings
from tests.api_client import a_client, bearing, problem, token
from tests.commands import PATIENCE, complete, line_of, running
from tests.line import Receiver, World, a_service, at_work, eventually

SETTINGS = "/api/alerts/settings"


@pytest.mark.postgres
@pytest.mark.parametrize("claims", [{"iat": 1}, {"nbf": 1}, {"iat": 1, "nbf": 1}])
async def test_a_token_made_by_a_clock_a_little_ahead_is_good(
    world: World, claims: dict[str, Any]
) -> None:
    later: dict[str, Any] = {name: time.time() + 5 for name in claims}
    async with a_service(world.url) as service, a_client(service) as client:
        answer = await client.get(
            f"{SETTINGS}/{world.project_id}", headers=bearing(token(world.owner, **later))
        )
        assert answer.status_code == 200, answer.text
        late = bearing(token(world.owner, nbf=time.time() + 600))
        assert (await client.get(f"{SETTINGS}/{world.project_id}", headers=late)).status_code == 401


@pytest.mark.postgres
@pytest.mark.parametrize("path", ["/api/alerts/health/live", "/api/alerts/health/ready"])
async def test_health_answers_head(world: World, path: str) -> None:
    async with a_service(world.url) as service, a_client(service) as client:
        answer = await client.head(path)
    assert answer.status_code == 200
    assert answer.content == b""


@pytest.mark.postgres
async def test_a_slash_at_the_end_leads_nobody_astray(world: World) -> None:
    async with a_service(world.url) as service, a_client(service, world.owner) as client:
        answer = await client.get(
            f"{SETTINGS}/{world.project_id}/", headers={"host": "evil.example"}
        )
    assert answer.status_code == 404
    assert "location" not in answer.headers


@pytest.mark.postgres
@pytest.mark.parametrize(
    "claims",
    [{"x": "\x00"}, {"x": "\ud800"}, {"x": 10**400}, {"x": {"y": ["\x00"]}}, {"x": "a" * 100_000},
     {"\x00": 1}],
)  # fmt: skip
async def test_claims_that_cannot_be_kept_are_refused(world: World, claims: dict[str, Any]) -> None:
    async with a_service(world.url) as service, a_client(service) as client:
        answer = await client.get(
            f"{SETTINGS}/{world.project_id}", headers=bearing(token(world.owner, **claims))
        )
    assert answer.status_code in (401, 200, 431), answer.text
    if answer.status_code == 401:
        problem(answer, 401)


async def test_an_address_of_version_six_is_printed_as_one_can_use_it(world: World) -> None:
    env = complete(world.url, MESHHOOK_ALERTS_HOST="::1", MESHHOOK_ALERTS_PORT="0")
    async with running("serve", env=env) as process:
        said = (await line_of(process)).removeprefix("API: ")
        assert said.startswith("http://[::1]:")
        async with httpx.AsyncClient() as client:
            assert (await client.get(said)).status_code == 200


@pytest.mark.postgres
@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
async def test_a_terminal_that_knows_few_letters_gets_all_of_the_words(
    world: World, encoding: str
) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "meshhook_alerts", "doctor",
        env={**complete(world.url), "PYTHONIOENCODING": encoding},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await asyncio.wait_for(process.communicate(), PATIENCE)
    assert b"Traceback" not in err, err
    assert b"server" in out
    assert b"ok    server" in out, "good and bad must be told apart"
    assert b"?" not in out
    assert process.returncode in (0, 1)


EMPTY = ["MESHHOOK_ALERTS_HOST", "MESHHOOK_ALERTS_DATA", "MESHHOOK_ALERTS_BASE_URL", "MESHHOOK_ALERTS_PORT",
         "MESHHOOK_ALERTS_SMTP_URL", "MESHHOOK_ALERTS_MAIL_FROM", "DATABASE_URL", "MESHHOOK_ALERTS_KEYS",
         "MESHHOOK_ALERTS_OPERATOR_EMAIL", "MESHHOOK_ALERTS_LOG_LEVEL", "MESHHOOK_ALERTS_POOLED",
         "MESHHOOK_ALERTS_TRIGGER_SECRET", "SUPABASE_JWT_SECRET"]  # fmt: skip


@pytest.mark.parametrize("value", ["", "  "])
@pytest.mark.parametrize("name", EMPTY)
def test_an_empty_variable_counts_as_unset(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    for each in EMPTY:
        monkeypatch.delenv(each, raising=False)
    unset = load_settings()
    monkeypatch.setenv(name, value)
    assert load_settings() == unset


WRONG = {
    "MESHHOOK_ALERTS_MAIL_FROM": "no address",
    "MESHHOOK_ALERTS_SMTP_URL": "smtp+plain://mail.example.org:25",
    "MESHHOOK_ALERTS_BASE_URL": "https://alerts.example.org/{id}",
    "MESHHOOK_ALERTS_MESHHOOK_URL": "meshhook.example.org",
    "MESHHOOK_ALERTS_OPERATOR_EMAIL": "nobody",
    "DATABASE_URL": "postgresql://user:pw@host/db?frobnicate=1",
}


def test_every_wrong_setting_is_named_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in WRONG.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as refused:
        usable_settings(api=False)
    for name in WRONG:
        assert f"{name}: " in str(refused.value), name


@pytest.mark.parametrize(
    ("name", "value"),
    [("MESHHOOK_ALERTS_MAIL_FROM", "a@b.example, c@d.example"), ("MESHHOOK_ALERTS_MAIL_FROM", "x\r\nBcc: y@z.example"),
     ("MESHHOOK_ALERTS_MESHHOOK_URL", "https://m.example/{org}"), ("MESHHOOK_ALERTS_BASE_URL", "javascript:alert(1)"),
     ("MESHHOOK_ALERTS_BASE_URL", "https://user:pw@alerts.example"), ("MESHHOOK_ALERTS_SMTP_URL", "smtp+plain://10.0.0.1")],
)  # fmt: skip
def test_brothers_of_wrong_settings(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=name):
        usable_settings(api=False)


@pytest.mark.parametrize(
    "url", ["smtp+plain://127.0.0.1:25", "smtp+plain://localhost", "smtp+plain://[::1]:2525"]
)
def test_mail_in_the_clear_may_stay_on_this_machine(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("MESHHOOK_ALERTS_SMTP_URL", url)
    assert usable_settings(api=False).smtp_url is not None


@pytest.mark.postgres
async def test_braces_that_got_into_an_address_stop_no_decision(
    world: World, receiver: Receiver
) -> None:
    async with a_service(world.url) as service:
        service.settings.meshhook_url = "https://meshhook.example.org/{org}"
        await world.hook(service, receiver)
        async with at_work(service):
            await world.fail()
            await eventually(lambda: asyncio.sleep(0, len(receiver.ids) == 1), within=8)


def test_bind_takes_a_host_in_brackets_too() -> None:
    with bind("[::1]", 0) as listener:
        assert listener.getsockname()[0] == "::1"
