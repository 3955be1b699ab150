"""The demo from its first line to its last: start everything, let runs fail, stop everything."""

from __future__ import annotations

import asyncio
import base64
import random
import secrets
import shutil
import socket
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg_pool import AsyncConnectionPool
from pydantic import SecretStr

from meshhook_alerts.adapters.embedded_postgres import default_data_folder, status
from meshhook_alerts.adapters.postgres.migrations import migrate
from meshhook_alerts.application.change_settings import Caller
from meshhook_alerts.bootstrap import Service, open_service
from meshhook_alerts.demo.figures import Figures
from meshhook_alerts.demo.inbox import mail_server
from meshhook_alerts.demo.meshhook import SampleEngine, Traffic, install_meshhook
from meshhook_alerts.demo.page import live_page
from meshhook_alerts.demo.progress import Progress
from meshhook_alerts.demo.receiver import webhook_receiver
from meshhook_alerts.demo.shop import NAME, open_shop
from meshhook_alerts.demo.spool import Spool
from meshhook_alerts.entrypoints.api import create_app
from meshhook_alerts.entrypoints.cli.app import run
from meshhook_alerts.entrypoints.local import Home, LocalOwner, home, local_owner
from meshhook_alerts.entrypoints.logs import set_up_logs
from meshhook_alerts.entrypoints.running import bind, serving, stop_on_signals, working
from meshhook_alerts.settings import Settings, load_settings

TIME_SCALE = 0.1
"""MeshHook's waits between attempts, shortened to make failures worth watching."""


class DemoFailed(Exception):  # noqa: N818
    """What was to be seen did not happen; the text says why."""


@dataclass(frozen=True, slots=True)
class Play:
    """One performance."""

    once: int | None
    """How many alerts must arrive, then it ends; None: until Ctrl-C."""
    timeout: int
    fresh: bool
    port: int
    pace: float

    def __call__(self) -> None:
        """Plays.

        Raises:
            DemoFailed, and whatever a part says that cannot start.
        """
        settings = load_settings(port=self.port)
        set_up_logs("warning")
        data = (settings.data or default_data_folder()) / "demo"
        progress = Progress()
        if self.fresh:
            _clear(data, progress)
        listener = bind("127.0.0.1", 0 if self.once and self.port == 8787 else self.port)
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with listener:
            progress.begin("Starting Postgres")
            own = settings.model_copy(update={"data": data, "database_url": None})
            with home(own) as place:
                progress.done(f"data in {data}")
                run(self._play(place, data, listener, address, progress))
        progress.say("Stopped; nothing is left running. What happened is kept for the next start.")

    async def _play(
        self, place: Home, data: Path, listener: socket.socket, address: str, progress: Progress
    ) -> None:
        stop = asyncio.Event()
        stop_on_signals(stop.set)
        async with AsyncExitStack() as stack:
            stage = await stack.enter_async_context(
                _stage(place, data, listener, address, progress)
            )
            traffic = Traffic(
                stage.engine,
                stage.slugs,
                pace=self.pace,
                seed=random.SystemRandom().getrandbits(32),
            )
            playing = asyncio.create_task(traffic.play(stop))
            try:
                if self.once is None:
                    progress.welcome(address, self.pace)
                    await stop.wait()
                    progress.say("")
                    progress.say("Stopping …")
                else:
                    await self._wait_for_alerts(self.once, stage, stop, progress)
            finally:
                stop.set()
                await playing

    async def _wait_for_alerts(
        self, wanted: int, stage: Stage, stop: asyncio.Event, progress: Progress
    ) -> None:
        progress.say(f"Runs are being played; waiting for {wanted} alerts at both channels …")
        end = time.monotonic() + self.timeout
        while (arrived := min(stage.mails.arrived, stage.hooks.arrived)) < wanted:
            if stop.is_set():
                raise DemoFailed("interrupted before the alerts had arrived")
            if time.monotonic() > end:
                raise DemoFailed(await self._why_not(wanted, stage))
            progress.bar(arrived, wanted)
            await asyncio.sleep(0.2)
        progress.bar(wanted, wanted)
        progress.summary(await stage.figures.counters(), await stage.figures.alerts())

    async def _why_not(self, wanted: int, stage: Stage) -> str:
        counters = await stage.figures.counters()
        return (
            f"after {self.timeout} s only {stage.mails.arrived} e-mails and {stage.hooks.arrived}"
            f" webhooks of {wanted} had arrived (runs {counters['runs']}, failures found"
            f" {counters['failures']}, messages pending {counters['pending']},"
            f" not deliverable {counters['lost']})"
        )


@dataclass(frozen=True, slots=True)
class Stage:
    """All that stands while the demo plays."""

    engine: SampleEngine
    slugs: list[str]
    figures: Figures
    mails: Spool
    hooks: Spool


@asynccontextmanager
async def _stage(
    place: Home, data: Path, listener: socket.socket, address: str, progress: Progress
) -> AsyncIterator[Stage]:
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
        app = create_app(service, place.jwt_secret)
        app.include_router(live_page(figures, mails, hooks, {"project": NAME}))
        await stack.enter_async_context(serving(app, listener))
        await stack.enter_async_context(working(service.worker()))
        progress.done(address)

        progress.begin("Opening the shop")
        stage = await _open(stack, place, service, caller, hook, secret, figures, mails, hooks)
        progress.done(f"project {NAME!r} with {len(stage.slugs)} workflows")
        yield stage


async def _open(
    stack: AsyncExitStack, place: Home, service: Service, caller: Caller, hook: str, secret: str,
    figures: Figures, mails: Spool, hooks: Spool,
) -> Stage:  # fmt: skip
    pool = AsyncConnectionPool(
        place.database_url, kwargs={"autocommit": True}, min_size=1, max_size=12, open=False
    )
    await stack.enter_async_context(pool)
    engine = SampleEngine(pool.connection, time_scale=TIME_SCALE, rng=random.SystemRandom())
    shop = await open_shop(engine, service, caller, hook, secret)
    return Stage(engine, list(shop.workflow_ids), figures, mails, hooks)


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
        }
    )


def _clear(data: Path, progress: Progress) -> None:
    if not data.exists():
        return
    if status(data).in_use:
        raise DemoFailed(f"another demo is running on {data}; stop it first")
    progress.begin("Removing what an earlier demo left")
    shutil.rmtree(data)
    progress.done(str(data))
