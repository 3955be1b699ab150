"""Storm: how fast a hundred thousand failures of one project are decided, against bare SQL that
claims, folds and writes the same rows in batches of the same size."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, LiteralString, cast

from psycopg import sql

from benchmarks.bench import Bench, Connection, Project, connect, seed
from benchmarks.figures import Aim, Figure
from meshhook_alerts.adapters.postgres.database import Database, parse_address
from meshhook_alerts.adapters.postgres.decision_store import PostgresDecisionStore
from meshhook_alerts.adapters.postgres.settings_loader import SettingsLoader
from meshhook_alerts.application.evaluate_failures import BATCH_LIMIT, EvaluateFailures
from meshhook_alerts.bootstrap import JUDGES
from meshhook_alerts.domain.message import Links


@dataclass(frozen=True, slots=True)
class Case:
    """A kind of storm: its error texts, and what folds them, as SQL over the number n."""

    name: str
    error: LiteralString
    fold_key: LiteralString
    aim: float


_WORDS: LiteralString = "translate(md5(n::text), '0123456789', 'ghijklmnop')"
CASES = (
    Case("equal texts", "'Error: HTTP 503'", "'Error: HTTP 503'", 0.4),
    Case(
        "ids and numbers differ",
        "format('Error: order %s of customer %s: no stock', gen_random_uuid(), 10000 + n)",
        "'Error: order <id> of customer <n>: no stock'",
        0.25,
    ),
    Case(
        "all distinct",
        f"format('Error: no field \"%s\" in \"%s\"', left({_WORDS}, 8), right({_WORDS}, 8))",
        f"format('Error: no field \"%s\" in \"%s\"', left({_WORDS}, 8), right({_WORDS}, 8))",
        0.6,
    ),
)

# Recorded over ten seconds, as by an engine that fails ten thousand times a second.
_FILL: LiteralString = """
insert into {inbox} (project_id, source, observed, source_ref, source_time, noticed_at, run_id,
                     workflow_id, node_id, node_type, attempt, error {key_column})
select %(project_id)s, 'meshhook', 'step_failed', 'event:' || n, at, at, gen_random_uuid(),
       %(workflow_id)s, 'reserve-stock', 'http_call', '5', {error} {key}
from generate_series(1, %(signals)s) n,
     lateral (select timestamptz '2026-01-01 12:00Z' + n * interval '10 seconds' / %(signals)s) t (at)
"""
_SAME = ("alert_failures", "alert_folds", "alerts", "alert_logs", "alert_notifications")


@dataclass(frozen=True, slots=True)
class Field:
    """Where both sides run."""

    connection: Connection
    project: Project
    evaluate: EvaluateFailures
    sample: dict[str, Any]
    """JSON texts of the product's own rows, for the yardstick to write as well."""

    async def fill(self, case: Case, signals: int, *, bare: bool) -> None:
        """Empties one side's tables and puts ``signals`` into its inbox."""
        schema = "bare" if bare else "public"
        queue = "bare.queue" if bare else "pgmq.q_meshhook_alerts"
        inbox = "bare.signals" if bare else "meshhook_alerts.signals"
        tables = ", ".join(f"{schema}.{name}" for name in _SAME)
        await self._run(f"truncate {tables}, {queue}, {inbox}")
        fill = _FILL.format(
            inbox=inbox,
            error=case.error.replace("%", "%%"),
            key_column=", fold_key" if bare else "",
            key=", " + case.fold_key.replace("%", "%%") if bare else "",
        )
        await self._run(
            fill,
            project_id=self.project.id,
            workflow_id=self.project.workflow_id,
            signals=signals,
        )
        await self._run("checkpoint")

    async def ours(self) -> int:
        """Decides everything, as a worker does; returns the number of failures."""
        decided = 0
        while evaluated := await self.evaluate():
            decided += evaluated.failures
        return decided

    async def bare(self) -> int:
        """The same with the yardstick's statement."""
        statement = cast(LiteralString, _text("storm_bare.sql"))
        values = {"project_id": self.project.id, "limit": BATCH_LIMIT, **self.sample}
        done = 0
        while claimed := await self._one(statement, values):
            done += claimed
        return done

    async def counts(self, *, bare: bool) -> dict[str, int]:
        """Rows per table, and the mean size of a message's content in steps of 100 bytes."""
        schema = "bare" if bare else "public"
        found = {}
        for name in _SAME:
            found[name] = await self._one(cast(LiteralString, f"select count(*) from {schema}.{name}"))
        return found

    async def _run(self, statement: str, **values: object) -> None:
        await self.connection.execute(cast(LiteralString, statement), values or None)

    async def _one(self, statement: LiteralString, values: dict[str, Any] | None = None) -> int:
        cursor = await self.connection.execute(statement, values)
        row = await cursor.fetchone()
        return int(row[0]) if row else 0
