"""Failures, ends and timers decided one batch after the other, with all that lies between them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

from meshhook_alerts.domain.alert import Alert
from meshhook_alerts.domain.decision import Decisions, PlannedNotification, State
from meshhook_alerts.domain.engine import decide
from meshhook_alerts.domain.failure import Fold, Recovery
from meshhook_alerts.domain.life import Act, ActKind, Outcome
from meshhook_alerts.domain.policy import ProjectPolicy
from meshhook_alerts.domain.reasons import Reason
from meshhook_alerts.domain.storm import Pace
from meshhook_alerts.domain.timers import Timer
from tests.unit.builders import a_fold


@dataclass
class Walk:
    """What a store would keep."""

    policy: ProjectPolicy
    alerts: dict[UUID, Alert] = field(default_factory=dict)
    folds: dict[UUID, Fold] = field(default_factory=dict)
    timers: dict[str, Timer] = field(default_factory=dict)
    pace: Pace = field(default_factory=Pace)
    sent: list[PlannedNotification] = field(default_factory=list)
    reasons: list[Reason] = field(default_factory=list)
    counted: Counter[Reason] = field(default_factory=Counter)
    """Failures by reason."""

    def decide(
        self, now: datetime, *folds: Fold, ends: tuple[UUID, ...] = (), acts: tuple[Act, ...] = ()
    ) -> Decisions:
        """One batch, with the timers that are due."""
        due = [timer for timer in self.timers.values() if timer.due <= now]
        for timer in due:
            del self.timers[timer.subject]
        recoveries = [Recovery(alert_id, now) for alert_id in ends]
        made = decide(list(folds), self.policy, self._state(), now, recoveries, due, acts)
        self.alerts |= {alert.id: alert for alert in made.alerts}
        self.folds |= {made.alert_of[fold.id]: fold for fold in folds}
        self.timers |= {timer.subject: timer for timer in made.timers}
        self.pace = made.pace or self.pace
        self.sent += made.notifications
        for entry in made.entries:
            self.reasons.append(entry.verdict.reason)
            self.counted[entry.verdict.reason] += entry.count
        return made

    def run(self, folds: list[Fold], size: int) -> Walk:
        """Batches of so many folds, and then whatever is due later."""
        for begin in range(0, len(folds), size):
            batch = folds[begin : begin + size]
            self.decide(batch[-1].at, *batch)
        return self.settle()

    def settle(self, until: datetime | None = None) -> Walk:
        """Until nothing is due any more, or what is due comes later than ``until``."""
        while self.timers:
            due = min(timer.due for timer in self.timers.values())
            if until and due > until:
                break
            self.decide(due)
        return self

    def act(self, kind: ActKind, alert_id: UUID, at: datetime, **more: Any) -> Outcome:
        """Somebody's act; what it came to."""
        by = more.pop("by", "ana@example.com")
        act = Act(uuid5(NAMESPACE_OID, f"{kind} {at} {by}"), kind, alert_id, at, by, **more)
        return self.decide(at, acts=(act,)).acts[0].outcome

    def fail(self, at: datetime, node: str) -> UUID:
        """One failure; the alert it was counted in."""
        fold = a_fold(at, node_id=node)
        return self.decide(at, fold).alert_of[fold.id]

    def _state(self) -> State:
        sends: dict[UUID, list[datetime]] = {}
        for planned in self.sent:
            sends.setdefault(planned.channel.id, []).append(planned.at)
        current = {each.fingerprint: each for each in self.alerts.values()}
        return State(current, self.folds, sends=sends, pace=self.pace, followed=self.alerts)
