"""All searches over MeshHook's tables: what a worker sweeps."""

from __future__ import annotations

from meshhook_alerts.adapters.postgres.detection.detector import detector_sweep
from meshhook_alerts.adapters.postgres.detection.rule_states import PoliciesOf
from meshhook_alerts.adapters.postgres.detection.runner import Sweep
from meshhook_alerts.sources.meshhook.platform.fleet import FleetFirst, fleet_sweep
from meshhook_alerts.sources.meshhook.platform.rules import (
    platform_sweep,
    queue_conditions_sweep,
)
from meshhook_alerts.sources.meshhook.platform.workflows import aggregates_sweep
from meshhook_alerts.sources.meshhook.queue.rules import queue_sweep, tracked_jobs_sweep
from meshhook_alerts.sources.meshhook.runs.sweep import RunSweep


def sweeps(policies: PoliciesOf, runs_interval_seconds: float = 5) -> list[Sweep]:
    """Every sweep, and the one that watches the others."""
    runs = RunSweep(policies, FleetFirst(policies), interval_seconds=runs_interval_seconds)
    every: list[Sweep] = [
        fleet_sweep(policies),
        runs,
        queue_sweep(policies),
        tracked_jobs_sweep(policies),
        queue_conditions_sweep(policies),
        platform_sweep(policies),
        aggregates_sweep(policies),
    ]
    return [*every, detector_sweep(policies, every)]
