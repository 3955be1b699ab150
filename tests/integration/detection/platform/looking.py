"""Looking at the whole platform, and what it takes to spoil it."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from meshhook_alerts.domain.identifiers import PLATFORM
from meshhook_alerts.sources.meshhook.platform.fleet import fleet_sweep
from meshhook_alerts.sources.meshhook.platform.rules import (
    platform_sweep,
    queue_conditions_sweep,
)
from tests.integration.detection.support import (
    NO_HOLD,
    kinds,
    policies,
    settings,
    signals,
    sweep,
)
from tests.line import World

NODE = {"id": "a", "type": "transform"}


async def look(world: World) -> list[str]:
    """All three sweeps; the kinds that wait afterwards."""
    for make in (queue_conditions_sweep, platform_sweep, fleet_sweep):
        await sweep(world.url, make(policies, hold=NO_HOLD))
    return await kinds(world)


async def only(world: World) -> dict[str, Any]:
    """The one signal that waits."""
    (seen,) = await signals(world)
    return seen


async def operator_sets(world: World, **document: Any) -> None:
    """Stores what the operator wants."""
    await settings(world, None, PLATFORM, **document)


async def another_project(world: World, slug: str = "others-orders") -> World:
    """With a workflow of its own."""
    other = World(world.url, uuid4(), uuid4(), {"orders": uuid4()})
    await world.execute(
        "insert into public.projects (id, owner, name) values (%s, %s, 'Other')",
        other.project_id, other.owner,
    )  # fmt: skip
    await world.execute(
        "insert into public.workflow_definitions (id, project_id, slug, definition, name, status)"
        " values (%s, %s, %s, '{}', 'Orders', 'published')",
        other.workflow_ids["orders"], other.project_id, slug,
    )  # fmt: skip
    return other


async def accept(world: World, number: int = 1) -> list[UUID]:
    """Runs that the intake has accepted just now."""
    run_ids = [await world.start_run() for _ in range(number)]
    for run_id in run_ids:
        await world.event(run_id, "run_created")
    return run_ids
