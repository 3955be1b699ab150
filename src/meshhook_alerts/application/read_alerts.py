"""Looking at alerts: what can be asked for, and the ports that answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from meshhook_alerts.application.settings_ports import Caller

MOST_ON_A_PAGE = 200


@dataclass(frozen=True, slots=True)
class AlertFilter:
    """Which alerts; what is empty asks for all."""

    project_id: UUID | None = None
    states: tuple[str, ...] = ()
    severities: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    workflow: str | None = None
    text: str | None = None
    """Somewhere in workflow, node, kind or error, capitals or not."""
    since: datetime | None = None
    """Failed then or later."""
    run_id: UUID | None = None
    """A run whose failures are part of it."""


@dataclass(frozen=True, slots=True)
class RowFilter:
    """Which failures, decisions or messages."""

    project_id: UUID | None = None
    alert_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """A stretch of a list, the newest first."""

    limit: int
    after: tuple[Any, Any] | None = None
    """The place of the last row before it."""


class AlertReader(Protocol):
    """Reads under the caller's row-level security."""

    async def alerts(
        self, caller: Caller, wanted: AlertFilter, page: Page
    ) -> Sequence[Mapping[str, Any]]: ...
    async def projects(self, caller: Caller) -> Sequence[Mapping[str, Any]]: ...
    async def channel_weeks(
        self, caller: Caller, project_id: UUID
    ) -> Sequence[Mapping[str, Any]]: ...
    async def counts(
        self, caller: Caller, wanted: AlertFilter
    ) -> Mapping[str, Mapping[str, int]]: ...
    async def rows(
        self, what: str, caller: Caller, wanted: RowFilter, page: Page
    ) -> Sequence[Mapping[str, Any]]: ...
    async def one(self, caller: Caller, alert_id: UUID) -> Mapping[str, Any] | None: ...
