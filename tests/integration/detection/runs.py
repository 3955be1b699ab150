"""Runs of the past, and the look at a workflow as a whole."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import psycopg

from meshhook_alerts.sources.meshhook.platform.workflows import aggregates_sweep
from tests.integration.detection.support import (
    NO_HOLD,
    kinds,
    policies,
    sweep,
)
from tests.line import World


async def look(world: World) -> list[str]:
    """One look; the kinds that wait afterwards."""
    await sweep(world.url, aggregates_sweep(policies, hold=NO_HOLD))
    return await kinds(world)


async def later(world: World, **span: float) -> None:
    """Lets time pass for runs, what is recorded of them, and what the sweep remembers of them."""
    by = timedelta(**span)
    for statement in (
        "update public.workflow_runs set started_at = started_at - %(by)s, finished_at = finished_at - %(by)s",
        "update public.alerts set last_failure_at = last_failure_at - %(by)s",
        "update public.alert_folds set decided_for = decided_for - %(by)s",
        "update public.alert_failures set noticed_at = noticed_at - %(by)s",
        """update meshhook_alerts.sweeps set position = jsonb_set(jsonb_set(position,
             '{P4,seen_to}', to_jsonb((position #>> '{P4,seen_to}')::timestamptz - %(by)s)), '{P4,last}',
             (select coalesce(jsonb_object_agg(key, to_jsonb(value::timestamptz - %(by)s)), '{}')
              from jsonb_each_text(position #> '{P4,last}')))
           where position #> '{P4,last}' is not null""",
    ):
        async with await psycopg.AsyncConnection.connect(world.url) as connection:
            await connection.execute(statement.encode(), {"by": by})


async def succeed(world: World, slug: str = "orders", number: int = 1) -> None:
    """Runs that end well."""
    for _ in range(number):
        run_id = await world.start_run(slug)
        await world.execute(
            "update public.workflow_runs set status = 'succeeded', finished_at = now() where id = %s",
            run_id,
        )


async def fail(
    world: World, slug: str = "orders", number: int = 1, kind: str = "retries_exhausted"
) -> list[UUID]:
    """Runs whose terminal failure a worker has recorded."""
    failed = []
    for _ in range(number):
        run_id, fold_id, alert_id = await world.start_run(slug), uuid4(), uuid4()
        await world.execute(
            "insert into public.alerts (id, project_id, workflow, fingerprint, fingerprint_version, status,"
            " severity, kind, class, error, error_class, evidence, opened_at, last_failure_at, count)"
            " values (%s, %s, %s, %s, 1, 'firing', 'error', %s, 'terminal', 'e', 'unknown', '{}', now(), now(), 1)",
            alert_id, world.project_id, slug, str(alert_id), kind,
        )  # fmt: skip
        await world.execute(
            "insert into public.alert_folds (id, project_id, alert_id, kind, class, severity, workflow,"
            " error_class, error, sample, run_id, count, decided_for, first_at, last_at)"
            " values (%s, %s, %s, %s, 'terminal', 'error', %s, 'unknown', 'e', 'e', %s, 1, now(), now(), now())",
            fold_id, world.project_id, alert_id, kind, slug, run_id,
        )  # fmt: skip
        await world.execute(
            "insert into public.alert_failures (project_id, source_ref, source_time, fold_id, run_id, noticed_at)"
            " values (%s, %s, now(), %s, %s, now())",
            world.project_id, f"event:{run_id}", fold_id, run_id,
        )  # fmt: skip
        failed.append(run_id)
    return failed
