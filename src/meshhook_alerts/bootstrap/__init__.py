"""The one place where the parts are put together."""

from __future__ import annotations

from meshhook_alerts.bootstrap.clocks import DatabaseClock, SystemClock
from meshhook_alerts.bootstrap.opening import open_database, open_service
from meshhook_alerts.bootstrap.parts import (
    key_ids,
    links,
    mail_server_of,
    outbound_guard,
    run_pages,
    usable_settings,
)
from meshhook_alerts.bootstrap.service import JUDGES, Service

__all__ = [
    "JUDGES",
    "DatabaseClock",
    "Service",
    "SystemClock",
    "key_ids",
    "links",
    "mail_server_of",
    "open_database",
    "open_service",
    "outbound_guard",
    "run_pages",
    "usable_settings",
]
