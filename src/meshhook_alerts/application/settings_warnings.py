"""What may be a mistake in rules that can be saved: they match nothing, or everything."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from meshhook_alerts.application.problems import InvalidField, pointer
from meshhook_alerts.application.seen_failures import SeenFailures
from meshhook_alerts.domain.conditions import Conditions
from meshhook_alerts.domain.patterns import any_matches
from meshhook_alerts.domain.policy import AlertRule

ENOUGH = 5
"""Troubles from which on "none of them" and "all of them" say something."""


def warnings_of(
    rules: Sequence[AlertRule], troubles: Sequence[SeenFailures], workflows: Collection[str]
) -> Iterator[InvalidField]:
    """A line for each rule that is on and may not be what was meant; each names the rule."""
    for rule in rules:
        if rule.enabled and (what := _wrong_with(rule.conditions, troubles, workflows)):
            yield InvalidField(pointer("rules", rule.name), f"the rule {rule.name!r} {what}")


def _wrong_with(
    conditions: Conditions, troubles: Sequence[SeenFailures], workflows: Collection[str]
) -> str | None:
    for pattern in conditions.workflows:
        if not any(any_matches((pattern,), slug) for slug in workflows):
            return (
                f"names a workflow that is not there: {pattern!r} matches none of {len(workflows)}"
            )
    if conditions == Conditions():
        return "asks for every failure, an attempt that will be tried again included; minimum_severity narrows it"
    if not _can_be_held_against(conditions) or len(troubles) < ENOUGH:
        return None
    matched = [each for each in troubles if conditions.agree(each)]
    if not matched:
        failures = sum(each.count for each in troubles)
        return f"would have matched none of {failures:,} failures ({len(troubles):,} troubles) of the last 7 days"
    return None


def _can_be_held_against(conditions: Conditions) -> bool:
    """Whether what it looks at is kept with troubles."""
    own = conditions.http_status or conditions.labels or conditions.criticality
    return not own and all(map(_can_be_held_against, conditions.parts))
