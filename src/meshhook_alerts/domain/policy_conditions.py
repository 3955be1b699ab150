"""Conditions: which failures a rule or a silence is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from meshhook_alerts.domain.patterns import any_matches
from meshhook_alerts.domain.severity import Severity


class Matchable(Protocol):
    """What conditions look at."""

    @property
    def kind(self) -> str: ...
    @property
    def severity(self) -> Severity: ...
    @property
    def workflow(self) -> str | None: ...
    @property
    def node_id(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Conditions:
    """Which failures a rule is about. Every field must agree; an empty one agrees with all."""

    kinds: frozenset[str] = frozenset()
    minimum_severity: Severity = Severity.INFO
    workflows: tuple[str, ...] = ()
    """Slugs or patterns with ``*`` and ``?``."""
    nodes: tuple[str, ...] = ()
    """Node ids or patterns with ``*`` and ``?``."""

    @property
    def patterns(self) -> int:
        """How many there are to look at."""
        return len(self.workflows) + len(self.nodes)

    def agree(self, failure: Matchable) -> bool:
        """Whether ``failure`` is meant."""
        return (
            (not self.kinds or failure.kind in self.kinds)
            and failure.severity.at_least(self.minimum_severity)
            and _any_pattern(self.workflows, failure.workflow)
            and _any_pattern(self.nodes, failure.node_id)
        )


def _any_pattern(patterns: tuple[str, ...], value: str | None) -> bool:
    return not patterns or any_matches(patterns, value or "")
