"""Everything the demo needs while it plays, put up in order and taken down again."""

from __future__ import annotations

import base64
import random
import secrets
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import psycopg
from psycopg_pool import AsyncConnectionPool
from pydantic import SecretStr

from meshhook_alerts.adapters.postgres.migrations import migrate
from meshhook_alerts.application.settings_ports import Caller
from meshhook_alerts.bootstrap import Service, open_service
from meshhook_alerts.demo.figures import Figures
from meshhook_alerts.demo.inbox import mail_server
from meshhook_alerts.demo.mailbox import mailbox
from meshhook_alerts.demo.meshhook import NodeIds, SampleEngine, install_meshhook
from meshhook_alerts.demo.progress import Progress
from meshhook_alerts.demo.receiver import webhook_receiver
from meshhook_alerts.demo.shop import NAME, STORIES, open_shop
from meshhook_alerts.demo.spool import Spool
from meshhook_alerts.entrypoints.api import create_app
from meshhook_alerts.entrypoints.local import Home, LocalOwner, local_owner, local_sign_in
from meshhook_alerts.entrypoints.running import serving, working
from meshhook_alerts.settings import Settings

TIME_SCALE = 0.1
"""MeshHook's waits between attempts, shortened to make failures worth watching."""


@dataclass(frozen=True, slots=True)
class Stage:
    """All that stands while the demo plays."""

    engine: SampleEngine
    service: Service
    project_id: UUID
    figures: Figures
    mails: Spool
    hooks: Spool


@asynccontextmanager
async def set_stage(
    place: Home, data: Path, listener: socket.socket, address: str, progress: Progress
) -> AsyncIterator[Stage]:
    """Database, servers, service and shop, while the block runs."""
    async with AsyncExitStack() as stack:
        progress.begin("Creating a MeshHook-shaped database and applying our migrations")
        await _prepare(place.database_url)
        progress.done("triggers attached")

        progress.begin("Starting a mail server and a webhook receiver")
        mails, hooks = Spool(data / "mail"), Spool(data / "hooks")
        mail_port = await stack.enter_async_context(mail_server(mails))
        secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
        hook = await stack.enter_async_context(webhook_receiver(hooks, secret))
        progress.done(f"smtp://127.0.0.1:{mail_port}, {hook}")

        progress.begin("Starting API and worker")
        settings = _demo_settings(place.settings, address, mail_port)
        service = await stack.enter_async_context(open_service(settings, place.database_url))
        owner = local_owner(data)
        caller = _as_owner(owner)
        figures = Figures(service.database.pool, caller)
        app = create_app(service, place.jwt_secret, local_sign_in(place))
        app.include_router(mailbox(figures, mails, hooks, {"project": NAME}))
        await stack.enter_async_context(serving(app, listener))
        await service.set_up_operator()
        await stack.enter_async_context(working(service.worker()))
        progress.done(address)

        progress.begin("Opening the shop")
        stage = await _open(stack, place, service, caller, hook, secret, figures, mails, hooks)
        progress.done(f"project {NAME!r} with {len(STORIES)} workflows")
        yield stage


async def _open(
    stack: AsyncExitStack, place: Home, service: Service, caller: Caller, hook: str, secret: str,
    figures: Figures, mails: Spool, hooks: Spool,
) -> Stage:  # fmt: skip
    pool = AsyncConnectionPool(
        place.database_url, kwargs={"autocommit": True}, min_size=1, max_size=12, open=False
    )
    await stack.enter_async_context(pool)
    engine = SampleEngine(
        pool.connection,
        time_scale=TIME_SCALE,
        rng=random.SystemRandom(),
        # Today's workers call every node the same, which would tell a newcomer nothing.
        node_ids=NodeIds.DEFINITION,
    )
    shop = await open_shop(engine, service, caller, hook, secret)
    return Stage(engine, service, shop.id, figures, mails, hooks)


def _as_owner(owner: LocalOwner) -> Caller:
    claims = {"sub": str(owner.id), "role": "authenticated"}
    return Caller("authenticated", claims, owner.id)


async def _prepare(url: str) -> None:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await install_meshhook(connection)
        await migrate(connection)


def _demo_settings(settings: Settings, address: str, mail_port: int) -> Settings:
    return settings.model_copy(
        update={
            "base_url": address,
            "smtp_url": SecretStr(f"smtp+plain://127.0.0.1:{mail_port}"),
            "mail_from": "MeshHook Alerts <alerts@shop.example>",
            # The receiver of the demo is on this machine, which the guard refuses by default.
            "outbound_allow": ("127.0.0.1/32",),
            "sweep_seconds": 5.0,
            "operator_email": "platform@shop.example",
        }
    )
