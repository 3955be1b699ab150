"""All sweeps over queue, platform and workflows, with those that watch the others."""

from __future__ import annotations

from meshhook_alerts.adapters.postgres.detection.aggregate_rules import aggregates_sweep
from meshhook_alerts.adapters.postgres.detection.condition_sweep import ConditionSweep
from meshhook_alerts.adapters.postgres.detection.detector import detector_sweep
from meshhook_alerts.adapters.postgres.detection.fleet import fleet_sweep
from meshhook_alerts.adapters.postgres.detection.job_sweep import JobSweep
from meshhook_alerts.adapters.postgres.detection.platform_rules import (
    platform_sweep,
    queue_conditions_sweep,
)
from meshhook_alerts.adapters.postgres.detection.queue_rules import queue_sweep, tracked_jobs_sweep
from meshhook_alerts.adapters.postgres.detection.rule_states import PoliciesOf
from meshhook_alerts.adapters.postgres.detection.run_sweep import RunSweep


def rule_sweeps(policies: PoliciesOf, runs: RunSweep) -> list[RunSweep | JobSweep | ConditionSweep]:
    """All sweeps in the order of their turns: ``runs``, and those of rules Q1 to Q12 and P1 to P11.

    The fleet comes before the runs, so that its one failure is there when each of theirs is judged.
    """
    sweeps: list[RunSweep | JobSweep | ConditionSweep] = [
        fleet_sweep(policies),
        runs,
        queue_sweep(policies),
        tracked_jobs_sweep(policies),
        queue_conditions_sweep(policies),
        platform_sweep(policies),
        aggregates_sweep(policies),
    ]
    return [*sweeps, detector_sweep(policies, sweeps)]
