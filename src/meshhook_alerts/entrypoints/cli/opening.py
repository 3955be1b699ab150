"""What commands that look at a database have in common."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from uuid import UUID

from meshhook_alerts.entrypoints.cli.ending import fail

if TYPE_CHECKING:
    from meshhook_alerts.bootstrap import Service


def id_of(text: str) -> UUID:
    """An id; ends the command if it is none."""
    try:
        return UUID(text)
    except ValueError:
        fail(f"{text!r} is no id, such as 3f0c2b1e-9a2d-4f61-9d9a-30aa71c2e0b4")


@asynccontextmanager
async def opened() -> AsyncIterator[Service]:
    """The parts of a process on the database that the settings name."""
    from meshhook_alerts.bootstrap import open_service
    from meshhook_alerts.entrypoints.local import home
    from meshhook_alerts.settings import load_settings

    with home(load_settings()) as place:
        async with open_service(place.settings, place.database_url) as service:
            yield service
