"""The inbox, as the trigger endpoint fills it."""

from __future__ import annotations

from collections.abc import Sequence

from psycopg_pool import AsyncConnectionPool

from meshhook_alerts.adapters.postgres.encoding import dumps
from meshhook_alerts.adapters.postgres.errors import translated
from meshhook_alerts.adapters.postgres.queries import query
from meshhook_alerts.application.accept_failures import Place
from meshhook_alerts.application.reported_failure import ReportedFailure
from meshhook_alerts.domain.identifiers import NOBODY


class PostgresSignalInbox:
    """See ``accept_failures.SignalInbox``."""

    def __init__(self, pool: AsyncConnectionPool) -> None:
        self._pool = pool

    @translated
    async def places(self, failures: Sequence[ReportedFailure]) -> Sequence[Place]:
        """Where each of ``failures`` belongs, in order."""
        reports = [
            {
                "number": number,
                "project_id": each.project_id,
                "run_id": each.run_id,
                "workflow": each.workflow,
            }
            for number, each in enumerate(failures)
        ]
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                query("inbox/place_reports"), {"reports": dumps(reports)}
            )
            return [Place(*row) for row in await cursor.fetchall()]

    @translated
    async def add(self, failures: Sequence[tuple[ReportedFailure, Place]]) -> int:
        """Adds what is new; returns how many that were."""
        rows = [_row(failure, place) for failure, place in failures]
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                query("inbox/add_reported"), {"failures": dumps(rows), "nobody": NOBODY}
            )
            row = await cursor.fetchone()
        return int(row[0]) if row else 0


def _row(failure: ReportedFailure, place: Place) -> dict[str, object]:
    row = failure.model_dump(mode="json", exclude={"severity", "count"})
    row["project_id"] = place.project_id or NOBODY
    row["workflow_id"] = place.workflow_id
    row["http_status"] = str(failure.http_status) if failure.http_status else None
    row["labels"] = _labels(failure) or None
    return row


def _labels(failure: ReportedFailure) -> dict[str, str]:
    """With what has no column of its own."""
    labels = dict(failure.labels)
    if failure.severity:
        labels["severity"] = failure.severity.value
    if failure.count > 1:
        labels["count"] = str(failure.count)
    return labels
