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
from meshhook_alerts.adapters.postgres.detection.runner import Sliced
from meshhook_alerts.domain.kinds import Kind
from meshhook_alerts.domain.policy import EffectiveSettings

SLICE = 10_000
"""Rows that a rule looks at in one go; every slice of open runs costs a walk over all of them."""
FEWEST = 10
"""Rows below which a slice that fails is not halved again."""


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
    since: datetime | None
    """When it became true."""


def always(settings: EffectiveSettings, measure: float) -> bool:
    """For rules without a threshold."""
    return True


@dataclass(frozen=True, slots=True)
class JobRule:
    """A rule that finds jobs."""

    identifier: str
    kind: Kind
    sql: str
    """Its query: how far a slice came, and the jobs it found, as ``JobRow``."""
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
    the middle of a round, which come first, ``rows`` how many a rule takes at a time after trouble."""

    at: dict[str, str] = field(default_factory=dict)
    unfinished: tuple[str, ...] = ()
    rows: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, position: Any) -> Place:
        """As it was remembered."""
        kept = position or {}
        return cls(
            dict(kept.get("at", {})), tuple(kept.get("unfinished", ())), dict(kept.get("rows", {}))
        )

    @property
    def position(self) -> dict[str, Any]:
        """To be remembered."""
        return {"at": self.at, "unfinished": list(self.unfinished), "rows": self.rows}

    def slice_of(self, rule: JobRule) -> int:
        """Rows that ``rule`` takes next."""
        return self.rows.get(rule.identifier, SLICE)

    def due(self, rules: Sequence[JobRule]) -> list[JobRule]:
        """The rules whose turn it is."""
        return [rule for rule in rules if rule.identifier in self.unfinished] or list(rules)

    def moved(self, rule: JobRule, examined: int, last: str | None) -> Place:
        """After a slice of ``rule``."""
        name = rule.identifier
        others = tuple(each for each in self.unfinished if each != name)
        at = {key: value for key, value in self.at.items() if key != name}
        rows = self._rows(name, self.slice_of(rule) * 2)
        if examined >= self.slice_of(rule) and last is not None:
            return Place({**at, name: last}, (*others, name), rows)
        if rule.keeps_place and (kept := last or self.at.get(name)):
            at[name] = kept
        return Place(at, others, rows)

    def passed_over(self, rule: JobRule) -> Place:
        """After a slice of ``rule`` that failed: not at once again, and then with half as many."""
        name = rule.identifier
        others = tuple(each for each in self.unfinished if each != name)
        return Place(self.at, others, self._rows(name, max(FEWEST, self.slice_of(rule) // 2)))

    def _rows(self, name: str, number: int) -> dict[str, int]:
        others = {key: value for key, value in self.rows.items() if key != name}
        return others if number >= SLICE else {**others, name: number}


class JobSweep:
    """Runs some job rules in turn."""

    def __init__(
        self, name: str, interval_seconds: float, rules: Sequence[JobRule], policies: PoliciesOf
    ) -> None:
        self.name = name
        self.interval_seconds = interval_seconds
        self.rows = SLICE
        self._rules = rules
        self._policies = policies
        self._states = RuleStates(rules, name)

    async def slice(self, connection: Connection, position: Any, rows: int) -> Sliced:
        """One bounded slice in the caller's transaction, of every rule that is due."""
        place = Place.of(position)
        added = read = 0
        for rule in place.due(await self._states.usable(connection, self._rules)):
            before, place = place, place.passed_over(rule)
            async with self._states.trying(connection, rule):
                found = await _look(
                    connection, rule, before.at.get(rule.identifier), before.slice_of(rule)
                )
                added += await add_signals(connection, await self._found(connection, rule, found))
                read += found[0].examined
                place = before.moved(rule, found[0].examined, found[0].last)
        return Sliced(added, place.position, bool(place.unfinished), read)

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


async def _look(
    connection: Connection, rule: JobRule, after: str | None, limit: int
) -> list[JobRow]:
    cursor = connection.cursor(row_factory=class_row(JobRow))
    await cursor.execute(rule.sql.encode(), {"after": after, "limit": limit})
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
