"""A worker's sign of life in ``alert_health``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from psycopg_pool import AsyncConnectionPool

from meshhook_alerts.adapters.postgres.encoding import dumps
from meshhook_alerts.adapters.postgres.errors import translated
from meshhook_alerts.adapters.postgres.queries import query


class PostgresHealth:
    """See ``ports.Health``."""

    def __init__(self, pool: AsyncConnectionPool, worker: str) -> None:
        self._pool = pool
        self._worker = worker

    @translated
    async def beat(self, state: str, detail: Mapping[str, Any]) -> None:
        """Writes this worker's row."""
        await self._write(f"worker:{self._worker}", state, detail)

    @translated
    async def tidy(self) -> None:
        """Partitions of the months to come."""
        async with self._pool.connection() as connection:
            await connection.execute(query("health/tidy"))

    @translated
    async def say(self, part: str, trouble: str | None) -> None:
        """Writes the row of a part of this worker."""
        detail = {"trouble": trouble[:500]} if trouble else {}
        await self._write(f"{part}:{self._worker}", "troubled" if trouble else "working", detail)

    async def _write(self, part: str, state: str, detail: Mapping[str, Any]) -> None:
        async with self._pool.connection() as connection:
            await connection.execute(
                query("health/beat"),
                {"part": part, "state": state, "detail": dumps(dict(detail))},
            )
