"""Runs single sweeps, and makes the states they look for as MeshHook's queue library makes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol
from uuid import UUID

import psycopg
from psycopg.rows import TupleRow

from meshhook_alerts.adapters.postgres.detection.rule_states import Connection
from meshhook_alerts.adapters.postgres.detection.runner import Sliced
from meshhook_alerts.adapters.postgres.encoding import dumps
from meshhook_alerts.adapters.postgres.queries import query
from meshhook_alerts.adapters.postgres.settings_loader import load_settings
from meshhook_alerts.domain.policy import ProjectPolicy
from tests.line import World

NO_HOLD = timedelta(0)


class Sweep(Protocol):
    """What is run."""

    @property
    def name(self) -> str: ...

    @property
    def rows(self) -> int: ...

    async def slice(self, connection: Connection, position: Any, rows: int) -> Sliced: ...


async def policies(
    connection: Connection, project_ids: Iterable[UUID]
) -> Mapping[UUID, ProjectPolicy]:
    """As stored, read anew each time."""
    return {id_: (await load_settings(connection, id_, 0)).policy for id_ in project_ids}


async def sweep(url: str, each: Sweep) -> int:
    """One round of a sweep, in slices; how many signals it added."""
    total, more = 0, True
    while more:
        async with await psycopg.AsyncConnection.connect(url) as connection:
            added, more = await _slice(connection, each)
        total += added
    return total


async def _slice(connection: psycopg.AsyncConnection[TupleRow], each: Sweep) -> tuple[int, bool]:
    await connection.execute(query("detection/introduce_sweep"), {"name": each.name})
    turn = await connection.execute(query("detection/sweep_turn"), {"name": each.name})
    row = await turn.fetchone()
    if row is None:
        return 0, False
    sliced = await each.slice(connection, row[0], each.rows)
    done = {"name": each.name, "position": dumps(sliced.position), "wait": 0, "rows": each.rows,
            "took_ms": 0}  # fmt: skip
    await connection.execute(query("detection/sweep_done"), done)
    return sliced.added, sliced.more


async def settings(
    world: World, workflow: str | None, project_id: UUID | None = None, **document: Any
) -> None:
    """Stores a settings document, unless told otherwise of the world's own project."""
    await world.execute(
        "insert into public.alert_settings (project_id, workflow, document) values (%s, %s, %s::jsonb)"
        " on conflict (project_id, coalesce(workflow, '')) do update set document = excluded.document",
        project_id or world.project_id, workflow, dumps(document),
    )  # fmt: skip


async def signals(world: World) -> list[dict[str, Any]]:
    """What waits in the inbox."""
    return await world.rows("select * from meshhook_alerts.signals order by id")


async def kinds(world: World) -> list[str]:
    """The kinds of what waits, sorted."""
    return sorted(row["observed"] for row in await signals(world))


async def decided(world: World) -> None:
    """As if a worker had recorded all that waits: one fold and one open alert per error text."""
    await world.execute("""
        with gone as (delete from meshhook_alerts.signals where observed <> 'recovered' returning *),
        made as (
          select distinct on (project_id, workflow, observed, error) gen_random_uuid() as alert_id,
            gen_random_uuid() as fold_id, *
          from gone),
        alerts as (
          insert into public.alerts (id, project_id, workflow, fingerprint, fingerprint_version, status,
            severity, kind, class, error, error_class, evidence, opened_at, last_failure_at, count)
          select alert_id, project_id, workflow, alert_id, 1, 'firing', 'error', observed, 'terminal',
            error, 'unknown', jsonb_build_object('run_id', run_id), now(), now(), 1 from made),
        folds as (
          insert into public.alert_folds (id, project_id, alert_id, kind, class, severity, workflow,
            error_class, error, sample, run_id, count, decided_for, first_at, last_at)
          select fold_id, project_id, alert_id, observed, 'terminal', 'error', workflow, 'unknown', error,
            error, run_id, 1, now(), now(), now() from made)
        insert into public.alert_failures (project_id, source_ref, source_time, fold_id, run_id, noticed_at)
        select gone.project_id, gone.source_ref, gone.source_time, made.fold_id, gone.run_id, gone.noticed_at
        from gone join made on made.project_id = gone.project_id and made.observed = gone.observed
          and made.error is not distinct from gone.error
          and made.workflow is not distinct from gone.workflow""")


async def age(world: World, seconds: int) -> None:
    """Lets time pass, by moving what is past further away; not the starts of runs, which are part
    of references."""
    moved = {
        "pgmq.q_workflow_jobs": ("enqueued_at", "vt"),
        "pgmq.a_workflow_jobs": ("enqueued_at", "archived_at"),
        "pgmq.q_workflow_jobs_dlq": ("enqueued_at", "vt"),
        "public.job_tracking": ("enqueued_at", "completed_at", "failed_at"),
        "public.workflow_events": ("ts",),
    }
    for table, columns in moved.items():
        if await world.value("select to_regclass(%s) is not null", table):
            changes = ", ".join(
                f"{column} = {column} - interval '{seconds} seconds'" for column in columns
            )
            await world.execute(f"update {table} set {changes}")


@dataclass(slots=True)
class Jobs:
    """What MeshHook's queue library does to a job, step by step."""

    world: World

    async def send(
        self, run_id: UUID, attempt: int = 1, delay: int = 0, tracked: bool = True, **more: Any
    ) -> int:
        """A job for a run waits in the queue."""
        message = {"run_id": run_id, "project_id": self.world.project_id, "attempt": attempt,
                   "max_attempts": 5, **more}  # fmt: skip
        send = "select pgmq.send('workflow_jobs', %s::jsonb, %s::integer)"
        msg_id = int(await self.world.value(send, dumps(message), delay))
        if tracked:
            track = (
                "insert into public.job_tracking (msg_id, run_id, queue_name, attempt)"
                " values (%s, %s, 'workflow_jobs', %s)"
            )
            await self.world.execute(track, msg_id, run_id, attempt)
        return msg_id

    async def take(self, msg_id: int, times: int = 1) -> None:
        """A worker reads it; more than once, if it dies each time."""
        for _ in range(times):
            await self.world.execute("select pgmq.set_vt('workflow_jobs', %s::bigint, -1)", msg_id)
            await self.world.execute("select pgmq.read('workflow_jobs', 30, 100)")
        await self.world.execute(
            "update public.job_tracking set started_at = now() where msg_id = %s", msg_id
        )

    async def archive(self, msg_id: int) -> None:
        """The first half of a retry, and of a burial."""
        await self.world.execute("select pgmq.archive('workflow_jobs', %s::bigint)", msg_id)

    async def complete(self, msg_id: int) -> None:
        """It is done."""
        await self.world.execute("select pgmq.delete('workflow_jobs', %s::bigint)", msg_id)
        done = "update public.job_tracking set completed_at = now() where msg_id = %s"
        await self.world.execute(done, msg_id)

    async def retry(self, msg_id: int, run_id: UUID, attempt: int, delay: int = 0) -> int:
        """It failed and is sent again."""
        await self.take(msg_id)
        await self.archive(msg_id)
        return await self.send(run_id, attempt, delay)

    async def letter(self, msg_id: int, run_id: UUID, error: str = "HTTP 503") -> int:
        """The first step of a burial: a dead letter."""
        message = {"run_id": run_id, "project_id": self.world.project_id, "attempt": 3,
                   "original_msg_id": msg_id, "error_message": error}  # fmt: skip
        send = "select pgmq.send('workflow_jobs_dlq', %s::jsonb)"
        return int(await self.world.value(send, dumps(message)))

    async def bury(self, msg_id: int, run_id: UUID, error: str = "HTTP 503") -> int:
        """Dead letter, archive, tracking, in this order."""
        letter = await self.letter(msg_id, run_id, error)
        await self.archive(msg_id)
        moved = "update public.job_tracking set moved_to_dlq_at = now(), error_message = %s where msg_id = %s"
        await self.world.execute(moved, error, msg_id)
        return letter

    async def replay(self, letter: int, run_id: UUID) -> int:
        """The dead letter goes back into the queue; no row tracks it."""
        await self.world.execute("select pgmq.delete('workflow_jobs_dlq', %s::bigint)", letter)
        return await self.send(run_id, tracked=False, replayed_from_dlq=True, original_dlq_msg_id=letter)  # fmt: skip

    async def close(self, run_id: UUID) -> None:
        """The run ends well."""
        await self.world.event(run_id, "run_completed")
        await self.world.execute(
            "update public.workflow_runs set status = 'succeeded', finished_at = now() where id = %s",
            run_id,
        )
