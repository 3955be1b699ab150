"""Runs the sweeps: each alone and on its own rhythm, one worker at a time, a slice per transaction.

Whatever happens to one sweep is its own trouble: a slice that fails or takes too long is undone,
tried again later with half as many rows, and said in ``alert_health``; the others go on.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

import psycopg
from psycopg import AsyncConnection, errors
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout

from meshhook_alerts.adapters.postgres.encoding import dumps
from meshhook_alerts.adapters.postgres.errors import translated
from meshhook_alerts.adapters.postgres.queries import query
from meshhook_alerts.adapters.postgres.sessions import HEALED_BY_ANOTHER
from meshhook_alerts.adapters.postgres.settings_loader import SettingsLoader
from meshhook_alerts.application.ports import SweepTurn
from meshhook_alerts.domain.identifiers import NIL, NOBODY
from meshhook_alerts.domain.policy import ProjectPolicy

SLICES_AT_ONCE = 50
"""Slices in one turn; what is left is the next turn's, which comes at once."""
BREATH_SECONDS = 0.01
"""Between two slices: the rest of the process has its turn, however much there is to sweep."""
STATEMENT_LIMIT = "10s"
LOCK_LIMIT = "2s"
"""How long a statement of a sweep may take, and wait; else its slice is halved and tried again."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sliced:
    """What one slice came to."""

    added: int
    """Signals added."""
    position: Any
    """Where to go on from."""
    more: bool = False
    """Whether more can be done at once; what is held back by others does not count."""
    read: int = 0
    """Rows looked at."""
    passed_over: Mapping[str, str] | None = None
    """What could not be read, by name, with the reason; None where this was not looked at."""


class Sweep(Protocol):
    """A periodic search for what triggers cannot see."""

    @property
    def name(self) -> str: ...

    @property
    def interval_seconds(self) -> float: ...

    @property
    def rows(self) -> int:
        """Rows of each sort that a slice takes when all is well."""

    async def slice(
        self, connection: AsyncConnection[TupleRow], position: Any, rows: int
    ) -> Sliced:
        """One bounded slice in the caller's transaction."""


class PostgresSweep:
    """One sweep, taken in turns by all workers. See ``ports.Sweep``."""

    def __init__(self, pool: AsyncConnectionPool, sweep: Sweep) -> None:
        self._pool = pool
        self._sweep = sweep
        self._introduced = False
        self._trouble: str | None = None

    @property
    def name(self) -> str:
        """By which its turns are taken."""
        return self._sweep.name

    @translated
    async def turn(self) -> SweepTurn:
        """Does what is due, at most some slices of it."""
        added = read = 0
        for _ in range(SLICES_AT_ONCE):
            step = await self._step()
            added, read = added + step.added, read + step.read
            if step.wait_seconds > 0:
                return SweepTurn(added, step.wait_seconds, read)
            await asyncio.sleep(BREATH_SECONDS)
        return SweepTurn(added, 0, read)

    async def _step(self) -> SweepTurn:
        try:
            return await self._slice()
        except Exception as problem:
            if _is_the_database(problem):
                raise
            return SweepTurn(0, await self._failed(problem))

    async def _slice(self) -> SweepTurn:
        sweep = self._sweep
        await self._introduce()
        async with self._pool.connection() as connection:
            row = await self._take_turn(connection)
            if row is None:  # another worker has it, or the row is gone
                self._introduced = False
                return SweepTurn(0, sweep.interval_seconds)
            if row[2] > 0:
                return SweepTurn(0, min(row[2], sweep.interval_seconds))
            position, rows, _ = row
            began = time.perf_counter()
            sliced = await sweep.slice(connection, position, min(rows or sweep.rows, sweep.rows))
            wait = 0 if sliced.more else sweep.interval_seconds
            await connection.execute(
                query("detection/sweep_done"),
                {
                    "name": sweep.name,
                    "position": dumps(sliced.position),
                    "wait": wait,
                    "rows": sweep.rows,
                    "took_ms": 1000 * (time.perf_counter() - began),
                },
            )
            await self._say(connection, sliced)
            return SweepTurn(sliced.added, wait, sliced.read)

    async def _introduce(self) -> None:
        """By itself: it must outlive a slice that fails."""
        if not self._introduced:
            async with self._pool.connection() as connection:
                await connection.execute(query("detection/introduce_sweep"), {"name": self.name})
            self._introduced = True

    async def _take_turn(self, connection: AsyncConnection[TupleRow]) -> TupleRow | None:
        async with connection.pipeline():
            await connection.execute(f"set local statement_timeout = '{STATEMENT_LIMIT}'")
            await connection.execute(f"set local lock_timeout = '{LOCK_LIMIT}'")
            turn = await connection.execute(query("detection/sweep_turn"), {"name": self.name})
            return await turn.fetchone()

    async def _say(self, connection: AsyncConnection[TupleRow], sliced: Sliced) -> None:
        """That it works (again), and what it had to pass over."""
        if sliced.passed_over:
            for what, why in sliced.passed_over.items():
                _log.error("sweep %s passes over %s: %s", self.name, what, why)
        elif not self._trouble:
            return
        self._trouble = "passing over" if sliced.passed_over else None
        state = {
            "name": self.name,
            "state": "passing over" if sliced.passed_over else "working",
            "detail": dumps({"passed_over": sliced.passed_over} if sliced.passed_over else {}),
        }
        await connection.execute(query("detection/sweep_state"), state)

    async def _failed(self, problem: Exception) -> float:
        """Notes the trouble; how long to wait."""
        why = str(problem).strip().split("\n", 1)[0] or type(problem).__name__
        if why != self._trouble:  # once, not at every turn
            known = isinstance(problem, psycopg.Error)
            _log.error("sweep %s failed: %s", self.name, why, exc_info=None if known else problem)
        self._trouble = why
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                query("detection/sweep_failed"),
                {
                    "name": self.name,
                    "trouble": why[:500],
                    "rows": self._sweep.rows,
                    "interval": self._sweep.interval_seconds,
                },
            )
            row = await cursor.fetchone()
        return float(row[0]) if row else self._sweep.interval_seconds


def _is_the_database(problem: Exception) -> bool:
    """Whether there is no database to speak of; a statement that took or waited too long says
    nothing about it."""
    if isinstance(problem, (PoolTimeout, PoolClosed, psycopg.InterfaceError, *HEALED_BY_ANOTHER)):
        return True
    if isinstance(problem, errors.UndefinedTable | errors.InvalidSchemaName):
        return "meshhook_alerts" in str(problem)  # not set up yet: every other part waits, too
    limits = errors.QueryCanceled | errors.LockNotAvailable | errors.DeadlockDetected
    return isinstance(problem, psycopg.OperationalError) and not isinstance(problem, limits)


class PostgresSweeps:
    """See ``ports.Sweeps``."""

    def __init__(self, pool: AsyncConnectionPool, sweeps: Sequence[Sweep]) -> None:
        self._pool = pool
        self.each = [PostgresSweep(pool, sweep) for sweep in sweeps]

    @translated
    async def attribute(self) -> int:
        """Finds projects that a trigger could not see; gives up on runs that are gone."""
        async with self._pool.connection() as connection:
            found = await connection.execute(query("inbox/attribute_signals"), {"nil": NIL})
            await connection.execute(
                query("inbox/give_up_attribution"), {"nil": NIL, "nobody": NOBODY}
            )
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
            query("settings/settings_versions"), {"projects": ",".join(map(str, wanted))}
        )
        versions: dict[UUID, int] = dict(await cursor.fetchall())
        return {
            id_: (await self._loader(connection, id_, versions.get(id_, 0))).policy
            for id_ in wanted
        }
