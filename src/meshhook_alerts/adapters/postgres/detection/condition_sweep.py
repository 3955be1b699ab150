"""The sweep over conditions: every rule says what is wrong now, the memory says what is new."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg.rows import DictRow, dict_row

from meshhook_alerts.adapters.postgres.detection.conditions import (
    HOLD,
    Condition,
    open_conditions,
    settle,
)
from meshhook_alerts.adapters.postgres.detection.rule_states import (
    Connection,
    Need,
    PoliciesOf,
    RuleStates,
)
from meshhook_alerts.adapters.postgres.detection.runner import Sliced
from meshhook_alerts.domain.identifiers import PLATFORM
from meshhook_alerts.domain.kinds import Kind
from meshhook_alerts.domain.policy import EffectiveSettings


@dataclass(slots=True)
class Look:
    """What a rule may use while it looks."""

    connection: Connection
    policies: PoliciesOf
    now: datetime
    """The database's clock."""
    still_open: Mapping[tuple[UUID, str], datetime]
    """Its conditions that are remembered as true: (project, key) → since."""
    memory: dict[str, Any] = field(default_factory=dict)
    """What it remembers from look to look; it may change it."""

    async def rows(self, sql: str, **parameters: Any) -> list[DictRow]:
        """What a query gives."""
        cursor = self.connection.cursor(row_factory=dict_row)
        await cursor.execute(sql.encode(), parameters)
        return await cursor.fetchall()

    async def platform(self) -> EffectiveSettings:
        """What the operator wants."""
        return (await self.policies(self.connection, [PLATFORM]))[PLATFORM].project


@dataclass(frozen=True, slots=True)
class ConditionRule:
    """A rule that says what is wrong now. Each has a kind of its own."""

    identifier: str
    kind: Kind
    needs: tuple[Need, ...]
    find: Callable[[Look], Awaitable[Sequence[Condition]]]


class ConditionSweep:
    """Asks some condition rules, and compares their answers with the memory."""

    def __init__(
        self,
        name: str,
        interval_seconds: float,
        rules: Sequence[ConditionRule],
        policies: PoliciesOf,
        hold: timedelta = HOLD,
    ) -> None:
        self.name = name
        self.interval_seconds = interval_seconds
        self.rows = 1
        self._rules = rules
        self._policies = policies
        self._hold = hold
        self._states = RuleStates(rules, name)

    async def slice(self, connection: Connection, position: Any, rows: int) -> Sliced:
        """One look in the caller's transaction; there is never more to do at once."""
        memory = dict(position or {})
        usable = await self._states.usable(connection, self._rules)
        # What cannot be looked at for want of its table is no longer wrong; what failed may be.
        evaluated = {rule.kind.name for rule in self._rules if rule not in usable}
        present: list[Condition] = []
        async for rule, look in self._looks(connection, usable, memory):
            async with self._states.trying(connection, rule):
                present += await self._wanted(connection, await rule.find(look))
                evaluated.add(rule.kind.name)
                memory[rule.identifier] = look.memory
        settled = await settle(connection, evaluated, present, self._hold)
        return Sliced(settled.added, memory)

    async def _looks(
        self, connection: Connection, rules: Sequence[ConditionRule], memory: Mapping[str, Any]
    ) -> AsyncIterator[tuple[ConditionRule, Look]]:
        """Each rule with what it may use."""
        still_open = await open_conditions(connection, [rule.kind.name for rule in rules])
        now = await _now(connection)
        for rule in rules:
            remembered = dict(memory.get(rule.identifier, {}))
            yield (
                rule,
                Look(connection, self._policies, now, still_open[rule.kind.name], remembered),
            )

    async def _wanted(
        self, connection: Connection, conditions: Sequence[Condition]
    ) -> list[Condition]:
        """Those that their projects look for."""
        projects = {condition.project_id for condition in conditions}
        policies = await self._policies(connection, projects)
        return [
            condition
            for condition in conditions
            if policies[condition.project_id]
            .for_workflow(condition.workflow)
            .detects(condition.kind)
        ]


async def _now(connection: Connection) -> datetime:
    row = await (await connection.execute("select now()")).fetchone()
    assert row is not None
    now: datetime = row[0]
    return now
