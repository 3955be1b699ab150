"""Loopback addresses that answer nobody, as hosts do whose network is gone."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager


@asynccontextmanager
async def dead_ends(port: int, count: int) -> AsyncIterator[list[str]]:
    """Addresses that answer nobody: their queue of callers is full."""
    places = [f"127.0.1.{number}" for number in range(1, count + 1)]
    with ExitStack() as stack:
        for place in places:
            listener = stack.enter_context(socket.create_server((place, port), backlog=0))
            for _ in range(2):
                caller = stack.enter_context(socket.socket())
                caller.setblocking(False)
                caller.connect_ex(listener.getsockname())
        yield places
