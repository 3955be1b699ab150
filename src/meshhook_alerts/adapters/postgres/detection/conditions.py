"""The memory of conditions: states that are wrong now, told once, and over when they stay over."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from meshhook_alerts.adapters.postgres.detection.found import FoundSignal, add_signals
from meshhook_alerts.adapters.postgres.detection.rule_states import Connection
from meshhook_alerts.adapters.postgres.encoding import dumps
from meshhook_alerts.adapters.postgres.queries import query
from meshhook_alerts.domain.kinds import Kind

HOLD = timedelta(minutes=5)
"""How long a condition must have been found to be over before its end is believed."""


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that is wrong now."""

    kind: Kind
    project_id: UUID
    key: str
    """Which of its kind, within the project."""
    text: str
    """What is wrong, in the same words each time: it is what makes two alerts one."""
    evidence: str = ""
    """The figures of the moment."""
    workflow: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def identity(self) -> tuple[UUID, str, str]:
        """By which it is remembered."""
        return self.project_id, self.kind.name, self.key

    def signal(self, ref: str, since: datetime) -> FoundSignal:
        """The one failure it is told as."""
        said = {"evidence": self.evidence} if self.evidence else {}
        return FoundSignal(
            project_id=self.project_id,
            kind=self.kind.name,
            ref=ref,
            at=since,
            workflow=self.workflow,
            error=self.text,
            labels={"condition": f"{self.kind.name}:{self.key}", **said, **self.labels},
        )


@dataclass(frozen=True, slots=True)
class Recovery:
    """A condition that is over."""

    project_id: UUID
    kind: str
    key: str
    ref: str
    """Source reference of the failure it was told as."""
    since: datetime
    """Source time of that failure."""
    at: datetime
    """When it was believed to be over."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What a comparison of present and memory came to."""

    added: int
    """Signals added, those that tell of an end among them."""
    raised: Sequence[FoundSignal]
    recoveries: Sequence[Recovery]


async def open_conditions(
    connection: Connection, kinds: Collection[str]
) -> dict[str, dict[tuple[UUID, str], datetime]]:
    """What is remembered as true: kind → (project, key) → since."""
    cursor = await connection.execute(
        query("detection/open_conditions"), {"kinds": ",".join(kinds)}
    )
    found: dict[str, dict[tuple[UUID, str], datetime]] = {kind: {} for kind in kinds}
    for kind, project_id, key, since in await cursor.fetchall():
        found[kind][project_id, key] = since
    return found


async def settle(
    connection: Connection,
    evaluated: Collection[str],
    present: Sequence[Condition],
    hold: timedelta = HOLD,
) -> Settled:
    """Remembers what is true now and tells what is new or over, in the caller's transaction.

    ``evaluated``: the kinds that were looked at; nothing is said about the end of any other.
    """
    by_identity = {condition.identity: condition for condition in present}
    seen = [{"project_id": p, "kind": kind, "key": key} for p, kind, key in by_identity]
    cursor = await connection.execute(
        query("detection/settle_conditions"),
        {"seen": dumps(seen), "kinds": ",".join(evaluated), "hold": hold.total_seconds()},
    )
    raised, recoveries = [], []
    for is_new, project_id, kind, key, since, ref, at in await cursor.fetchall():
        if is_new:
            raised.append(by_identity[project_id, kind, key].signal(ref, since))
        else:
            recoveries.append(Recovery(project_id, kind, key, ref, since, at))
    added = await add_signals(connection, raised) + await _tell_ends(connection, recoveries)
    return Settled(added, raised, recoveries)


async def _tell_ends(connection: Connection, recoveries: Sequence[Recovery]) -> int:
    """Adds a signal for each open alert whose condition is over."""
    if not recoveries:
        return 0
    at = recoveries[0].at
    cursor = await connection.execute(
        query("detection/ended_conditions"), {"ended": dumps([asdict(each) for each in recoveries])}
    )
    rows = [
        {"project_id": project_id, "alert_id": alert_id, "proof": ref, "at": at}
        for project_id, alert_id, ref in await cursor.fetchall()
    ]
    if rows:
        await connection.execute(query("inbox/add_recoveries"), {"recoveries": dumps(rows)})
    return len(rows)
