"""The watch over runs: when to look at each again, and which were lost before we were attached."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from meshhook_alerts.adapters.postgres.encoding import dumps
from meshhook_alerts.adapters.postgres.queries import query

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Watch:
    """A run that is looked at again."""

    run_id: UUID
    status: str
    """As it was when last looked at; a change of it is news."""
    look_at: datetime | None
    """When silence itself becomes news; None: only a new event can be."""
    reported: bool = False
    """Whether anything was ever found in it."""


@dataclass(frozen=True, slots=True)
class KnownRun:
    """A run that was lost before we were attached."""

    run_id: UUID
    project_id: UUID
    workflow: str | None
    kind: str


async def expect(connection: AsyncConnection[TupleRow], runs: Sequence[Watch]) -> None:
    """Has runs looked at in time that an ordinary event has shown; those expected sooner stay so."""
    if runs:
        columns = {
            "runs": ",".join([str(run.run_id) for run in runs]),
            "statuses": [run.status for run in runs],
            "moments": [run.look_at for run in runs],
        }
        await connection.execute(query("detection/expect_runs"), columns)


async def remember(
    connection: AsyncConnection[TupleRow], watches: Sequence[Watch], forget: Iterable[UUID]
) -> None:
    """Has runs looked at again; forgets those that are settled or gone."""
    settled = ",".join(map(str, forget))
    if watches or settled:
        await connection.execute(
            query("detection/watch_runs"), {"watches": _rows(watches), "forget": settled}
        )


async def know(connection: AsyncConnection[TupleRow], known: Sequence[KnownRun]) -> None:
    """Records runs as known before we were attached, and counts each once."""
    if known:
        await connection.execute(query("detection/know_runs"), {"known": _rows(known)})


async def went_on(connection: AsyncConnection[TupleRow], run_ids: Iterable[UUID]) -> None:
    """Makes known runs that have gone on since like any other."""
    if runs := ",".join(map(str, run_ids)):
        await connection.execute(query("detection/runs_went_on"), {"runs": runs})


def _rows(rows: Sequence[Watch] | Sequence[KnownRun]) -> str:
    return dumps([asdict(row) for row in rows])


async def say_what_was_known(connection: AsyncConnection[TupleRow]) -> None:
    """Says in the log, once the whole past has been walked, what nobody was told of."""
    cursor = await connection.execute(query("detection/baseline_total"))
    runs, workflows = await cursor.fetchone() or (0, 0)
    if runs:
        _log.info(
            "%s runs in %s workflows had failed or gone silent before alerts were attached; nobody was"
            " told (`meshhook-alerts tell-existing` tells)",
            f"{runs:,}",
            f"{workflows:,}",
        )
