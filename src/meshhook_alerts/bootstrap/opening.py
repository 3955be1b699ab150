"""From settings and an address to a service that runs."""

from __future__ import annotations

import os
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from meshhook_alerts.adapters.http_client import GuardedHttpClient
from meshhook_alerts.adapters.postgres.database import Database
from meshhook_alerts.bootstrap.clocks import DatabaseClock
from meshhook_alerts.bootstrap.parts import (
    address_of,
    mail_server_of,
    outbound_guard,
    secret_box,
)
from meshhook_alerts.bootstrap.service import Service, Tools
from meshhook_alerts.channels import installed_channels
from meshhook_alerts.settings import Settings


@asynccontextmanager
async def open_database(settings: Settings, database_url: str) -> AsyncIterator[Database]:
    """The database alone, for commands that need no keys.

    Raises:
        SettingsError: its address cannot be used.
    """
    database = Database(address_of(database_url, settings), pool_size=2)
    await database.open()
    try:
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def open_service(settings: Settings, database_url: str) -> AsyncIterator[Service]:
    """Builds a service on ``database_url``; closes its connections at the end.

    Raises:
        SettingsError: a setting cannot be used.
    """
    async with AsyncExitStack() as stack:
        database = Database(address_of(database_url, settings))
        await database.open()
        stack.push_async_callback(database.close)
        guard = outbound_guard(settings)
        http = GuardedHttpClient(guard)
        stack.push_async_callback(http.close)
        clock = DatabaseClock()
        service = Service(
            settings,
            database,
            installed_channels(),
            Tools(guard, http, mail_server_of(settings), clock),
            secret_box(settings),
            name=f"{socket.gethostname()}:{os.getpid()}",
            clock=clock,
        )
        stack.push_async_callback(service.close)
        yield service
