"""What sweeps find on their own, added to the inbox."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from meshhook_alerts.adapters.postgres.encoding import dumps
from meshhook_alerts.adapters.postgres.queries import query


@dataclass(frozen=True, slots=True)
class FoundSignal:
    """A failure that a sweep has found in MeshHook's tables."""

    project_id: UUID
    kind: str
    """Name of the failure kind, see ``domain/kinds.py``."""
    ref: str
    """Under which it counts once, together with ``at``."""
    at: datetime
    """A time that is the same each time it is found."""
    run_id: UUID | None = None
    workflow_id: UUID | None = None
    workflow: str | None = None
    """Slug; needed only where there is no ``workflow_id``."""
    node_id: str | None = None
    node_type: str | None = None
    attempt: str | None = None
    http_status: str | None = None
    error: str | None = None
    labels: Mapping[str, str] | None = None
    """Few and alike: failures with different labels are decided one by one."""


async def add_signals(connection: AsyncConnection[TupleRow], found: Sequence[FoundSignal]) -> int:
    """Adds what is neither recorded nor waiting, and wakes a worker; returns how many that were."""
    return len(await add_found(connection, found))


async def add_found(
    connection: AsyncConnection[TupleRow], found: Sequence[FoundSignal]
) -> list[UUID | None]:
    """As ``add_signals``; returns the runs of those that were added."""
    if not found:
        return []
    rows = dumps([asdict(each) for each in found])
    cursor = await connection.execute(query("inbox/add_found"), {"found": rows})
    row = await cursor.fetchone()
    return list(row[0] or ()) if row else []
