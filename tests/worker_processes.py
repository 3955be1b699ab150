"""Workers as processes of their own, which a test may kill."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from tests.line import KEY

_WORKER = """
import asyncio, sys
from meshhook_alerts.bootstrap import open_service
from tests.line import test_settings
async def main():
    async with open_service(test_settings(), sys.argv[1]) as service:
        await service.worker().run()
asyncio.run(main())
"""

Process = asyncio.subprocess.Process


async def start_worker(url: str) -> Process:
    """A worker on the database at ``url``."""
    environment = {**os.environ, "TEST_KEY": KEY, "PYTHONPATH": os.pathsep.join(sys.path)}
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", _WORKER, url, env=environment,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip


@asynccontextmanager
async def killed_at_random(url: str, count: int, dice: random.Random) -> AsyncIterator[None]:
    """So many workers while the block runs, of which one is killed every second or two, and another started in
    its place; none is left afterwards."""
    workers = [await start_worker(url) for _ in range(count)]
    enough = asyncio.Event()
    killing = asyncio.create_task(_kill_now_and_then(url, dice, workers, enough))
    try:
        yield
    finally:
        enough.set()  # not cancelled: a worker that is being started would be nobody's
        await killing
        for worker in workers:
            await end(worker)


async def end(worker: Process) -> None:
    """Kills a worker that is still there."""
    if worker.returncode is None:
        worker.kill()
    await worker.wait()


async def _kill_now_and_then(
    url: str, dice: random.Random, workers: list[Process], enough: asyncio.Event
) -> None:
    while True:
        with suppress(TimeoutError):
            await asyncio.wait_for(enough.wait(), 0.5 + dice.random() * 2)
            return
        place = dice.randrange(len(workers))
        workers[place].send_signal(signal.SIGKILL)
        await workers[place].wait()
        workers[place] = await start_worker(url)
