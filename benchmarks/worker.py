"""A worker as shipped, or one that sweeps nothing, for comparison: ``python -m benchmarks.worker``."""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import dataclass, replace

import uvloop

from meshhook_alerts.application.ports import Sweep
from meshhook_alerts.bootstrap import open_service, usable_settings
from meshhook_alerts.entrypoints.running import stop_on_signals, working


@dataclass(frozen=True, slots=True)
class NoSweeps:
    """Searches for nothing."""

    each: tuple[Sweep, ...] = ()

    async def attribute(self) -> int:
        """Finds nothing."""
        return 0


async def main() -> None:
    """Works until told to stop."""
    stopped = asyncio.Event()
    stop_on_signals(stopped.set)
    async with open_service(usable_settings(api=False), os.environ["DATABASE_URL"]) as service:
        worker = service.worker()
        if "--no-sweeps" in sys.argv:
            worker = replace(worker, sweeps=NoSweeps())
        async with working(worker):
            print("at work", flush=True)
            await stopped.wait()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
