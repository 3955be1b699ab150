"""Running until told to stop: the API, the worker, or both in one process."""

from __future__ import annotations

import asyncio
import errno
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from fastapi import FastAPI

from meshhook_alerts.application.worker import Worker
from meshhook_alerts.bootstrap import open_service
from meshhook_alerts.entrypoints.api import create_app
from meshhook_alerts.entrypoints.connections import CONNECTIONS_LIMIT, PatientProtocol
from meshhook_alerts.entrypoints.local import Home, local_sign_in


class PortInUse(Exception):  # noqa: N818
    """The API's port is taken."""


class _Server(uvicorn.Server):
    """Leaves signals to us: one Ctrl-C stops everything, in order."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def bind(host: str, port: int) -> socket.socket:
    """A listening socket, taken before anything else starts.

    Raises:
        PortInUse
    """
    host = host.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen()  # only now is the port ours: two may bind it, one may listen
    except OSError as problem:
        listener.close()
        if problem.errno == errno.EADDRINUSE:
            advice = "stop what uses it, or choose another with --port"
            raise PortInUse(f"port {port} on {host} is in use: {advice}") from None
        raise PortInUse(f"cannot listen on {host} port {port}: {problem.strerror}") from None
    return listener


def stop_on_signals(stop: Callable[[], None]) -> None:
    """Calls ``stop`` at the first Ctrl-C or SIGTERM; a second one ends the process at once."""
    loop = asyncio.get_running_loop()

    def first() -> None:
        stop()
        for each in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(each)

    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, first)


@asynccontextmanager
async def serving(app: FastAPI, listener: socket.socket) -> AsyncIterator[None]:
    """Serves ``app`` while the block runs."""
    config = uvicorn.Config(
        app,
        http=PatientProtocol,
        limit_concurrency=CONNECTIONS_LIMIT,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=5,
        lifespan="off",
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield
    finally:
        server.should_exit = True
        await app.state.service.stream.close()  # who follows would be waited for, and then cut off
        await task


@asynccontextmanager
async def working(worker: Worker) -> AsyncIterator[None]:
    """Runs ``worker`` while the block runs, then lets it end in good order."""
    task = asyncio.create_task(worker.run())
    try:
        yield
    finally:
        worker.stop()
        await task


async def run_api(
    home: Home, listener: socket.socket, with_worker: bool, ready: Callable[[str], None]
) -> None:
    """The API, and the worker unless told otherwise, until a signal."""
    stopped = asyncio.Event()
    stop_on_signals(stopped.set)
    async with open_service(home.settings, home.database_url) as service:
        await service.database.check()
        local = local_sign_in(home)
        app = create_app(service, home.jwt_secret, local)
        async with serving(app, listener):
            host, port = listener.getsockname()[:2]
            address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
            ready(f"API: {address}/api/alerts/docs")
            if app.state.dashboard is not None:
                once = f"sign-in?once={local.links.make()}" if local else ""
                ready(f"Dashboard: {address}/alerts/{once}")
            if with_worker:
                async with working(service.worker()):
                    await stopped.wait()
            else:
                await stopped.wait()


async def run_worker(home: Home, ready: Callable[[str], None]) -> None:
    """A worker alone, until a signal."""
    stopped = asyncio.Event()
    stop_on_signals(stopped.set)
    async with open_service(home.settings, home.database_url) as service:
        await service.database.check()
        async with working(service.worker()):
            ready(service.name)
            await stopped.wait()
