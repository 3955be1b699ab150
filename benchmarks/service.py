"""The product as a process of its own, as an operator runs it, and a receiver beside it."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from meshhook_alerts.adapters.secret_box import generate_key

KEY = generate_key("bench")
_READY_SECONDS = 60


def environment(url: str) -> dict[str, str]:
    """Settings of the service on the database at ``url``, with loopback open to channels."""
    clean = {name: text for name, text in os.environ.items() if not name.startswith("MESHHOOK_")}
    return {
        **clean,
        "DATABASE_URL": url,
        "SUPABASE_JWT_SECRET": "for benchmarks only, on loopback, made of plain words",
        "MESHHOOK_ALERTS_KEYS": KEY,
        "MESHHOOK_ALERTS_OUTBOUND_ALLOW": "127.0.0.0/8",
        "MESHHOOK_ALERTS_LOG_LEVEL": "warning",
    }


@asynccontextmanager
async def serving(
    url: str, *command: str, module: str = "meshhook_alerts"
) -> AsyncIterator[asyncio.subprocess.Process]:
    """``meshhook-alerts COMMAND`` while the block runs, once it has said that it is up."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-u", "-m", module, *command,
        env=environment(url), stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        async with asyncio.timeout(_READY_SECONDS):
            if not await process.stdout.readline():
                raise RuntimeError("the service ended before it was up")
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()


@dataclass(slots=True)
class Receiver:
    """Arrivals at a receiver in a process of its own."""

    url: str
    arrived: dict[str, float] = field(default_factory=dict)
    """Node id → when its message's first byte came, by the machine's monotonic clock."""


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """A receiver while the block runs."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-u", "-m", "benchmarks.receiver", stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    receiver = Receiver((await process.stdout.readline()).decode().strip())
    reading = asyncio.create_task(_read(process.stdout, receiver))
    try:
        yield receiver
    finally:
        process.terminate()
        await process.wait()
        await reading


async def _read(stream: asyncio.StreamReader, receiver: Receiver) -> None:
    async for line in stream:
        node, moment = line.decode().split()
        receiver.arrived.setdefault(node, float(moment))
