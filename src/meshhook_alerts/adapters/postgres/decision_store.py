"""The deciding transaction on Postgres: three round trips from a signal to a committed decision."""

from __future__ import annotations

import asyncio
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Mapping,
    Sequence,
)
from contextlib import asynccontextmanager
from datetime import datetime
from itertools import chain
from typing import Any
from uuid import UUID

import orjson
from psycopg import AsyncConnection, AsyncCursor
from psycopg.rows import TupleRow, tuple_row
from psycopg.types.json import JsonbBinaryDumper

from meshhook_alerts.adapters.postgres import encoding
from meshhook_alerts.adapters.postgres.errors import translated
from meshhook_alerts.adapters.postgres.new_rows import NewRows
from meshhook_alerts.adapters.postgres.queries import query
from meshhook_alerts.adapters.postgres.sessions import given_up
from meshhook_alerts.application.ports import Batch, Message, Part, ProjectSettings
from meshhook_alerts.domain.alert import Alert, AlertStatus
from meshhook_alerts.domain.decision import Decisions, State
from meshhook_alerts.domain.failure import Fold, SignalGroup
from meshhook_alerts.domain.folding import Folded, Placed
from meshhook_alerts.domain.identifiers import NIL
from meshhook_alerts.domain.life import Act, ActKind
from meshhook_alerts.domain.severity import Criticality, FailureClass, Severity
from meshhook_alerts.domain.timers import Timer, TimerKind

LEASE_SECONDS = 10
"""How long a notification belongs to the worker that took it; a dead worker's come back."""

_MANY = 200
"""Folds from which new rows are copied: Postgres takes them twice as fast, for a few round trips."""

_PART = 1_000
"""Signals read at a time: while Python folds them, Postgres reads the next and writes the last."""

_TIMERS = 1_000
"""Timers of a batch; the rest comes with the next."""

_ACTS = 200
"""Acts of a batch; the rest comes with the next."""

_ANY_WAITING, _PACE = 4, 5  # places in take_project.sql's answer
_FINGERPRINT = 3  # place in open_alerts.sql's answer
_COUNT, _MEMBERS, _LAST_ID = 8, -2, -1  # places in group_signals.sql's answer

Connect = Callable[[], Awaitable[AsyncConnection[TupleRow]]]
Hear = Callable[[datetime], None]
Begin = Callable[[AsyncConnection[TupleRow]], Awaitable[None]]
"""What to do first in each transaction."""
LoadSettings = Callable[[AsyncConnection[TupleRow], UUID, int], Awaitable[ProjectSettings]]


class _JsonbDumper(JsonbBinaryDumper):
    """The driver's, without its choices."""

    def dump(self, obj: Any) -> bytes:
        return b"\x01" + orjson.dumps(obj)  # the first byte is the format's version


class PostgresDecisionStore:
    """Decides on one connection of its own, so that statements stay prepared."""

    def __init__(
        self,
        connect: Connect,
        begin: Begin,
        load_settings: LoadSettings,
        hear: Hear = lambda _: None,
    ) -> None:
        self._connect = connect
        self._begin = begin
        self._load_settings = load_settings
        self._hear = hear
        """Takes the database's present moment whenever it comes along."""
        self._connection: AsyncConnection[TupleRow] | None = None

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[PostgresDecidingTransaction]:
        """A deciding transaction; rolled back unless it committed."""
        connection = await self._usable()
        try:
            async with given_up(connection):
                await self._begin(connection)
                yield PostgresDecidingTransaction(
                    connection, self._begin, self._load_settings, self._hear
                )
        finally:
            if not connection.closed:
                await connection.rollback()

    async def close(self) -> None:
        """Gives the connection back."""
        if self._connection is not None:
            await self._connection.close()
            self._connection = None

    async def _usable(self) -> AsyncConnection[TupleRow]:
        if self._connection is None or self._connection.closed or self._connection.broken:
            self._connection = await self._connect()
            self._connection.adapters.register_dumper(dict, _JsonbDumper)
        return self._connection


class PostgresDecidingTransaction:
    """See ``ports.DecidingTransaction``."""

    def __init__(
        self,
        connection: AsyncConnection[TupleRow],
        begin: Begin,
        load_settings: LoadSettings,
        hear: Hear,
    ) -> None:
        self._begin = begin
        self._hear = hear
        self._connection = connection
        self._load_settings = load_settings
        self._settled = encoding.Members()

    @translated
    async def take(self, limit: int, only: UUID | None = None) -> Batch | None:
        """Locks a project and reads its oldest signals, due timers and acts, in one round trip."""
        part_limit = min(limit, _PART)
        taken, first, timers, acts = await self._take(part_limit, only)
        if taken[0] is None and taken[_ANY_WAITING] and await self._introduce():
            taken, first, timers, acts = await self._take(part_limit, only)
        project_id, settings_version, now, *_ = taken
        if project_id is None:
            await self._connection.commit()  # a rollback would forget the prepared statements
            return None
        self._hear(now)
        pace = encoding.pace_from(taken[_PACE])
        return Batch(project_id, settings_version, now, limit, first, timers, pace, acts)

    async def _take(
        self, limit: int, only: UUID | None
    ) -> tuple[TupleRow, Part, Sequence[Timer], Sequence[Act]]:
        async with self._connection.pipeline():
            project = await self._cursor("deciding/take_project", nil=NIL, only=only)
            groups = await self._cursor("deciding/group_signals", nil=NIL, after=0, limit=limit)
            timers = await self._cursor("deciding/due_timers", limit=_TIMERS)
            acts = await self._cursor("deciding/waiting_acts", limit=_ACTS)
            taken, part = (await project.fetchall())[0], _part(await groups.fetchall())
            due = [_timer(row) for row in await timers.fetchall()]
            return taken, part, due, [_act(row) for row in await acts.fetchall()]

    async def parts(self, batch: Batch) -> AsyncGenerator[Part, None]:
        """The first, which has come with the batch, and as many more as it may have."""
        part, left = batch.first, batch.limit - batch.first.signals
        while part.signals:
            reading = None
            if part.signals >= min(_PART, left + part.signals) and left > 0:
                reading = asyncio.create_task(self._read(batch, part.last_id, min(_PART, left)))
            try:
                yield part
            finally:
                if reading is not None:  # whatever comes next needs the connection
                    await asyncio.wait([reading])
            if reading is None:
                return
            part = reading.result()
            left -= part.signals

    @translated
    async def _read(self, batch: Batch, after: int, limit: int) -> Part:
        """The next part; in the same round trip the one before the last is written."""
        async with self._connection.pipeline():
            await self._record(batch, encoding.NOTHING)
            groups = await self._cursor("deciding/group_signals", nil=NIL, after=after, limit=limit)
            return _part(await groups.fetchall())

    def settle(self, part: Part, placed: Iterable[Placed]) -> None:
        """Kept for the next statement that is sent anyway."""
        self._settled.add(part, placed)

    async def _record(self, batch: Batch, decided: Mapping[str, str | None]) -> None:
        settled, self._settled = self._settled, encoding.Members()
        if settled or decided is not encoding.NOTHING:
            await self._cursor(
                "deciding/commit_decisions",
                project_id=batch.project_id,
                settings_version=batch.settings_version,
                **settled.parameters(),
                **decided,
            )

    async def _introduce(self) -> bool:
        cursor = await self._cursor("deciding/introduce_projects", nil=NIL)
        await self._connection.commit()
        await self._begin(self._connection)
        return cursor.rowcount > 0

    @translated
    async def settings(self, batch: Batch) -> ProjectSettings:
        """The project's wishes, from memory if they have not changed."""
        return await self._load_settings(self._connection, batch.project_id, batch.settings_version)

    @translated
    async def state(
        self,
        project_id: UUID,
        fingerprints: Sequence[str],
        alert_ids: Sequence[UUID],
        *,
        explaining: bool,
        recent: tuple[datetime, int] | None = None,
    ) -> State:
        """What the engine must know, in one round trip."""
        if not fingerprints and not alert_ids:
            return State()
        joined, ids = ",".join(fingerprints), ",".join(map(str, alert_ids))
        place = {"project_id": project_id}
        known = {**place, "fingerprints": joined, "alert_ids": ids, "explaining": explaining}
        async with self._connection.pipeline():
            alerts = await self._cursor("deciding/open_alerts", **known)
            refusing = await self._cursor("deciding/refusing_channels", **place)
            sends = await self._cursor("deciding/recent_sends", **place)
            folds = await self._cursor("deciding/last_folds", alert_ids=ids) if ids else None
            failures = await self._recent(recent, project_id, joined) if recent and joined else None
            rows = await alerts.fetchall()
            return State(
                **_by_trouble([_alert(row) for row in rows if row[_FINGERPRINT]]),
                last_folds={row[0]: fold_from(row) for row in await folds.fetchall()}
                if folds
                else {},
                refusing={row[0]: row[1] for row in await refusing.fetchall()},
                sends={row[0]: row[1] for row in await sends.fetchall()},
                recent={
                    row[0]: tuple(zip(row[1], row[2], strict=True))
                    for row in await failures.fetchall()
                }
                if failures
                else {},
                larger=frozenset(rows[0][0]),
            )

    async def _recent(
        self, recent: tuple[datetime, int], project_id: UUID, fingerprints: str
    ) -> AsyncCursor[TupleRow]:
        since, most = recent
        return await self._cursor(
            "deciding/recent_failures",
            project_id=project_id,
            fingerprints=fingerprints,
            since=since,
            most=most,
        )

    @translated
    async def commit(
        self,
        batch: Batch,
        folded: Folded,
        decisions: Decisions,
        leased: Sequence[Message],
        others: Iterable[Message],
    ) -> Sequence[tuple[int, str | None]]:
        """Writes and commits, in one round trip unless there is much to write."""
        rows: NewRows | None
        rows = NewRows(batch, folded.folds, decisions, chain(leased, others))
        ids = [planned.id for planned in decisions.notifications]
        if ended := encoding.ended_before_others(decisions):
            await self._cursor("deciding/end_alerts", **ended)
        if len(folded.folds) > _MANY:
            await self._copy(rows)
            rows = None
        async with self._connection.pipeline():
            if not (folded.folds or decisions.notifications or decisions.acts):
                # Retries under way, outcomes heard: lost in a crash, they would be judged the same again.
                await self._connection.execute("set local synchronous_commit = off")
            await self._record(batch, encoding.parameters(decisions, rows))
            if batch.timers or decisions.timers or decisions.tried:
                times = encoding.timers(batch.timers, decisions)
                await self._cursor(
                    "deciding/set_timers", project_id=batch.project_id, now=batch.now, **times
                )
            if decisions.acts:
                await self._cursor("deciding/settle_acts", **encoding.acts(decisions.acts))
            mine, free = ids[: len(leased)], ids[len(leased) :]
            queued = await self._enqueue(mine, LEASE_SECONDS) if mine else None
            if free:
                await self._enqueue(free, 0)
            await self._connection.commit()
            return [(row[0], row[1]) for row in await queued.fetchall()] if queued else []

    async def _copy(self, rows: NewRows) -> None:
        """Streams new rows: Postgres takes them in while the next ones are being made."""
        async with self._connection.cursor() as cursor:
            for table, those in rows.by_table():
                async with cursor.copy(table.copy) as copy:
                    copy.set_types(list(table.columns.values()))
                    for row in those:
                        await copy.write_row(row)

    @translated
    async def postpone(self, batch: Batch, seconds: float) -> None:
        """Rolls back, then marks the project."""
        await self._connection.rollback()
        await self._begin(self._connection)
        await self._cursor(
            "deciding/postpone_project", project_id=batch.project_id, seconds=seconds
        )
        await self._connection.commit()

    async def _enqueue(self, ids: Iterable[UUID], lease: int) -> AsyncCursor[TupleRow]:
        joined = ",".join(map(str, ids))
        return await self._cursor("deciding/enqueue_notifications", ids=joined, lease=lease)

    async def _cursor(self, name: str, **parameters: Any) -> AsyncCursor[TupleRow]:
        cursor = self._connection.cursor(row_factory=tuple_row, binary=True)
        return await cursor.execute(query(name), parameters)


def _part(rows: Sequence[TupleRow]) -> Part:
    groups = [_group(row) for row in rows if not row[0]]
    return Part(
        groups,
        seen=[row[_MEMBERS] for row in rows if row[0]],
        signals=sum(row[_COUNT] for row in rows),
        last_id=max((row[_LAST_ID] for row in rows), default=0),
    )


def _group(row: TupleRow) -> SignalGroup:
    (_, id_, project_id, source, observed, at, first_at, last_at, count, workflow, name, version,
     node_id, node_type, attempt, http_status, error, labels, run_id, decided_by, canceled, runs,
     members, _) = row  # fmt: skip
    return SignalGroup(
        id_, project_id, source, observed, at, first_at, last_at, count, workflow, name, version,
        node_id, node_type, attempt, http_status, error, labels, run_id, decided_by, canceled, runs,
        members,
    )  # fmt: skip


def _alert(row: TupleRow) -> Alert:
    (_, id_, project_id, fingerprint, status, severity, opened_at, last_at, count, told,
     kind, withdrawn, resolved_at, under_way, count_before, volume, life) = row  # fmt: skip
    return Alert(
        id_,
        project_id,
        fingerprint,
        AlertStatus(status),
        Severity(severity),
        opened_at,
        last_at,
        count,
        {UUID(channel): encoding.told_from(entry) for channel, entry in told.items()},
        kind,
        withdrawn,
        resolved_at,
        frozenset(under_way),
        count_before,
        encoding.volume_from(volume),
        encoding.life_from(life),
    )


def _by_trouble(alerts: Sequence[Alert]) -> dict[str, Any]:
    """The open alert of each trouble, or else the last; and by their ids those that another followed."""
    current: dict[str, Alert] = {}
    for alert in sorted(alerts, key=_recency):
        current[alert.fingerprint] = alert
    latest = {alert.id for alert in current.values()}
    return {
        "alerts": current,
        "followed": {alert.id: alert for alert in alerts if alert.id not in latest},
    }


def _recency(alert: Alert) -> tuple[bool, datetime]:
    return alert.status is not AlertStatus.RESOLVED, alert.resolved_at or alert.opened_at


def _timer(row: TupleRow) -> Timer:
    kind, subject, due, alert_id, channel_id, failures, reason = row
    return Timer(TimerKind(kind), subject, due, alert_id, channel_id, failures, reason)


def _act(row: TupleRow) -> Act:
    id_, kind, alert_id, at, by, until, until_changed, failures, fingerprint = row
    return Act(id_, ActKind(kind), alert_id, at, by, until, until_changed, failures, fingerprint)


def fold_from(row: TupleRow) -> Fold:
    """A fold as ``last_folds.sql`` gives it."""
    (_, id_, project_id, fingerprint, kind, failure_class, severity, error, error_class, at,
     first_at, last_at, count, workflow, version, node_id, node_type, status, run_id, sample,
     workflow_name, labels) = row  # fmt: skip
    return Fold(
        id_, project_id, fingerprint, kind, FailureClass(failure_class), Severity(severity),
        Criticality.NORMAL, error, error_class, at, first_at, last_at, count, workflow, workflow_name, version,
        node_id, node_type, status, None, labels, run_id, sample,
    )  # fmt: skip
