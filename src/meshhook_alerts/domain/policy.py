"""What a project wants: its settings as the engine reads them, and how they come about.

Product defaults → project → workflow; a workflow adds to the project's rules or replaces them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from meshhook_alerts.domain.conditions import Conditions
from meshhook_alerts.domain.expected_interval import ExpectedInterval
from meshhook_alerts.domain.failure_rate import FailureRate
from meshhook_alerts.domain.kinds import Kind
from meshhook_alerts.domain.quiet_period import QuietPeriod
from meshhook_alerts.domain.severity import Criticality, Severity
from meshhook_alerts.domain.silence import Silence

PATTERN_LIMIT = 2_000
"""Patterns that a failure is held against: those of all rules that hold for its workflow."""
TARGET_LIMIT = 1_000
"""Pairs of a rule and a channel that one failure can lead to."""


@dataclass(frozen=True, slots=True)
class Limit:
    """At most so many messages in any such span."""

    messages: int
    span: timedelta

    def __str__(self) -> str:
        return f"{self.messages} per {int(self.span.total_seconds()):,} s"


@dataclass(frozen=True, slots=True)
class Threshold:
    """So many failures of one trouble, within a span or in a row, before a rule speaks."""

    failures: int
    within: timedelta | None = None
    """None: in a row, that is, with no recovery between them."""

    def __str__(self) -> str:
        if self.within is None:
            return f"{self.failures} in a row"
        return f"{self.failures} within {int(self.within.total_seconds()):,} s"


@dataclass(frozen=True, slots=True)
class Channel:
    """A named, configured destination."""

    id: UUID
    name: str
    kind: str
    """The plug-in that sends for it."""
    enabled: bool = True
    version: int = 1
    limits: tuple[Limit, ...] = ()
    mirrors: bool = False
    """Whether it keeps an incident of its own for each alert, and so is told when somebody takes one in hand."""


@dataclass(frozen=True, slots=True)
class AlertRule:
    """Which failures, to whom, how loud, how often."""

    name: str
    conditions: Conditions = field(default_factory=Conditions)
    channels: tuple[str, ...] = ()
    """Names; empty means every channel of the project."""
    severity: Severity | None = None
    """Overrides the severity worked out from class and criticality."""
    cooldown: timedelta | None = None
    """Overrides the settings' cooldown."""
    enabled: bool = True
    after: Threshold | None = None
    """How often a trouble must have failed before the rule speaks; None: once."""
    stands_in: bool = False
    """Whether nobody wrote it: it stands for what else brought a failure to a channel."""
    broken: str | None = None
    """Why it cannot be used as it is written; it is then taken to ask for more than it may have."""


DEFAULT_RULE = AlertRule(
    name="Every run that cannot complete",
    conditions=Conditions(minimum_severity=Severity.ERROR),
)
"""Applies where a project has set no rule: whatever will not heal, to every channel."""


@dataclass(frozen=True, slots=True)
class EscalationStep:
    """Whom to tell of an alert that nobody has acknowledged for so long."""

    after: timedelta
    """From when it was first told."""
    channels: tuple[str, ...]
    """Names."""


class RuleMode(StrEnum):
    """What a workflow's own rules do to the project's."""

    ADD = "add"
    REPLACE = "replace"


@dataclass(frozen=True, slots=True)
class EffectiveSettings:
    """What holds for one workflow, and from where."""

    enabled: bool = True
    criticality: Criticality = Criticality.NORMAL
    attempt_limit: int = 5
    """Attempts after which MeshHook gives up on a step; its worker's constant is 5."""
    stall_after: timedelta = timedelta(minutes=5)
    """Silence of an open run after which it counts as stalled."""
    cooldown: timedelta = timedelta(minutes=30)
    """Least time between two messages about one alert to one channel."""
    rules: tuple[AlertRule, ...] = (DEFAULT_RULE,)
    quiet_periods: tuple[QuietPeriod, ...] = ()
    storm_summaries: bool = True
    """Whether too many messages of the project at once become summaries."""
    storm_limit: int = 20
    """Messages of the project in 60 s that are not yet too many."""
    acknowledged_for: timedelta = timedelta(hours=4)
    """How long an acknowledgement holds."""
    reminders: tuple[timedelta, ...] = (
        timedelta(hours=1), timedelta(hours=3), timedelta(hours=20), timedelta(days=1),
    )  # fmt: skip
    """How long after the last message a channel is reminded of an alert in nobody's hand, time after time;
    the last goes on for ever. Empty: never."""
    close_after: timedelta = timedelta(days=3)
    """How long after its last failure an alert is closed without a recovery; zero: never."""
    escalation: tuple[EscalationStep, ...] = ()
    """Who else is told while nobody acknowledges."""
    default_channel: str | None = None
    """Of the project: the channel that hears what no rule brought to one."""
    flapping: bool = True
    """Whether what keeps coming and going becomes one notice."""
    grace: timedelta = timedelta(seconds=60)
    """Silence after which a step, a run or a job counts as abandoned."""
    no_events_after: timedelta = timedelta(seconds=30)
    """Age from which a run without any event counts as lost at its intake."""
    pause_limit: timedelta = timedelta(days=1)
    """How long a run may stay paused."""
    deadline: timedelta | None = None
    """How long a run may take, whatever it does; None: as long as it likes."""
    poison_reads: int = 3
    """Reads of one queue message from which it counts as poison."""
    queue_lag_limit: timedelta = timedelta(minutes=5)
    """How long a due job may wait for a worker."""
    queue_depth_limit: int = 1_000
    """Jobs that may wait in the queue."""
    dead_letter_limit: int = 10
    """New dead letters in an hour that are still no trouble of the platform."""
    fleet_window: timedelta = timedelta(seconds=60)
    """How far back to look for any sign of life of a worker. As long as the grace, so that when all
    are silent the first run of it is told as that, not as one that was never started."""
    expected: ExpectedInterval | None = None
    """How often the workflow should run; None: nobody waits for it."""
    failure_rate: FailureRate | None = None
    """From which share of failing runs on to speak up; None: never."""
    consecutive: int | None = None
    """Failing runs in a row from which on to speak up; None: never."""
    rules_on: Mapping[str, bool] = field(default_factory=dict)
    """Failure kind → whether to look for it, where that differs from the kind's own default."""
    origin: Mapping[str, str] = field(default_factory=dict)
    """Field → ``default``, ``project`` or ``workflow``."""

    def weight(self, channels: int) -> tuple[int, int]:
        """What a failure may cost where there are so many channels: the patterns it is held
        against, and the pairs of rule and channel it can lead to."""
        rules = [rule for rule in self.rules if rule.enabled]
        patterns = sum(rule.conditions.patterns for rule in rules)
        return patterns, sum(len(rule.channels) or channels for rule in rules)

    def detects(self, kind: Kind) -> bool:
        """Whether to look for failures of a kind."""
        return self.rules_on.get(kind.name, kind.default_on)


@dataclass(frozen=True, slots=True)
class Layer:
    """What one settings document says; a field it does not name is absent from ``values``."""

    values: Mapping[str, Any] = field(default_factory=dict)
    rule_mode: RuleMode = RuleMode.ADD
    quiet_mode: RuleMode = RuleMode.ADD


def lay_over(below: EffectiveSettings, layer: Layer, level: str) -> EffectiveSettings:
    """``below`` with what ``layer`` says put on top, remembering ``level`` as the origin."""
    values = dict(layer.values)
    if level == "workflow" and layer.rule_mode is RuleMode.ADD and "rules" in values:
        values["rules"] = below.rules + tuple(values["rules"])
    if level == "workflow" and layer.quiet_mode is RuleMode.ADD and "quiet_periods" in values:
        values["quiet_periods"] = below.quiet_periods + tuple(values["quiet_periods"])
    if "rules_on" in values:
        values["rules_on"] = {**below.rules_on, **values["rules_on"]}
    return replace(below, **values, origin={**below.origin, **dict.fromkeys(values, level)})


PRODUCT_DEFAULTS = EffectiveSettings(
    origin={each.name: "default" for each in fields(EffectiveSettings) if each.name != "origin"}
)


@dataclass(frozen=True, slots=True)
class ProjectPolicy:
    """Everything the engine needs to know of one project's wishes."""

    project_id: UUID
    version: int = 0
    project_name: str | None = None
    project: EffectiveSettings = PRODUCT_DEFAULTS
    workflows: Mapping[str, EffectiveSettings] = field(default_factory=dict)
    channels: Mapping[str, Channel] = field(default_factory=dict)
    """By name."""
    known: bool = True
    """False if the project does not exist (any more)."""
    silences: tuple[Silence, ...] = ()
    """Those that are on, or will be."""

    @property
    def lookback(self) -> tuple[timedelta, int] | None:
        """How far back, and how many failures at most, the rules must know; None if they need not."""
        each = (self.project, *self.workflows.values())
        found = [rule.after for settings in each for rule in settings.rules if rule.after]
        spans = [wanted.within for wanted in found if wanted.within]
        return (max(spans), max(each.failures for each in found)) if spans else None

    @property
    def weight(self) -> int:
        """How much dearer one failure may be than under a single rule, roughly; 1 or more."""
        each = [self.project, *self.workflows.values()]
        costs = [settings.weight(len(self.channels)) for settings in each]
        return max(
            1, *(min(patterns, PATTERN_LIMIT) // 20 for patterns, _ in costs),
            *(min(targets, TARGET_LIMIT) for _, targets in costs),
        )  # fmt: skip

    def for_workflow(self, slug: str | None) -> EffectiveSettings:
        """What holds for the workflow ``slug``."""
        return self.workflows.get(slug or "", self.project)
