"""Recoveries that runs prove: verdicts withdrawn, and workflows that work again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from meshhook_alerts.adapters.postgres.encoding import dumps
from meshhook_alerts.adapters.postgres.queries import query
from meshhook_alerts.domain.kinds import HEALED_BY_A_CLEAN_RUN
from meshhook_alerts.domain.redaction import redact_name


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """A run that has ended clean, or of which something is no longer so."""

    project_id: UUID
    run_id: UUID
    workflow: str | None
    started_at: datetime
    at: datetime
    """When it was seen."""
    refs: Sequence[tuple[str, datetime | None]]
    """References under which it may have been reported; empty if it never was."""


async def add_run_recoveries(
    connection: AsyncConnection[TupleRow],
    clean: Sequence[RunOutcome],
    went_on: Sequence[RunOutcome] = (),
) -> int:
    """Adds a signal for every open alert whose trouble these runs prove to be over: the ``clean``
    ones that of their workflow, those that ``went_on`` only what was said of themselves."""
    rows = await _withdrawn(connection, [*clean, *went_on])
    rows += await _healed(connection, clean) if clean else []
    if rows:
        await connection.execute(query("inbox/add_recoveries"), {"recoveries": dumps(rows)})
    return len(rows)


async def _withdrawn(
    connection: AsyncConnection[TupleRow], clean: Sequence[RunOutcome]
) -> list[dict[str, Any]]:
    refs = [
        {"project_id": run.project_id, "run_id": run.run_id, "ref": ref, "at": at}
        for run in clean
        for ref, at in run.refs
    ]
    if not refs:
        return []
    kinds = ",".join(sorted(HEALED_BY_A_CLEAN_RUN))
    cursor = await connection.execute(
        query("detection/withdraw_failures"), {"runs": dumps(refs), "kinds": kinds}
    )
    return [
        {"project_id": project_id, "alert_id": alert_id, "proof": f"run:{run_id}:{clean[0].at.isoformat()}", "at": clean[0].at,
         "run_id": run_id, "failures": failures}
        for project_id, alert_id, run_id, failures in await cursor.fetchall()
    ]  # fmt: skip


async def _healed(
    connection: AsyncConnection[TupleRow], clean: Sequence[RunOutcome]
) -> list[dict[str, Any]]:
    runs = [
        {"project_id": run.project_id, "workflow": run.workflow and redact_name(run.workflow), "run_id": run.run_id,
         "started_at": run.started_at}
        for run in clean
    ]  # fmt: skip
    kinds = ",".join(sorted(HEALED_BY_A_CLEAN_RUN))
    cursor = await connection.execute(
        query("detection/healed_alerts"), {"runs": dumps(runs), "kinds": kinds}
    )
    return [
        {"project_id": project_id, "alert_id": alert_id, "proof": f"clean:{run_id}", "at": clean[0].at,
         "run_id": run_id, "failures": None}
        for project_id, alert_id, run_id in await cursor.fetchall()
    ]  # fmt: skip
