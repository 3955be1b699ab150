"""What the engine answers: ledger entries, the alerts as they are now, notifications to be made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from meshhook_alerts.domain.alert import Alert
from meshhook_alerts.domain.digest import Covered
from meshhook_alerts.domain.failure import Fold
from meshhook_alerts.domain.life import ActResult
from meshhook_alerts.domain.policy import AlertRule, Channel, ProjectPolicy
from meshhook_alerts.domain.reasons import Reason
from meshhook_alerts.domain.severity import Severity
from meshhook_alerts.domain.storm import Pace, Storm
from meshhook_alerts.domain.timers import Timer


@dataclass(frozen=True, slots=True)
class Candidate:
    """A fold, a rule that matched it and a channel the rule names: one question to decide."""

    fold: Fold
    alert: Alert
    """As it stands with this fold counted in."""
    rule: AlertRule
    channel: Channel
    severity: Severity
    released: bool = False
    """Whether it has been held and is asked about again."""
    woken: bool = False
    """Whether it ends a snooze: it is what somebody waited for."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer of the stage that decided on a candidate."""

    reason: Reason
    blocked_by: str | None = None
    """Name of the thing that stood in the way: a rule, a silence, a quiet period, a cap."""
    eligible_at: datetime | None = None
    """When it no longer stands in the way, if that is known."""


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One row of the alert log: what became of one fold at one rule and channel."""

    fold_id: UUID | None
    """None where the entry is about the alert itself, as for its end."""
    alert_id: UUID
    at: datetime
    count: int
    verdict: Verdict
    severity: Severity
    rule: str | None = None
    channel: Channel | None = None
    notification_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class PlannedNotification:
    """One message about one alert to one channel, not yet written."""

    id: UUID
    alert: Alert
    fold: Fold
    channel: Channel
    rule: AlertRule | None
    """None for the end of an alert: it goes to whoever was told, whatever rule said so."""
    reason: Reason
    severity: Severity
    at: datetime
    new_failures: int
    """Failures the channel has not heard of yet, this fold's included."""
    since: datetime
    """The moment from which the new failures count."""
    covers: Sequence[Covered] = ()
    """Of a digest, all the alerts it tells of, in its order; ``alert`` and ``fold`` are the first's."""
    storm: Storm | None = None
    """Of a storm's summary, the storm."""


@dataclass(frozen=True, slots=True)
class State:
    """What the engine must know beside the folds and the policy. All of one project.

    Later stages bring their own part: silences, the times a channel was written to.
    """

    alerts: Mapping[str, Alert] = field(default_factory=dict)
    """By fingerprint, at least those of the folds and recoveries to be decided: open ones, and
    those resolved so recently that a new failure reopens them."""
    last_folds: Mapping[UUID, Fold] = field(default_factory=dict)
    """Alert id → its latest fold, for the alerts that may recover."""
    refusing: Mapping[UUID, datetime] = field(default_factory=dict)
    """Channel id → when it was last tried, for those that gave messages back and accepted none since."""
    sends: Mapping[UUID, Sequence[datetime]] = field(default_factory=dict)
    """Channel id → when messages to it were decided, for those with limits, as far back as they reach."""
    recent: Mapping[UUID, Sequence[tuple[datetime, int]]] = field(default_factory=dict)
    """Alert id → moments and numbers of its latest failures, where a rule waits for so many of them."""
    pace: Pace = field(default_factory=Pace)
    """How fast the project's messages come."""
    followed: Mapping[UUID, Alert] = field(default_factory=dict)
    """By id: those asked for that a later alert of the same trouble has followed."""
    larger: frozenset[str] = frozenset()
    """Kinds of open alerts of the project that explain others."""


@dataclass(frozen=True, slots=True)
class Decisions:
    """Everything one call of the engine decided, in the order it was decided."""

    entries: Sequence[LedgerEntry] = ()
    alerts: Sequence[Alert] = ()
    """New or changed, each once, as it is after the last decision."""
    alert_of: Mapping[UUID, UUID] = field(default_factory=dict)
    """Fold id → the alert it was counted in."""
    opened_by: Mapping[UUID, Fold] = field(default_factory=dict)
    """Alert id → the fold that opened it, for the alerts that are new."""
    notifications: Sequence[PlannedNotification] = ()
    timers: Sequence[Timer] = ()
    """To be set, or moved."""
    acts: Sequence[ActResult] = ()
    """What people's acts came to, in order."""
    tried: Mapping[UUID, datetime] = field(default_factory=dict)
    """Channel id → when a message to it was decided, for those that accept none at present."""
    pace: Pace | None = None
    """The project's, where it has changed."""


@dataclass(frozen=True, slots=True)
class Context:
    """What every stage may look at."""

    policy: ProjectPolicy
    state: State
    now: datetime
