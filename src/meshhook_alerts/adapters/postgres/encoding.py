"""What one statement takes: a few parameters, whatever the number of rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import orjson
from pydantic import TypeAdapter

from meshhook_alerts.adapters.postgres.new_rows import (
    ALERTS,
    FOLDS,
    LEDGER,
    NOTIFICATIONS,
    NewRows,
    as_objects,
    column,
    life_of,
    told_of,
    volume_of,
)
from meshhook_alerts.application.ports import Part
from meshhook_alerts.domain.alert import Alert, AlertStatus, Told
from meshhook_alerts.domain.decision import Decisions
from meshhook_alerts.domain.folding import Placed
from meshhook_alerts.domain.life import NO_LIFE, ActResult, Life
from meshhook_alerts.domain.storm import Pace
from meshhook_alerts.domain.timers import Timer
from meshhook_alerts.domain.volume import Volume


def dumps(rows: Any) -> str:
    """JSON text; UUIDs and instants as Postgres reads them."""
    return orjson.dumps(rows).decode()


def lines(documents: Iterable[Any]) -> str:
    """One JSON text per line, for a column that is JSON itself."""
    return b"\n".join(map(orjson.dumps, documents)).decode()


def pace_from(kept: dict[str, Any] | None) -> Pace:
    """How fast a project's messages came by the end of the batch before."""
    return _PACE.validate_python(kept) if kept else Pace()


_PACE = TypeAdapter(Pace)


def volume_from(kept: dict[str, Any] | None) -> Volume | None:
    """How often an alert failed by the end of the batch before."""
    if kept is None:
        return None
    return Volume(datetime.fromisoformat(kept["minute"]), kept["count"], kept["peak"])


def life_from(kept: dict[str, Any] | None) -> Life:
    """What had become of an alert by the end of the batch before."""
    return _LIFE.validate_python(kept) if kept else NO_LIFE


_LIFE = TypeAdapter(Life)


def told_from(entry: dict[str, Any]) -> Told:
    """The other way round."""
    return Told(
        datetime.fromisoformat(entry["at"]),
        entry["count"],
        entry["messages"],
        entry.get("open", True),
        entry.get("silenced", 0),
        datetime.fromisoformat(entry["remind_at"]) if "remind_at" in entry else None,
        entry.get("reminders", 0),
        entry.get("flaps", False),
    )


def changed_rows(alerts: Iterable[Alert]) -> list[dict[str, Any]]:
    """What changed of ``alerts`` that were open before."""
    return [
        {
            "id": alert.id,
            "status": alert.status,
            "severity": alert.severity,
            "last_failure_at": alert.last_failure_at,
            "count": alert.count,
            "withdrawn": alert.withdrawn,
            "resolved_at": alert.resolved_at,
            "count_before": alert.count_before,
            "volume": volume_of(alert),
            "life": life_of(alert),
        }
        for alert in alerts
    ]


def ended_before_others(decisions: Decisions) -> dict[str, list[Any]] | None:
    """Which alerts must have ended before others of their trouble can open, as ``end_alerts.sql`` takes them;
    None where there are none, which is nearly always."""
    ended = [
        alert
        for alert in decisions.alerts
        if alert.status is AlertStatus.RESOLVED and alert.id not in decisions.opened_by
    ]
    if not ended:
        return None
    open_ = {
        each.fingerprint for each in decisions.alerts if each.status is not AlertStatus.RESOLVED
    }
    first = [alert for alert in ended if alert.fingerprint in open_]
    if not first:
        return None
    return {"ids": [each.id for each in first], "ends": [each.resolved_at for each in first]}


def parameters(decisions: Decisions, rows: NewRows | None) -> dict[str, str | None]:
    """All that was decided, as ``commit_decisions.sql`` takes it; without ``rows``, what is not new
    rows: those come another way."""
    changed = [alert for alert in decisions.alerts if alert.id not in decisions.opened_by]
    return {
        "changed": dumps(changed_rows(changed)),
        "changed_told": lines(map(told_of, changed)),
        "pace": dumps(asdict(decisions.pace)) if decisions.pace else None,
        **(_new(rows) if rows else _NOTHING_NEW),
    }


def timers(seen: Iterable[Timer], decisions: Decisions) -> dict[str, list[Any]]:
    """Timers that have gone, those to be set, and channels that were tried, as ``set_timers.sql``
    takes them."""
    again = {(timer.kind, timer.subject) for timer in decisions.timers}
    gone = [timer for timer in seen if (timer.kind, timer.subject) not in again]
    return {
        "fired_kinds": [timer.kind.value for timer in gone],
        "fired_subjects": [timer.subject for timer in gone],
        "kinds": [timer.kind.value for timer in decisions.timers],
        "subjects": [timer.subject for timer in decisions.timers],
        "alert_ids": [timer.alert_id for timer in decisions.timers],
        "channel_ids": [timer.channel_id for timer in decisions.timers],
        "dues": [timer.due for timer in decisions.timers],
        "tried": list(decisions.tried),
        "tried_at": list(decisions.tried.values()),
    }


def acts(results: Sequence[ActResult]) -> dict[str, str]:
    """What acts came to, as ``settle_acts.sql`` takes it."""
    return {"acts": dumps([{"id": each.act.id, "outcome": each.outcome} for each in results])}


def _new(rows: NewRows) -> dict[str, str]:
    opened, notifications = list(rows.opened()), list(rows.notifications())
    return {
        "folds": dumps(as_objects(FOLDS, rows.folds())),
        "opened": dumps(as_objects(ALERTS, opened, but=("evidence", "told"))),
        "evidence": lines(column(ALERTS, "evidence", opened)),
        "opened_told": lines(column(ALERTS, "told", opened)),
        "entries": dumps(as_objects(LEDGER, rows.entries())),
        "notifications": dumps(as_objects(NOTIFICATIONS, notifications, but=("content",))),
        "contents": lines(column(NOTIFICATIONS, "content", notifications)),
    }


_NOTHING_NEW = {
    **dict.fromkeys(("folds", "opened", "entries", "notifications"), "[]"),
    **dict.fromkeys(("evidence", "opened_told", "contents"), ""),
}
NOTHING: dict[str, str | None] = {
    **_NOTHING_NEW, "changed": "[]", "changed_told": "", "pace": None,
}  # fmt: skip
"""In place of ``parameters`` while nothing has been decided yet."""


class Members:
    """Signals that are done with, the folds they went into, and whether they decide about their
    runs; what is no failure, or was seen before, has no fold."""

    def __init__(self) -> None:
        self._ids: list[str] = []
        self._folds: list[str] = []
        self._decide: list[str] = []

    def __bool__(self) -> bool:
        return bool(self._ids)

    def add(self, part: Part, placed: Iterable[Placed]) -> None:
        """Counts a part's signals in."""
        for members in part.seen:
            self._add(members, members.count(",") + 1, "null", "f")
        for each in placed:
            decide = "t" if each.decides else "f"
            self._add(each.members, each.count, str(each.fold_id or "null"), decide)

    def _add(self, members: str, count: int, fold: str, decide: str) -> None:
        self._ids.append(members)
        self._folds.append(f"{fold}," * count)
        self._decide.append(f"{decide}," * count)

    def parameters(self) -> dict[str, str]:
        """Signal ids and, in the same places, folds and decisiveness, as ``commit_decisions.sql``
        takes them."""
        return {
            "members": "{" + ",".join(self._ids) + "}",
            "member_folds": "{" + "".join(self._folds)[:-1] + "}",
            "member_decide": "{" + "".join(self._decide)[:-1] + "}",
        }
