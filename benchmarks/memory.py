"""Memory of ``serve`` at rest, without the database."""

from __future__ import annotations

import asyncio
from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.figures import Aim, Figure
from benchmarks.service import serving

_REST_SECONDS = 20


async def run(bench: Bench) -> list[Figure]:
    """Resident memory after a while without work."""
    url = await bench.database("memory")
    async with serving(url, "serve", "--port", "0") as process:
        bench.say("memory: serve at rest")
        await asyncio.sleep(5 if bench.quick else _REST_SECONDS)
        resident = _resident(process.pid)
    return [
        Figure("memory", "serve at rest, resident", "MB", resident, aim=Aim(120, at_least=False))
    ]


def _resident(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("this system does not tell a process's resident memory")
