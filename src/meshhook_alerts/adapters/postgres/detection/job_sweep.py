"""The sweep over jobs: rules that look for one failure per job, a bounded slice at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import class_row

from meshhook_alerts.adapters.postgres.detection.found import FoundSignal, add_signals
from meshhook_alerts.adapters.postgres.detection.rule_states import (
    Connection,
    Need,
    PoliciesOf,
    RuleStates,
)
from meshhook_alerts.adapters.postgres.queries import query
from meshhook_alerts.domain.kinds import Kind
from meshhook_alerts.domain.policy import EffectiveSettings

SLICE = 10_000
"""Rows that a rule looks at in one go; every slice of open runs costs a walk over all of them."""


@dataclass(frozen=True, slots=True)
class JobRow:
    """A row of a rule's query: how far it has come, and perhaps a job it found."""

    examined: int
    last: str | None
    """Where the next slice begins."""
    project_id: UUID | None
    run_id: UUID | None
    workflow_id: UUID | None
    workflow: str | None
    ref: str | None
    at: datetime | None
    attempt: str | None
    error: str | None
    measure: float | None
    """What a threshold is compared with."""


def always(settings: EffectiveSettings, measure: float) -> bool:
    """For rules without a threshold."""
    return True


@dataclass(frozen=True, slots=True)
class JobRule:
    """A rule that finds jobs."""

    identifier: str
    kind: Kind
    query: str
    needs: tuple[Need, ...]
    text: str
    """What to say where no error text is stored."""
    reached: Callable[[EffectiveSettings, float], bool] = always
    """Whether a job's measure reaches the threshold of its workflow."""
    keeps_place: bool = False
    """Goes through its table once, instead of again and again."""


@dataclass(frozen=True, slots=True)
class Place:
    """How far each rule has come: ``at`` where its next slice begins, ``unfinished`` the rules in
    the middle of a round, which come first."""

    at: dict[str, str] = field(default_factory=dict)
    unfinished: tuple[str, ...] = ()

    @classmethod
    def of(cls, position: Any) -> Place:
        """As it was remembered."""
        kept = position or {}
        return cls(dict(kept.get("at", {})), tuple(kept.get("unfinished", ())))

    @property
    def position(self) -> dict[str, Any]:
        """To be remembered."""
        return {"at": self.at, "unfinished": list(self.unfinished)}

    def due(self, rules: Sequence[JobRule]) -> list[JobRule]:
        """The rules whose turn it is."""
        return [rule for rule in rules if rule.identifier in self.unfinished] or list(rules)

    def moved(self, rule: JobRule, examined: int, last: str | None) -> Place:
        """After a slice of ``rule``."""
        name = rule.identifier
        others = tuple(each for each in self.unfinished if each != name)
        at = {key: value for key, value in self.at.items() if key != name}
        if examined >= SLICE and last is not None:
            return Place({**at, name: last}, (*others, name))
        if rule.keeps_place and (kept := last or self.at.get(name)):
            at[name] = kept
        return Place(at, others)

    def passed_over(self, rule: JobRule) -> Place:
        """After a slice of ``rule`` that failed: not at once again."""
        return Place(self.at, tuple(each for each in self.unfinished if each != rule.identifier))


class JobSweep:
    """Runs some job rules in turn."""

    def __init__(
        self, name: str, interval_seconds: float, rules: Sequence[JobRule], policies: PoliciesOf
    ) -> None:
        self.name = name
        self.interval_seconds = interval_seconds
        self._rules = rules
        self._policies = policies
        self._states = RuleStates(rules)

    async def slice(self, connection: Connection, position: Any) -> tuple[int, Any, bool]:
        """One bounded slice in the caller's transaction.

        Returns the signals added, the new position, and whether there is more to do at once.
        """
        place = Place.of(position)
        added = 0
        for rule in place.due(await self._states.usable(connection, self._rules)):
            place = place.passed_over(rule)
            async with self._states.trying(connection, rule):
                rows = await _look(connection, rule, place.at.get(rule.identifier))
                added += await add_signals(connection, await self._found(connection, rule, rows))
                place = place.moved(rule, rows[0].examined, rows[0].last)
        return added, place.position, bool(place.unfinished)

    async def _found(
        self, connection: Connection, rule: JobRule, rows: Sequence[JobRow]
    ) -> list[FoundSignal]:
        projects = {row.project_id for row in rows if row.project_id}
        policies = await self._policies(connection, projects)
        found = []
        for row in rows:
            if row.project_id is None:
                continue
            settings = policies[row.project_id].for_workflow(row.workflow)
            if settings.detects(rule.kind) and rule.reached(settings, row.measure or 0):
                found.append(_signal(rule, row))
        return found


async def _look(connection: Connection, rule: JobRule, after: str | None) -> list[JobRow]:
    cursor = connection.cursor(row_factory=class_row(JobRow))
    await cursor.execute(query(rule.query), {"after": after, "limit": SLICE})
    return await cursor.fetchall()


def _signal(rule: JobRule, row: JobRow) -> FoundSignal:
    assert row.project_id is not None
    assert row.ref is not None
    assert row.at is not None
    return FoundSignal(
        project_id=row.project_id,
        kind=rule.kind.name,
        ref=row.ref,
        at=row.at,
        run_id=row.run_id,
        workflow_id=row.workflow_id,
        attempt=row.attempt,
        error=row.error or rule.text,
    )
