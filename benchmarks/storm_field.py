"""Where a storm is played: the product's tables and, in a schema beside them, the yardstick's."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from benchmarks.bench import Bench, Connection, Project, connect, seed
from meshhook_alerts.adapters.postgres.database import Database, parse_address
from meshhook_alerts.adapters.postgres.decision_store import PostgresDecisionStore
from meshhook_alerts.adapters.postgres.settings_loader import SettingsLoader
from meshhook_alerts.application.evaluate_failures import BATCH_LIMIT, EvaluateFailures
from meshhook_alerts.bootstrap import JUDGES
from meshhook_alerts.domain.message import Links

_LINKS = Links(
    alert="https://alerts.example/alerts/a/{id}", run="https://meshhook.example/runs/{id}"
)
_TABLES = ("alert_failures", "alert_folds", "alerts", "alert_logs", "alert_notifications")

# Recorded over the last ten seconds, as by an engine that fails ten thousand times a second.
_FILL = """
insert into {inbox} (project_id, source, observed, source_ref, source_time, noticed_at, run_id,
                     workflow_id, node_id, node_type, attempt, error {key_column})
select %(project_id)s, 'meshhook', 'step_failed', 'event:' || n, at, at, gen_random_uuid(),
       %(workflow_id)s, 'reserve-stock', 'http_call', '5', {error} {key}
from generate_series(1, %(signals)s) n,
     lateral (select date_trunc('second', now()) - interval '15 seconds' + n * interval '10 seconds' / %(signals)s) t (at)
"""


@dataclass(frozen=True, slots=True)
class Side:
    """The product's tables, or the yardstick's."""

    schema: str
    inbox: str
    queue: str
    with_key: bool

    @property
    def tables(self) -> tuple[str, ...]:
        """What deciding fills."""
        verdicts = f"{self.inbox.partition('.')[0]}.run_verdicts"
        return (verdicts, *(f"{self.schema}.{name}" for name in _TABLES), self.queue)


OURS = Side("public", "meshhook_alerts.signals", "pgmq.q_meshhook_alerts", with_key=False)
BARE = Side("bare", "bare.signals", "bare.queue", with_key=True)


@dataclass(frozen=True, slots=True)
class Field:
    """A database with both sides, and the means to play on it."""

    connection: Connection
    project: Project
    channel_id: object
    evaluate: EvaluateFailures

    async def fill(self, side: Side, error: str, fold_key: str, signals: int) -> None:
        """Empties a side and puts ``signals`` into its inbox; ``error`` is SQL over a number n."""
        await self._execute(f"truncate {', '.join(side.tables)}, {side.inbox}")
        statement = _FILL.format(
            inbox=side.inbox,
            error=error.replace("%", "%%"),
            key_column=", fold_key" if side.with_key else "",
            key=", " + fold_key.replace("%", "%%") if side.with_key else "",
        )
        project = {"project_id": self.project.id, "workflow_id": self.project.workflow_id}
        await self._execute(statement, {**project, "signals": signals})
        await self._execute("checkpoint")  # so that none falls into what is measured

    async def decide(self) -> int:
        """Decides all that waits, as a worker does; returns the number of failures."""
        decided = 0
        while evaluated := await self.evaluate():
            decided += evaluated.failures
        return decided

    async def claim_and_write(self) -> int:
        """The yardstick: the same in set-based SQL, in batches of the same size."""
        statement = files("benchmarks").joinpath("storm_bare.sql").read_text("utf-8")
        values = {
            "project_id": self.project.id,
            "channel_id": self.channel_id,
            "limit": BATCH_LIMIT,
        }
        done = 0
        while claimed := await self._number(statement, values):
            done += claimed
        return done

    async def written(self, side: Side) -> dict[str, int]:
        """Rows by table, and the mean size of a message's content in bytes."""
        found = {
            name.partition(".")[2]: await self._number(f"select count(*) from {name}")
            for name in side.tables[:-1]
        }
        size = f"select coalesce(avg(pg_column_size(content)), 0) from {side.schema}.alert_notifications"
        queued = await self._number(f"select count(*) from {side.queue}")
        return {**found, "queue": queued, "content": await self._number(size)}

    async def _execute(self, statement: str, values: Mapping[str, Any] | None = None) -> None:
        await self.connection.execute(statement.encode(), values)

    async def _number(self, statement: str, values: Mapping[str, Any] | None = None) -> int:
        cursor = await self.connection.execute(statement.encode(), values)
        row = await cursor.fetchone()
        return int(row[0]) if row else 0


@asynccontextmanager
async def open_field(bench: Bench) -> AsyncIterator[Field]:
    """A fresh database with a project that has default settings and one webhook channel."""
    url = await bench.database("storm")
    database = Database(parse_address(url))
    store = PostgresDecisionStore(database.connect, database.begin, SettingsLoader())
    async with await connect(url) as connection:
        await connection.execute(files("benchmarks").joinpath("storm_tables.sql").read_bytes())
        # The inbox has only just been filled, so the planner knows nothing of it: help the yardstick.
        await connection.execute("set enable_nestloop = off")
        project = await seed(connection)
        cursor = await connection.execute(
            "insert into alert_channels (project_id, name, kind) values (%s, 'ops', 'webhook') returning id",
            (project.id,),
        )
        # Every message is written, as by the yardstick: a storm's summaries would spare most of them.
        await connection.execute(
            "insert into alert_settings (project_id, document) values (%s, '{\"storm_summaries\": false}')",
            (project.id,),
        )
        channel_id = (await cursor.fetchall())[0][0]
        yield Field(connection, project, channel_id, EvaluateFailures(store, JUDGES, _LINKS))
        await store.close()
