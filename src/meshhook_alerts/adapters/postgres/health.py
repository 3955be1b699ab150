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
        self._part = f"worker:{worker}"

    @translated
    async def beat(self, state: str, detail: Mapping[str, Any]) -> None:
        """Writes this worker's row."""
        async with self._pool.connection() as connection:
            await connection.execute(
                query("health/beat"),
                {"part": self._part, "state": state, "detail": dumps(dict(detail))},
            )
