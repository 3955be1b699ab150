"""Conditions: which failures a rule or a silence is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Protocol

import re2

from meshhook_alerts.domain.patterns import any_matches
from meshhook_alerts.domain.severity import Criticality, FailureClass, Severity

_REGEX_COST = 10
"""Patterns that a regular expression counts for."""


class Matchable(Protocol):
    """What conditions look at."""

    @property
    def kind(self) -> str: ...
    @property
    def failure_class(self) -> FailureClass: ...
    @property
    def severity(self) -> Severity: ...
    @property
    def criticality(self) -> Criticality: ...
    @property
    def workflow(self) -> str | None: ...
    @property
    def node_id(self) -> str | None: ...
    @property
    def node_type(self) -> str | None: ...
    @property
    def http_status(self) -> int | None: ...
    @property
    def error_class(self) -> str: ...
    @property
    def error(self) -> str:
        """Normalised and redacted."""

    @property
    def labels(self) -> Mapping[str, str] | None: ...


@dataclass(frozen=True, slots=True)
class Conditions:
    """Which failures are meant. Every field must agree; an empty one agrees with all."""

    kinds: frozenset[str] = frozenset()
    classes: frozenset[FailureClass] = frozenset()
    minimum_severity: Severity = Severity.INFO
    criticality: frozenset[Criticality] = frozenset()
    """Of the workflow."""
    workflows: tuple[str, ...] = ()
    """Slugs or patterns with ``*`` and ``?``."""
    nodes: tuple[str, ...] = ()
    """Node ids or patterns with ``*`` and ``?``."""
    node_types: tuple[str, ...] = ()
    """Types or patterns with ``*`` and ``?``."""
    http_status: tuple[tuple[int, int], ...] = ()
    """Ranges, both ends included."""
    error_classes: frozenset[str] = frozenset()
    error_matches: str | None = None
    """A regular expression (RE2) found somewhere in the normalised text."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """Name → value or pattern; all of them."""
    all_of: tuple[Conditions, ...] = ()
    any_of: tuple[Conditions, ...] = ()
    none_of: tuple[Conditions, ...] = ()

    @property
    def parts(self) -> tuple[Conditions, ...]:
        """Conditions within."""
        return (*self.all_of, *self.any_of, *self.none_of)

    @property
    def patterns(self) -> int:
        """How much there is to look at."""
        own = len(self.workflows) + len(self.nodes) + len(self.node_types) + len(self.labels)
        regex = _REGEX_COST if self.error_matches else 0
        return own + regex + sum(1 + part.patterns for part in self.parts)

    @property
    def is_plain(self) -> bool:
        """Whether kind, severity, workflow and node decide, and nothing else."""
        return not (
            self.classes or self.criticality or self.node_types or self.http_status or self.labels
            or self.error_classes or self.error_matches or self.parts
        )  # fmt: skip

    def agree(self, failure: Matchable) -> bool:
        """Whether ``failure`` is meant."""
        return self.may_agree(failure) and (self.is_plain or self.rest_agrees(failure))

    def may_agree(self, failure: Matchable) -> bool:
        """Whether kind, severity, workflow and node agree: the same for all failures that share them."""
        return (
            (not self.kinds or failure.kind in self.kinds)
            and failure.severity.at_least(self.minimum_severity)
            and _any_pattern(self.workflows, failure.workflow)
            and _any_pattern(self.nodes, failure.node_id)
        )

    def rest_agrees(self, failure: Matchable) -> bool:
        """Whether all else does."""
        return (
            (not self.classes or failure.failure_class in self.classes)
            and (not self.criticality or failure.criticality in self.criticality)
            and _any_pattern(self.node_types, failure.node_type)
            and _any_range(self.http_status, failure.http_status)
            and (not self.error_classes or failure.error_class in self.error_classes)
            and (not self.error_matches or _is_found(self.error_matches, failure.error))
            and _labels_agree(self.labels, failure.labels or {})
            and all(part.agree(failure) for part in self.all_of)
            and (not self.any_of or any(part.agree(failure) for part in self.any_of))
            and not any(part.agree(failure) for part in self.none_of)
        )


def _any_pattern(patterns: tuple[str, ...], value: str | None) -> bool:
    return not patterns or any_matches(patterns, value or "")


def _any_range(ranges: tuple[tuple[int, int], ...], value: int | None) -> bool:
    return not ranges or (value is not None and any(low <= value <= high for low, high in ranges))


def _labels_agree(wanted: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    return all(any_matches((value,), labels.get(name, "")) for name, value in wanted.items())


def _is_found(expression: str, text: str) -> bool:
    return _compiled(expression).search(text) is not None


@lru_cache(maxsize=1024)
def _compiled(expression: str) -> re2._Regexp[str]:
    """Linear in the text, whatever the expression (RE2)."""
    return re2.compile(expression)
