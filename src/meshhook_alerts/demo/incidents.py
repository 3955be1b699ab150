"""What befalls the shop now and then beside its runs: deliveries that are turned away, which no table
shows, and all workers going silent at once."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from uuid import UUID, uuid4

from meshhook_alerts.application.reported_failure import ReportedFailure
from meshhook_alerts.bootstrap import Service
from meshhook_alerts.demo.meshhook import SampleEngine

_REJECTED_EVERY = 20.0
_REJECTED = (
    ("invoice-sync", "401: the signature does not match"),
    ("crm-contacts", "413: the body is larger than 512 KB"),
)
_FIRST_STRIKE, _BETWEEN_STRIKES, _STRIKE = 30.0, 420.0, 80.0
"""Seconds until all workers stop for the first time, between two such times, and that it lasts: longer
than the shortest silence that is told as theirs."""


async def play_incidents(
    engine: SampleEngine, service: Service, project_id: UUID, ended: asyncio.Event
) -> None:
    """Plays until ``ended`` is set."""
    async with asyncio.TaskGroup() as group:
        players = [
            group.create_task(_turn_away(service, project_id)),
            group.create_task(_strike(engine)),
        ]
        await ended.wait()
        for each in players:
            each.cancel()
        engine.workers.set()


async def _turn_away(service: Service, project_id: UUID) -> None:
    """The intake reports what it rejects, as the emitter for MeshHook does."""
    number = 0
    while True:
        await asyncio.sleep(_REJECTED_EVERY)
        workflow, why = _REJECTED[number % len(_REJECTED)]
        number += 1
        failure = ReportedFailure(
            id=f"intake-{uuid4()}", kind="intake_rejected", occurred_at=datetime.now(UTC),
            project_id=project_id, workflow=workflow, error=why,
        )  # fmt: skip
        await service.accept_failures([failure])


async def _strike(engine: SampleEngine) -> None:
    """Runs are accepted, and for a while no worker takes up any."""
    await asyncio.sleep(_FIRST_STRIKE)
    while True:
        engine.workers.clear()
        await asyncio.sleep(_STRIKE)
        engine.workers.set()
        await asyncio.sleep(_BETWEEN_STRIKES)
