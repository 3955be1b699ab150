"""P11: detection itself is late. A sweep of its own, so that it notices when the others hang."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from meshhook_alerts.adapters.postgres.detection.condition_sweep import (
    ConditionRule,
    ConditionSweep,
    Look,
)
from meshhook_alerts.adapters.postgres.detection.conditions import HOLD, Condition
from meshhook_alerts.adapters.postgres.detection.rule_states import PoliciesOf
from meshhook_alerts.adapters.postgres.encoding import dumps
from meshhook_alerts.adapters.postgres.queries import query
from meshhook_alerts.domain import kinds
from meshhook_alerts.domain.identifiers import PLATFORM

INTERVALS = 3
AT_LEAST_SECONDS = 60
"""What a busy database may cost a sweep of short intervals."""


class Periodic(Protocol):
    """What is known of a sweep that is watched."""

    @property
    def name(self) -> str: ...

    @property
    def interval_seconds(self) -> float: ...


class Watch:
    """Watches sweeps from the moment of its first look: a stop on purpose is no lateness."""

    def __init__(self, sweeps: Sequence[Periodic]) -> None:
        self._sweeps = sweeps
        self._since: datetime | None = None

    async def __call__(self, look: Look) -> Sequence[Condition]:
        """P11: the sweeps that are late."""
        self._since = self._since or look.now
        patience = [
            {"name": each.name, "patience": max(INTERVALS * each.interval_seconds, AT_LEAST_SECONDS)}
            for each in self._sweeps
        ]  # fmt: skip
        rows = await look.rows(
            query("detection/detector_stale"), sweeps=dumps(patience), watching_since=self._since
        )
        return [
            Condition(
                kinds.DETECTOR_STALE,
                PLATFORM,
                row["name"],
                f"The sweep {row['name']} has not finished for three of its intervals",
                "" if row["seconds"] is None else f"it last did {row['seconds']:.0f} s ago",
            )
            for row in rows
        ]


def detector_sweep(
    policies: PoliciesOf,
    watched: Sequence[Periodic],
    interval_seconds: float = 15,
    hold: timedelta = HOLD,
) -> ConditionSweep:
    """Watches the other sweeps."""
    rule = ConditionRule("P11", kinds.DETECTOR_STALE, (), Watch(watched))
    return ConditionSweep("detector", interval_seconds, (rule,), policies, hold)
