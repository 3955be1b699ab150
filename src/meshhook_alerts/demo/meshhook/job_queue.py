"""MeshHook's queue library: a job that fails until it lands in the dead-letter queue.

Nothing of MeshHook uses the library yet. Played here is what it leaves when somebody wires it:
the run hears nothing, rows of retried attempts stay open for ever without an error, and only
the last attempt's row says what happened.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, LiteralString
from uuid import UUID

from psycopg.rows import tuple_row
from psycopg.types.json import Jsonb

from meshhook_alerts.demo.meshhook.connections import Connections
from meshhook_alerts.demo.meshhook.journal import StoredWorkflow
from meshhook_alerts.demo.meshhook.pace import Pace

QUEUE = "workflow_jobs"
DEAD_LETTERS = "workflow_jobs_dlq"
VISIBILITY_SECONDS = 30
MAX_ATTEMPTS = 5
"""What message and tracking row promise."""
WORKER_ATTEMPTS = 3
"""What the worker's own setting allows, which is the limit that counts."""

_PROBE = """
select to_regclass('job_tracking') is not null, to_regclass('pgmq.q_workflow_jobs') is not null
"""
_SEND = "select pgmq.send(%s, %s::jsonb, %s::integer)"
# Only the run's own job: a real worker takes any, but here every run plays its own part.
_READ = "select read_ct from pgmq.read(%s, %s, 1, %s::jsonb)"
_ARCHIVE = "select pgmq.archive(%s, %s::bigint)"
_TRACK = """
insert into job_tracking (msg_id, run_id, queue_name, attempt, max_attempts)
values (%s, %s, %s, %s, %s)
"""
_START = "update job_tracking set started_at = now() where msg_id = %s"
_GIVE_UP = """
update job_tracking set moved_to_dlq_at = now(), error_message = %s, error_stack = %s
where msg_id = %s
"""


class JobQueue:
    """The library's calls; each statement is a commit of its own, as through Supabase's API."""

    def __init__(self, connect: Connections, pace: Pace, rng: random.Random) -> None:
        self._connect = connect
        self._pace = pace
        self._rng = rng
        self._tracks = self._queues = False

    async def fail_for_good(self, run_id: UUID, workflow: StoredWorkflow) -> None:
        """Take a run's job through all its attempts into the dead-letter queue."""
        self._tracks, self._queues = await self._fetch(_PROBE) or (False, False)
        if not self._tracks:
            return
        job = _message(run_id, workflow)
        msg_id = await self._enqueue(job)
        for attempt in range(1, WORKER_ATTEMPTS):
            await self._take(msg_id, job)
            await self._archive(msg_id)  # before the retry is sent: a crash here loses the job
            job |= {"attempt": attempt + 1}
            backoff = 2.0 ** (attempt - 1)
            msg_id = await self._enqueue(job, self._pace.whole_seconds(backoff))
            await self._pace.wait(backoff)
        await self._bury(msg_id, job, await self._take(msg_id, job))

    async def _enqueue(self, job: Mapping[str, Any], delay: int = 0) -> int:
        """Send the job and track the attempt; its message id."""
        msg_id = await self._send(QUEUE, job, delay)
        await self._fetch(_TRACK, msg_id, job["run_id"], QUEUE, job["attempt"], MAX_ATTEMPTS)
        return msg_id

    async def _take(self, msg_id: int, job: Mapping[str, Any]) -> int:
        """The worker reads the job and fails at it; how often it was read."""
        mine = Jsonb({"run_id": job["run_id"]})
        read = (QUEUE, VISIBILITY_SECONDS, mine)
        row = await self._fetch(_READ, *read) if self._queues else None
        await self._fetch(_START, msg_id)
        await self._pace.wait(0.1)
        return int(row[0]) if row else 1

    async def _bury(self, msg_id: int, job: Mapping[str, Any], read_count: int) -> None:
        """Copy to the dead-letter queue, archive, then write the tracking row, in this order."""
        error = "HTTP 503"
        stack = (
            f"Error: {error}\n    at executeJob (worker.js:118:13)\n    at poll (worker.js:64:5)"
        )
        letter = {
            **job,
            "original_msg_id": msg_id,
            "moved_to_dlq_at": _iso_now(),
            "error_message": error,
            "error_stack": stack,
            "original_enqueued_at": job["enqueued_at"],
            "read_count": read_count,
        }
        await self._send(DEAD_LETTERS, letter)
        await self._archive(msg_id)
        await self._fetch(_GIVE_UP, error, stack, msg_id)

    async def _send(self, queue: str, message: Mapping[str, Any], delay: int = 0) -> int:
        row = await self._fetch(_SEND, queue, Jsonb(message), delay) if self._queues else None
        return int(row[0]) if row else self._rng.randrange(1, 2**53)

    async def _archive(self, msg_id: int) -> None:
        if self._queues:
            await self._fetch(_ARCHIVE, QUEUE, msg_id)

    async def _fetch(self, query: LiteralString, *values: object) -> tuple[Any, ...] | None:
        async with self._connect() as conn, conn.cursor(row_factory=tuple_row) as cursor:
            await cursor.execute(query, values)
            return await cursor.fetchone() if cursor.description else None


def _message(run_id: UUID, workflow: StoredWorkflow) -> dict[str, Any]:
    return {
        "run_id": str(run_id),
        "workflow_id": str(workflow.id),
        "project_id": str(workflow.project_id),
        "attempt": 1,
        "max_attempts": MAX_ATTEMPTS,
        "enqueued_at": _iso_now(),
        "metadata": {},
    }


def _iso_now() -> str:
    """The worker's own clock, as JavaScript writes it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
