"""The settings document as people and programs write it, and its way into the engine's words."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Any, Self

from pydantic import Field, StringConstraints, field_validator, model_validator

from meshhook_alerts.application.conditions_document import ConditionsDocument
from meshhook_alerts.application.detection_document import DetectionDocument, Strict, seconds
from meshhook_alerts.application.life_document import LifeDocument
from meshhook_alerts.application.quiet_document import QuietPeriodDocument
from meshhook_alerts.domain.policy import AlertRule, Layer, RuleMode, Threshold
from meshhook_alerts.domain.severity import Criticality, Severity

_DAY = 86_400
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]
Pattern = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Cooldown = Annotated[int, Field(ge=0, le=30 * _DAY, description="Seconds between two messages about one alert to one channel.")]  # fmt: skip


class ThresholdDocument(Strict):
    """So many failures of one trouble before a rule speaks: within a span, or in a row."""

    failures: int | None = Field(default=None, ge=1, le=1000, description="Failures within the span.")  # fmt: skip
    within_seconds: int | None = Field(default=None, ge=1, le=_DAY, description="The span; at most a day.")  # fmt: skip
    in_a_row: int | None = Field(default=None, ge=1, le=1000, description="Failures with no recovery between.")  # fmt: skip

    @model_validator(mode="after")
    def _is_one_of_two(self) -> Self:
        counted = self.failures is not None and self.within_seconds is not None
        if (self.in_a_row is not None) is counted or (
            not counted and (self.failures or self.within_seconds)
        ):
            raise ValueError("either failures with within_seconds, or in_a_row alone")
        return self

    def threshold(self) -> Threshold:
        """In the engine's words."""
        return Threshold(self.in_a_row or self.failures or 1, seconds(self.within_seconds))

    @classmethod
    def of(cls, threshold: Threshold) -> ThresholdDocument:
        """The other way round."""
        if threshold.within is None:
            return cls(in_a_row=threshold.failures)
        return cls(
            failures=threshold.failures, within_seconds=int(threshold.within.total_seconds())
        )


class RuleDocument(Strict):
    """Which failures, to whom, how loud, how often."""

    name: Name
    enabled: bool = True
    when: ConditionsDocument = Field(default_factory=ConditionsDocument)
    channels: list[Name] = Field(default=[], max_length=50, description="Channel names; empty means all.")  # fmt: skip
    severity: Severity | None = Field(default=None, description="Overrides the worked-out severity.")  # fmt: skip
    cooldown_seconds: Cooldown | None = None
    after: ThresholdDocument | None = Field(default=None, description="How often a trouble must have failed before the rule speaks; left out: once.")  # fmt: skip

    def rule(self) -> AlertRule:
        """In the engine's words."""
        return AlertRule(
            name=self.name,
            conditions=self.when.conditions(),
            channels=tuple(self.channels),
            severity=self.severity,
            cooldown=seconds(self.cooldown_seconds),
            enabled=self.enabled,
            after=self.after.threshold() if self.after else None,
        )


class SettingsDocument(DetectionDocument, LifeDocument):
    """What a project, or one of its workflows, sets; what is left out comes from below."""

    enabled: bool | None = Field(default=None, description="Alerts on or off.")
    criticality: Criticality | None = Field(default=None, description="How much the workflow matters.")  # fmt: skip
    attempt_limit: int | None = Field(default=None, ge=1, le=100, description="Attempts after which a step is given up; MeshHook's worker makes 5.")  # fmt: skip
    stall_after_seconds: int | None = Field(default=None, ge=10, le=30 * _DAY, description="Silence after which an open run counts as stalled.")  # fmt: skip
    cooldown_seconds: Cooldown | None = None
    rules: list[RuleDocument] | None = Field(default=None, max_length=1000)
    rules_mode: RuleMode = Field(default=RuleMode.ADD, description="Workflow only: add to the project's rules, or replace them.")  # fmt: skip

    storm_summaries: bool | None = Field(default=None, description="Project only: whether too many messages at once become summaries.")  # fmt: skip
    storm_limit: int | None = Field(default=None, ge=5, le=1000, description="Project only: messages in 60 s that are not yet too many.")  # fmt: skip
    quiet_periods: list[QuietPeriodDocument] | None = Field(default=None, max_length=20, description="Times in which messages wait, or are only recorded.")  # fmt: skip
    quiet_periods_mode: RuleMode | None = Field(default=None, description="Workflow only: add to the project's quiet periods, or replace them.")  # fmt: skip

    @field_validator("quiet_periods")
    @classmethod
    def _periods_differ(
        cls, periods: list[QuietPeriodDocument] | None
    ) -> list[QuietPeriodDocument] | None:
        check_names_differ("quiet periods", [each.name for each in periods or ()])
        return periods

    @field_validator("rules")
    @classmethod
    def _names_differ(cls, rules: list[RuleDocument] | None) -> list[RuleDocument] | None:
        check_names_differ("rules", [rule.name for rule in rules or ()])
        return rules

    def layer(self) -> Layer:
        """In the engine's words."""
        values: dict[str, Any] = {
            "enabled": self.enabled,
            "criticality": self.criticality,
            "attempt_limit": self.attempt_limit,
            "stall_after": seconds(self.stall_after_seconds),
            "cooldown": seconds(self.cooldown_seconds),
            "storm_summaries": self.storm_summaries,
            "storm_limit": self.storm_limit,
            **self.detection_values(),
            **self.life_values(),
            "rules": None if self.rules is None else tuple(rule.rule() for rule in self.rules),
            "quiet_periods": None
            if self.quiet_periods is None
            else tuple(each.period() for each in self.quiet_periods),
        }
        set_values = {name: value for name, value in values.items() if value is not None}
        return Layer(set_values, self.rules_mode, self.quiet_periods_mode or RuleMode.ADD)


def check_names_differ(what: str, names: list[str]) -> None:
    """Raises ``ValueError`` if two of ``what`` bear one name."""
    if twice := sorted(name for name, times in Counter(names).items() if times > 1):
        raise ValueError(f"two {what} are called {twice[0]!r}; names must differ")
