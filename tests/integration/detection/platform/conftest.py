"""A MeshHook that is doing well."""

from __future__ import annotations

import pytest

from tests.line import World


@pytest.fixture
async def world(world: World) -> World:
    """With a pg_cron that is doing well, as far as its tables tell."""
    for statement in (
        "create schema cron",
        "create table cron.job (jobid bigint, jobname text, command text, active boolean default true)",
        "create table cron.job_run_details (jobid bigint, runid bigint, status text, return_message text,"
        " start_time timestamptz)",
        "insert into cron.job values (1, 'maintain', 'select maintain_workflow_events_partitions()')",
        "insert into cron.job_run_details values (1, 1, 'succeeded', '1 row', now() - interval '3 h')",
    ):
        await world.execute(statement)
    return world
