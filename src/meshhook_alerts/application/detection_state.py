"""How detection is doing: which rules look, when they last did and at what cost; and what was known of a
project before we were attached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from meshhook_alerts.application.problems import NotFound
from meshhook_alerts.application.settings_ports import Caller
from meshhook_alerts.domain.kinds import KINDS, Kind

OF_RUNS = "runs"
"""The sweep that asks all rules about single runs; they need nothing that could be absent."""


@dataclass(frozen=True, slots=True)
class SweepState:
    """How a sweep is doing. Times are the database's, in UTC."""

    name: str
    finished_at: datetime | None
    """Its last good look; None: it never finished one."""
    took_ms: float | None
    """What the last slice took."""
    failures: int
    """Slices in a row that failed."""
    trouble: str | None


@dataclass(frozen=True, slots=True)
class RuleHealth:
    """Whether a rule could look when its sweep last asked."""

    state: str
    """``on`` or ``off``."""
    why: str | None
    sweep: str | None


@dataclass(frozen=True, slots=True)
class RuleLine:
    """A detection rule as it stands."""

    kind: Kind
    state: str
    """``on``, ``off`` (it lacks something), ``failing`` (its sweep is in trouble) or ``waiting`` (nobody
    has looked yet)."""
    why: str | None
    sweep: SweepState | None


@dataclass(frozen=True, slots=True)
class Detection:
    """All rules, and since when we watch."""

    attached_at: datetime | None
    rules: Sequence[RuleLine]


@dataclass(frozen=True, slots=True)
class KnownRuns:
    """Runs of a workflow that had failed or gone silent before we were attached."""

    workflow: str | None
    kind: str
    runs: int
    examples: Sequence[UUID]


class DetectionStore(Protocol):
    """Where sweeps leave word of themselves."""

    async def sweeps(self, caller: Caller) -> tuple[datetime | None, Mapping[str, SweepState]]:
        """Since when we are attached, and every sweep by name."""

    async def rules(self, caller: Caller) -> Mapping[str, RuleHealth]:
        """What is known of rules that may lack something, by identifier."""

    async def baseline(self, project_id: UUID, caller: Caller) -> Sequence[KnownRuns] | None:
        """What was known of a project; None if the caller sees no such project."""


@dataclass(frozen=True, slots=True)
class ReadDetection:
    """``GET /api/alerts/detection`` and ``GET /api/alerts/baseline/{project_id}``."""

    store: DetectionStore

    async def __call__(self, caller: Caller) -> Detection:
        """Every rule that looks by itself, in the order of the reference."""
        attached_at, sweeps = await self.store.sweeps(caller)
        known = await self.store.rules(caller)
        found = [kind for kind in KINDS.values() if kind.rule != "API"]
        return Detection(attached_at, [_line(kind, known, sweeps) for kind in found])

    async def baseline(self, project_id: UUID, caller: Caller) -> Sequence[KnownRuns]:
        """What was known before attachment.

        Raises:
            NotFound: no such project for this caller.
        """
        known = await self.store.baseline(project_id, caller)
        if known is None:
            raise NotFound(f"project {project_id}")
        return known


def _line(
    kind: Kind, known: Mapping[str, RuleHealth], sweeps: Mapping[str, SweepState]
) -> RuleLine:
    healths = [known[rule] for rule in kind.rule.split() if rule in known]
    off = next((each for each in healths if each.state == "off"), None)
    name = next((each.sweep for each in healths if each.sweep), None)
    sweep = sweeps.get(name or OF_RUNS) if healths or kind.rule[0] in "MC" else None
    if off and all(each.state == "off" for each in healths):
        return RuleLine(kind, "off", off.why, sweep)
    if sweep and sweep.failures:
        return RuleLine(kind, "failing", sweep.trouble, sweep)
    if sweep is None or sweep.finished_at is None:
        return RuleLine(kind, "waiting", "no worker has looked yet", sweep)
    return RuleLine(kind, "on", None, sweep)
