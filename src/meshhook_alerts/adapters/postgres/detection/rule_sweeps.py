"""All sweeps over queue, platform and workflows, with those that watch the others."""

from __future__ import annotations

from collections.abc import Sequence

from meshhook_alerts.adapters.postgres.detection.aggregate_rules import aggregates_sweep
from meshhook_alerts.adapters.postgres.detection.condition_sweep import ConditionSweep
from meshhook_alerts.adapters.postgres.detection.detector import Periodic, detector_sweep
from meshhook_alerts.adapters.postgres.detection.fleet import fleet_sweep
from meshhook_alerts.adapters.postgres.detection.job_sweep import JobSweep
from meshhook_alerts.adapters.postgres.detection.platform_rules import (
    platform_sweep,
    queue_conditions_sweep,
)
from meshhook_alerts.adapters.postgres.detection.queue_rules import queue_sweep, tracked_jobs_sweep
from meshhook_alerts.adapters.postgres.detection.rule_states import PoliciesOf


def rule_sweeps(
    policies: PoliciesOf, others: Sequence[Periodic] = ()
) -> list[JobSweep | ConditionSweep]:
    """The sweeps of rules Q1 to Q12 and P1 to P11; ``others`` are watched with them."""
    sweeps: list[JobSweep | ConditionSweep] = [
        fleet_sweep(policies),
        queue_sweep(policies),
        tracked_jobs_sweep(policies),
        queue_conditions_sweep(policies),
        platform_sweep(policies),
        aggregates_sweep(policies),
    ]
    return [*sweeps, detector_sweep(policies, [*others, *sweeps])]
