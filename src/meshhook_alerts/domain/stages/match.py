"""Match: which rules ask for a fold, and which channels they name."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

from meshhook_alerts.domain.failure import Fold
from meshhook_alerts.domain.policy import (
    PATTERN_LIMIT,
    TARGET_LIMIT,
    AlertRule,
    Channel,
    ProjectPolicy,
)
from meshhook_alerts.domain.reasons import Reason

_log = logging.getLogger(__name__)


DEFAULT = AlertRule("default channel", stands_in=True)
"""Stands in for the rule at the channel that hears what no rule has brought to one."""


@dataclass(frozen=True, slots=True)
class Target:
    """A rule that matched and one channel it names."""

    rule: AlertRule
    channel: Channel


@dataclass(frozen=True, slots=True)
class NoTarget:
    """Nobody is to be told, and why."""

    reason: Reason
    rule: AlertRule | None = None
    blocked_by: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """The rules that may be about failures of one kind, severity, workflow and node, and whether all of
    them are: found once for all that share these."""

    rules: Sequence[AlertRule] = ()
    certain: bool = True
    cut: bool = False
    """Whether some could not be looked at: settings that are saved keep within the limits, those of before
    there were any may not."""
    refused: NoTarget | None = None

    def targets(self, fold: Fold, policy: ProjectPolicy) -> Sequence[Target | NoTarget]:
        """Every (rule, channel) that asks for ``fold``; at least one entry, if only a reason."""
        if self.refused:
            return (self.refused,)
        rules: Sequence[AlertRule] = self.rules
        if not self.certain:
            rules = [asked for rule in self.rules if (asked := _asks_for(rule, fold))]
        if not rules and not self.cut:
            return (NoTarget(Reason.NO_RULE), *_default(policy))
        targets = [target for rule in rules for target in _targets(rule, policy)]
        if not any(isinstance(each, Target) for each in targets):
            targets += _default(policy)
        if self.cut or len(targets) > TARGET_LIMIT:
            return [*targets[:TARGET_LIMIT], NoTarget(Reason.TOO_MANY_RULES)]
        return targets


def asked_for(fold: Fold, policy: ProjectPolicy) -> Asked:
    """The rules that may be about failures like ``fold``."""
    if not policy.known:
        return Asked(refused=NoTarget(Reason.NO_SETTINGS))
    settings = policy.for_workflow(fold.workflow)
    if not settings.enabled:
        return Asked(refused=NoTarget(Reason.ALERTS_OFF))
    found: list[AlertRule] = []
    patterns = 0
    for rule in settings.rules:
        patterns += rule.conditions.patterns if rule.enabled else 0
        if patterns > PATTERN_LIMIT:
            return Asked(found, _are_certain(found), cut=True)
        if rule.enabled and rule.conditions.may_agree(fold):
            found.append(rule)
    return Asked(found, _are_certain(found))


def match(fold: Fold, policy: ProjectPolicy) -> Sequence[Target | NoTarget]:
    """Every (rule, channel) that asks for ``fold``; at least one entry, if only a reason."""
    return asked_for(fold, policy).targets(fold, policy)


def _default(policy: ProjectPolicy) -> Sequence[Target]:
    """The channel that hears what no rule has brought to one, if the project has such a channel."""
    channel = policy.channels.get(policy.project.default_channel or "")
    return (Target(DEFAULT, channel),) if channel and channel.enabled else ()


def _are_certain(rules: Sequence[AlertRule]) -> bool:
    return all(rule.conditions.is_plain for rule in rules)


def _asks_for(rule: AlertRule, fold: Fold) -> AlertRule | None:
    """The rule, which may be, if it is about ``fold``. One that breaks on it is taken to be: better told once too often
    than not at all."""
    try:
        plain = rule.conditions.is_plain
        return rule if plain or rule.conditions.rest_agrees(fold) else None
    except Exception as problem:  # whatever it is, the other rules and failures go on
        _log.exception("the rule %r broke", rule.name)
        return replace(rule, broken=f"{type(problem).__name__}: {problem}"[:200])


def _targets(rule: AlertRule, policy: ProjectPolicy) -> Sequence[Target | NoTarget]:
    named = rule.channels or tuple(policy.channels)
    if rule.broken:
        named = tuple(filter(policy.channels.__contains__, named)) or tuple(policy.channels)
    if not named:
        return (NoTarget(Reason.NO_CHANNEL, rule),)
    return [_target(rule, name, policy.channels.get(name)) for name in named]


def _target(rule: AlertRule, name: str, channel: Channel | None) -> Target | NoTarget:
    if channel is None:
        return NoTarget(Reason.NO_CHANNEL, rule, blocked_by=name)
    if not channel.enabled:
        return NoTarget(Reason.CHANNEL_OFF, rule, blocked_by=name)
    return Target(rule, channel)
