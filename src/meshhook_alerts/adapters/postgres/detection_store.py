"""How detection is doing, read in the caller's role."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from psycopg_pool import AsyncConnectionPool

from meshhook_alerts.adapters.postgres.queries import query
from meshhook_alerts.adapters.postgres.settings_store import as_role
from meshhook_alerts.application.detection_state import KnownRuns, RuleHealth, SweepState
from meshhook_alerts.application.settings_ports import Caller


class PostgresDetectionStore:
    """See ``detection_state.DetectionStore``."""

    def __init__(self, pool: AsyncConnectionPool) -> None:
        self._pool = pool

    async def sweeps(self, caller: Caller) -> tuple[datetime | None, Mapping[str, SweepState]]:
        """Since when we are attached, and every sweep by name."""
        async with as_role(self._pool, caller) as connection:
            cursor = await connection.execute(
                "select name, finished_at, took_ms, failures, trouble, attached_at"
                " from meshhook_alerts.sweep_states()"
            )
            rows = await cursor.fetchall()
        attached_at = rows[0][-1] if rows else None
        return attached_at, {row[0]: SweepState(*row[:5]) for row in rows}

    async def rules(self, caller: Caller) -> Mapping[str, RuleHealth]:
        """What is known of rules that may lack something, by identifier."""
        async with as_role(self._pool, caller) as connection:
            cursor = await connection.execute(query("detection/rule_states"))
            return {row[0]: RuleHealth(*row[1:]) for row in await cursor.fetchall()}

    async def baseline(self, project_id: UUID, caller: Caller) -> Sequence[KnownRuns] | None:
        """What was known of a project; None if the caller sees no such project."""
        async with as_role(self._pool, caller) as connection:
            if caller.role != "service_role":
                may_read = query("settings/may_read_project")
                seen = await connection.execute(may_read, {"project_id": project_id})
                if await seen.fetchone() is None:
                    return None
            cursor = await connection.execute(
                query("detection/baseline"), {"project_id": project_id}
            )
            return [KnownRuns(*row) for row in await cursor.fetchall()]
