"""The demo from its first line to its last: start everything, let runs fail, stop everything."""

from __future__ import annotations

import asyncio
import random
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from meshhook_alerts.adapters.embedded_postgres import default_data_folder, stop
from meshhook_alerts.adapters.embedded_postgres.sharing import alone
from meshhook_alerts.demo.incidents import play_incidents
from meshhook_alerts.demo.meshhook import SampleEngine, Traffic
from meshhook_alerts.demo.progress import Progress
from meshhook_alerts.demo.shop import STORIES
from meshhook_alerts.demo.stage import Stage, set_stage
from meshhook_alerts.entrypoints.api.dashboard import Dashboard
from meshhook_alerts.entrypoints.cli import run
from meshhook_alerts.entrypoints.local import Home, home, sign_in_links
from meshhook_alerts.entrypoints.logs import set_up_logs
from meshhook_alerts.entrypoints.running import bind, stop_on_signals
from meshhook_alerts.settings import load_settings


def _dashboard(data: Path, address: str) -> str | None:
    """Where the local owner signs in to the dashboard; None if it has not been built."""
    if Dashboard.found() is None:
        return None
    return f"{address}/alerts/sign-in?once={sign_in_links(data).make()}"


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
        listener = bind("127.0.0.1", 0 if self.once and self.port == 8787 else self.port)
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with listener, _the_only_one(data):
            if self.fresh:
                _clear(data, progress)
            progress.begin("Starting Postgres")
            own = settings.model_copy(update={"data": data, "database_url": None})
            with home(own) as place:
                progress.done(f"data in {data}")
                run(self._play(place, data, listener, address, progress))
        progress.say("Stopped; nothing is left running. What happened is kept for the next start.")

    async def _play(
        self, place: Home, data: Path, listener: socket.socket, address: str, progress: Progress
    ) -> None:
        ended = asyncio.Event()
        stop_on_signals(ended.set)
        async with set_stage(place, data, listener, address, progress) as stage:
            playing = asyncio.gather(
                _play_stories(stage.engine, self.pace, ended),
                play_incidents(stage.engine, stage.service, stage.project_id, ended),
            )
            try:
                if self.once is None:
                    progress.welcome(address, self.pace, _dashboard(data, address))
                    await ended.wait()
                    progress.say("")
                    progress.say("Stopping …")
                else:
                    await self._wait_for_alerts(self.once, stage, ended, progress)
            finally:
                ended.set()
                await playing

    async def _wait_for_alerts(
        self, wanted: int, stage: Stage, ended: asyncio.Event, progress: Progress
    ) -> None:
        progress.say(f"Runs are being played; waiting for {wanted} alerts at both channels …")
        end = time.monotonic() + self.timeout
        while (arrived := min(stage.mails.arrived, stage.hooks.arrived)) < wanted:
            if ended.is_set():
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


async def _play_stories(engine: SampleEngine, pace: float, ended: asyncio.Event) -> None:
    each = pace / len(STORIES)
    async with asyncio.TaskGroup() as group:
        for slug, mix in STORIES.items():
            seed = random.SystemRandom().getrandbits(32)
            traffic = Traffic(engine, [slug], pace=each, mix=mix, seed=seed, at_once=8)
            group.create_task(traffic.play(ended))


@contextmanager
def _the_only_one(data: Path) -> Iterator[None]:
    """Two demos on one database would take each other's messages."""
    data.parent.mkdir(parents=True, exist_ok=True)
    lock = data.with_name(f"{data.name}.lock")
    try:
        with alone(lock, wait=False):
            yield
    except BlockingIOError:
        raise DemoFailed(
            f"another demo is running on {data}; stop it, or give this one a folder of its own"
            " with MESHHOOK_ALERTS_DATA"
        ) from None


def _clear(data: Path, progress: Progress) -> None:
    if not data.exists():
        return
    progress.begin("Removing what an earlier demo left")
    stop(data)
    shutil.rmtree(data)
    progress.done(str(data))
