"""However a channel fails, it is found in the log, by doctor and in the API, with the next step."""

from __future__ import annotations

import logging
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import trustme
from pydantic import SecretStr

from meshhook_alerts.adapters.postgres.doctor import examine
from meshhook_alerts.domain.reasons import Effect, Reason
from tests.line import Receiver, World, a_service, arrived, at_work
from tests.mail_server import Post, running

pytestmark = pytest.mark.postgres


class Strict(Post):
    """Takes mail from nobody we know."""

    async def handle_MAIL(self, *_: object) -> str:  # noqa: N802 - the library's name
        return "553 5.7.1 Sender address rejected: not owned by user"


@dataclass(frozen=True)
class Way:
    """One way to fail."""

    post: Post
    url: str
    """With ``{port}``."""
    said: str
    """What the log, doctor and the API say of it."""
    final: bool = True
    """Whether the message is given up at once."""


WAYS = {
    "no STARTTLS": Way(Post(), "smtp://127.0.0.1:{port}", "offers no STARTTLS"),
    "password refused": Way(
        Post(), "smtps://who:is-wrong@127.0.0.1:{port}", "refuses the user name or password"
    ),
    "sender refused": Way(Strict(), "smtp+plain://127.0.0.1:{port}", "553 5.7.1 Sender address"),
    "recipient refused": Way(
        Post(by_recipient={"oncall@example.com": "550 5.1.1 No such user"}),
        "smtp+plain://127.0.0.1:{port}", "550 5.1.1 No such user",
    ),
    "certificate not valid": Way(
        Post(), "smtps://127.0.0.1:{port}", "TLS certificate is not valid", final=False
    ),
    "server down": Way(Post(), "smtp+plain://127.0.0.1:1", "connection refused", final=False),
}  # fmt: skip


@asynccontextmanager
async def a_mail_server(way: Way) -> AsyncIterator[str]:
    """The server of a way to fail; its address as an operator sets it."""
    if not way.url.startswith("smtps"):
        async with running(way.post):
            yield way.url.format(port=way.post.port)
        return
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    async with running(way.post, tls=context, from_start=True):
        yield way.url.format(port=way.post.port)


@pytest.mark.parametrize("name", [name for name in WAYS if name != "password refused"])
async def test_a_mail_server_that_fails_is_found_everywhere(
    world: World, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    way = WAYS[name]
    channel = {"name": "mail", "kind": "email", "config": {"to": ["oncall@example.com"]}}
    async with (
        a_mail_server(way) as url,
        a_service(world.url, smtp_url=SecretStr(url)) as service,
    ):
        await world.configure(service, channels=[channel])
        async with at_work(service):
            await world.fail()
            said = "select true from meshhook_alerts.channel_health where said_at is not null"
            await world.until(said, within=30)
            await found_everywhere(world, service, caplog, way)


async def test_a_refused_password_is_found_everywhere(
    world: World, caplog: pytest.LogCaptureFixture, tmp_path: Any
) -> None:
    """With a certificate that is trusted, or the password would never be sent."""
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    way = WAYS["password refused"]
    async with (
        running(way.post, tls=context, from_start=True, auth_require_tls=False),
        a_service(
            world.url,
            smtp_url=SecretStr(f"smtps://who:is-wrong@localhost:{way.post.port}"),
        ) as service,
    ):
        assert service.tools.mail is not None
        object.__setattr__(service.tools.mail, "ca_file", str(tmp_path / "ca.pem"))
        channel = {"name": "mail", "kind": "email", "config": {"to": ["oncall@example.com"]}}
        await world.configure(service, channels=[channel])
        async with at_work(service):
            await world.fail()
            await world.until(
                "select true from meshhook_alerts.channel_health where said_at is not null", 30
            )
            await found_everywhere(world, service, caplog, way)
    assert "is-wrong" not in caplog.text


async def test_a_receiver_that_is_down_is_found_and_so_is_its_return(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "meshhook_alerts")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    receiver = Receiver("whsec_" + "c2VjcmV0" * 5, f"http://127.0.0.1:{port}/hook")
    way = Way(Post(), "", "connection refused", final=False)
    async with a_service(world.url) as service:
        await world.hook(service, receiver)
        async with at_work(service):
            await world.fail()
            await world.until(
                "select true from meshhook_alerts.channel_health where said_at is not null", 30
            )
            await found_everywhere(world, service, caplog, way, channel="hook")
            async with _there(receiver, port):
                await arrived(receiver, 1, within=40)
                await world.until(
                    "select failing_since is null from meshhook_alerts.channel_health"
                )
            back = [r.getMessage() for r in caplog.records if r.levelno == logging.INFO]
            assert len([line for line in back if "takes messages again" in line]) == 1
            view = await service.read_settings(world.project_id, None, world.caller)
            assert view.stored.channels[0].failing_since is None


async def found_everywhere(
    world: World, service: Any, caplog: pytest.LogCaptureFixture, way: Way, channel: str = "mail"
) -> None:
    """In the log once, by doctor, in the API and, if it was given up, in the ledger."""
    errors = [r.getMessage() for r in caplog.records if r.levelno == logging.ERROR]
    mine = [line for line in errors if f"channel {channel!r}" in line]
    assert len(mine) == 1, errors
    assert way.said in mine[0]
    assert f"meshhook-alerts channels test {channel!r}" in mine[0]
    found = [each async for each in examine(world.url, kinds=frozenset(service.channels))]
    (wrong,) = [each for each in found if each.subject == "deliveries"]
    assert (wrong.level, way.said in wrong.what) == ("wrong", True), wrong
    view = await service.read_settings(world.project_id, None, world.caller)
    (shown,) = view.stored.channels
    assert shown.failing_since is not None
    assert way.said in (shown.trouble or "")
    if way.final:
        warnings = [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]
        assert len([line for line in warnings if "counts as untold" in line]) == 1
        rows = await world.rows(
            "select reason from public.alert_logs where effect = %s", Effect.OUTCOME
        )
        assert [row["reason"] for row in rows] == [Reason.REJECTED]


@asynccontextmanager
async def _there(receiver: Receiver, port: int) -> AsyncIterator[None]:
    """The receiver, come back at its old place."""
    from aiohttp import web

    app = web.Application()
    app.router.add_post("/hook", receiver.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield
    finally:
        await runner.cleanup()
