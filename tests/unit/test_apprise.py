"""Apprise is locked up: it calls what the guard lets through, and does nothing else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from meshhook_alerts.adapters.http_client import GuardedHttpClient
from meshhook_alerts.adapters.outbound_guard import AddressGuard
from meshhook_alerts.application.ports import ForbiddenDestination
from meshhook_alerts.channels.apprise import CHANNEL
from meshhook_alerts.channels.apprise import channel as apprise_channel
from meshhook_alerts.channels.apprise.config import AppriseConfig
from meshhook_alerts.domain.delivery import Ambiguous, Rejected, TryAgain
from tests.contract import harness_apprise
from tests.contract.content import NOTIFICATION, first_failure
from tests.contract.harness import Answer, Tools
from tests.contract.stand_in import Reply, Request

CHILD = Path(apprise_channel.__file__).with_name("child.py")


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "2130706433", "[::1]", "169.254.169.254"]
)
async def test_what_the_guard_refuses_is_not_called(host: str) -> None:
    async with harness_apprise.open_harness() as service:
        guard = AddressGuard()
        tools = Tools(guard, GuardedHttpClient(guard))
        url = service.config["url"].replace("127.0.0.1", host)
        outcome = await CHANNEL.send(NOTIFICATION, first_failure(), AppriseConfig(url=url), tools)
        assert isinstance(outcome, Rejected | TryAgain), outcome
        assert not service.requests


async def test_a_redirect_is_not_followed() -> None:
    async with harness_apprise.open_harness() as service:
        there = service.config["url"].rpartition("@")[2]

        def redirect(answer: Answer, request: Request) -> Reply:
            return Reply(302, "", {"location": f"http://{there}/elsewhere"})

        service.reply = redirect
        config = AppriseConfig.model_validate(service.config)
        outcome = await CHANNEL.send(NOTIFICATION, first_failure(), config, service.tools)
        assert isinstance(outcome, Rejected), outcome
        assert len(service.requests) == 1


ATTEMPTS = [
    "subprocess.run(['true'])",
    "os.system('true')",
    "open('/tmp/x', 'w')",
    "os.remove('/tmp/x')",
    "os.fork()",
    "socket.socket(socket.AF_UNIX).connect('/run/x')",
    "socket.socket().bind(('127.0.0.1', 0))",
    "socket.socket().connect(('127.0.0.1', 9))",
    "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 9))",
    "ctypes.CDLL(None)",
]
LOCKED = """
import ctypes, os, runpy, socket, subprocess, sys
child = runpy.run_path({child!r})
child["main"].__globals__["_OUT"] = 2
sys.addaudithook(child["_Gate"]().hook)
try:
    {attempt}
except PermissionError as refusal:
    print("refused:", refusal)
"""


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_there_is_nothing_else_it_may_do(attempt: str) -> None:
    script = LOCKED.format(child=str(CHILD), attempt=attempt)
    done = subprocess.run(
        [sys.executable, "-c", script], input="no\n", capture_output=True, text=True, timeout=30
    )
    assert done.stdout.startswith("refused:"), (done.stdout, done.stderr)


async def test_one_that_never_ends_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apprise_channel, "SECONDS", 0.01)
    async with harness_apprise.open_harness() as service:
        config = AppriseConfig.model_validate(service.config)
        outcome = await CHANNEL.send(NOTIFICATION, first_failure(), config, service.tools)
    assert isinstance(outcome, Ambiguous)


WRONG = [
    ("hello", "service://"),
    ("dbus://", "service://"),
    ("syslog://localhost", "the machine the alerts are sent from"),
    ("slack://token-token-token/#alerts", "Use the kind slack or slack_bot"),
    ("json://alerts.example.com/?verify=no", "certificates are checked"),
    ("json://a.example json://b.example", "one only"),
]


@pytest.mark.parametrize(("url", "said"), WRONG)
def test_a_wrong_address_is_said_when_it_is_saved(url: str, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        AppriseConfig(url=url)


async def test_an_address_that_apprise_cannot_read_is_not_saved() -> None:
    guard = AddressGuard()
    tools = Tools(guard, GuardedHttpClient(guard))
    with pytest.raises(ForbiddenDestination, match="Apprise cannot read this address"):
        await CHANNEL.check(AppriseConfig(url="nosuchservice://token/x"), tools)


def test_where_it_is_not_installed_the_kind_is_not_listed_and_nobody_is_warned() -> None:
    script = (
        "import logging, sys; logging.basicConfig(); sys.modules['apprise'] = None\n"
        "from meshhook_alerts.channels import installed_channels\n"
        "print('apprise' in installed_channels(), 'slack' in installed_channels())"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60
    )
    assert (done.stdout, done.stderr) == ("False True\n", "")
