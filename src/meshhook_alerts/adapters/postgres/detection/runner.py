"""Runs the sweeps: each on its own rhythm, one worker at a time, a bounded slice per transaction."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool

from meshhook_alerts.adapters.postgres.encoding import dumps
from meshhook_alerts.adapters.postgres.errors import translated
from meshhook_alerts.adapters.postgres.queries import query
from meshhook_alerts.adapters.postgres.settings_loader import SettingsLoader
from meshhook_alerts.domain.identifiers import NIL, NOBODY
from meshhook_alerts.domain.policy import ProjectPolicy

SLICES_AT_ONCE = 50
"""Slices of one sweep before the others get their turn."""
STATEMENT_LIMIT = "10s"
"""No statement of a sweep may take longer; a slice that hits it is tried again later."""


class Sweep(Protocol):
    """A periodic search for what triggers cannot see."""

    @property
    def name(self) -> str: ...

    @property
    def interval_seconds(self) -> float: ...

    async def slice(
        self, connection: AsyncConnection[TupleRow], position: Any
    ) -> tuple[int, Any, bool]:
        """One bounded slice in the caller's transaction: signals added, the position to go on
        from, and whether there is more to do at once."""


class PostgresSweeps:
    """See ``ports.Sweeps``."""

    def __init__(self, pool: AsyncConnectionPool, sweeps: Sequence[Sweep]) -> None:
        self._pool = pool
        self._sweeps = sweeps
        self._due: dict[str, float] = {}

    @translated
    async def run(self) -> int:
        """Runs the sweeps whose time has come; returns how many signals they added."""
        added = 0
        for sweep in self._sweeps:
            if time.monotonic() >= self._due.get(sweep.name, 0):
                added += await self._run(sweep)
                self._due[sweep.name] = time.monotonic() + sweep.interval_seconds
        return added

    async def _run(self, sweep: Sweep) -> int:
        total = 0
        for _ in range(SLICES_AT_ONCE):
            added, more = await self._slice(sweep)
            total += added
            if not more:
                break
        return total

    async def _slice(self, sweep: Sweep) -> tuple[int, bool]:
        async with self._pool.connection() as connection:
            await connection.execute(query("introduce_sweep"), {"name": sweep.name})
            await connection.execute(f"set local statement_timeout = '{STATEMENT_LIMIT}'")
            turn = await connection.execute(query("sweep_turn"), {"name": sweep.name})
            row = await turn.fetchone()
            if row is None:
                return 0, False
            added, position, more = await sweep.slice(connection, row[0])
            await connection.execute(
                query("sweep_done"), {"name": sweep.name, "position": dumps(position)}
            )
            return added, more

    @translated
    async def attribute(self) -> int:
        """Finds projects that a trigger could not see; gives up on runs that are gone."""
        async with self._pool.connection() as connection:
            found = await connection.execute(query("attribute_signals"), {"nil": NIL})
            await connection.execute(query("give_up_attribution"), {"nil": NIL, "nobody": NOBODY})
            return found.rowcount


class Policies:
    """What projects want, for sweeps: loaded once, and again when it has changed."""

    def __init__(self, loader: SettingsLoader) -> None:
        self._loader = loader

    async def __call__(
        self, connection: AsyncConnection[TupleRow], project_ids: Iterable[UUID]
    ) -> Mapping[UUID, ProjectPolicy]:
        """The policies of ``project_ids``."""
        wanted = list(project_ids)
        if not wanted:
            return {}
        cursor = await connection.execute(
            query("settings_versions"), {"projects": ",".join(map(str, wanted))}
        )
        versions: dict[UUID, int] = dict(await cursor.fetchall())
        return {
            id_: (await self._loader(connection, id_, versions.get(id_, 0))).policy
            for id_ in wanted
        }
