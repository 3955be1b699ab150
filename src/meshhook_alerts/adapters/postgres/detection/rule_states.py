"""Which rules can look, and why the others cannot.

MeshHook comes in several shapes: without a queue, without job tracking, in its older, simpler
form. A rule that lacks what it needs is off, and says so in ``alert_health``; one that fails
harms no other.
"""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from typing import Literal, Protocol, TypeVar
from uuid import UUID

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from meshhook_alerts.adapters.postgres.encoding import dumps
from meshhook_alerts.adapters.postgres.queries import query
from meshhook_alerts.domain.kinds import Kind
from meshhook_alerts.domain.policy import ProjectPolicy

Connection = AsyncConnection[TupleRow]
PoliciesOf = Callable[[Connection, Iterable[UUID]], Awaitable[Mapping[UUID, ProjectPolicy]]]
"""What projects want; asked within the sweep's own transaction."""

_log = logging.getLogger(__name__)
_PROBED_FOR_SECONDS = 60
"""How long the answer to "is the table there?" is believed."""


@dataclass(frozen=True, slots=True)
class Need:
    """A table a rule reads, and which parts of it must be there."""

    relation: str
    columns: tuple[str, ...] = ()
    partitioned: bool = False


class Rule(Protocol):
    """What all rules have in common."""

    @property
    def identifier(self) -> str: ...

    @property
    def kind(self) -> Kind: ...

    @property
    def needs(self) -> tuple[Need, ...]: ...


AnyRule = TypeVar("AnyRule", bound=Rule)


@dataclass(frozen=True, slots=True)
class RuleState:
    """Whether a rule looks."""

    rule: str
    kind: str
    state: Literal["on", "off"]
    why: str | None = None
    """Why it is off."""
    sweep: str | None = None
    """The sweep that asks it."""


class CannotLookError(Exception):
    """A rule finds that what it would have to read is hidden from it; the text says what."""


class RuleStates:
    """The states of one sweep's rules; one per process."""

    def __init__(self, rules: Sequence[Rule], sweep: str | None = None) -> None:
        self._rules = rules
        self._sweep = sweep
        self._absent: dict[str, str] = {}
        self._troubled: dict[str, str] = {}
        self._probed_at: float | None = None

    async def usable(self, connection: Connection, rules: Sequence[AnyRule]) -> list[AnyRule]:
        """Those of ``rules`` that have all they need."""
        if self._is_stale():
            self._absent = await probe(connection, self._rules)
            self._probed_at = time.monotonic()
            await self._write(connection, self._rules)
        return [rule for rule in rules if rule.identifier not in self._absent]

    @asynccontextmanager
    async def trying(self, connection: Connection, rule: Rule) -> AsyncIterator[None]:
        """Runs a rule by itself: what it cannot do is undone, noted, and harms no other."""
        why = None
        try:
            async with connection.transaction():
                yield
        except CannotLookError as blind:
            why = str(blind)
        except Exception as problem:
            if connection.closed:
                raise
            why = f"failed: {_first_line(problem)}"
            self._probed_at = None  # perhaps a table has gone
            if why != self._troubled.get(rule.identifier):
                known = isinstance(problem, psycopg.Error)
                _log.error("rule %s %s", rule.identifier, why, exc_info=None if known else problem)
        await self._note(connection, rule, why)

    def _is_stale(self) -> bool:
        return self._probed_at is None or time.monotonic() > self._probed_at + _PROBED_FOR_SECONDS

    async def _note(self, connection: Connection, rule: Rule, why: str | None) -> None:
        if why == self._troubled.get(rule.identifier):
            return
        if why is None:
            del self._troubled[rule.identifier]
        else:
            self._troubled[rule.identifier] = why
        await self._write(connection, [rule])

    async def _write(self, connection: Connection, rules: Sequence[Rule]) -> None:
        rows = dumps([asdict(self._state(rule)) for rule in rules])
        await connection.execute(query("detection/record_rules"), {"rules": rows})

    def _state(self, rule: Rule) -> RuleState:
        name = rule.identifier
        why = self._absent.get(name) or self._troubled.get(name)
        return RuleState(name, rule.kind.name, "off" if why else "on", why, self._sweep)


async def probe(connection: Connection, rules: Sequence[Rule]) -> dict[str, str]:
    """Why rules cannot look, by identifier; those that can are absent."""
    needs = {
        (need.relation, part)
        for rule in rules
        for need in rule.needs
        for part in _parts(need)
    }  # fmt: skip
    rows = [{"relation": relation, "part": part} for relation, part in sorted(needs)]
    cursor = await connection.execute(query("detection/rule_needs"), {"needs": dumps(rows)})
    missing = {(relation, part): why for relation, part, why in await cursor.fetchall() if why}
    whys = {
        rule.identifier: next(
            (missing[need.relation, part] for need in rule.needs for part in _parts(need)
             if (need.relation, part) in missing), None)
        for rule in rules
    }  # fmt: skip
    return {identifier: why for identifier, why in whys.items() if why}


def _parts(need: Need) -> tuple[str, ...]:
    return ("", *(("partitions",) if need.partitioned else ()), *need.columns)


def _first_line(problem: Exception) -> str:
    return (str(problem).strip().splitlines() or [type(problem).__name__])[0]
