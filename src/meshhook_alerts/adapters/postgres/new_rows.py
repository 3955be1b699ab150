"""New rows of a decided batch, table by table: made one at a time, when they are written.

A row is a tuple in the order of its table's columns, so that ``COPY`` takes it as it is and a
statement takes it as an object. The first column is always the project.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from meshhook_alerts.application.ports import Batch, Message
from meshhook_alerts.domain import normaliser
from meshhook_alerts.domain.alert import Alert
from meshhook_alerts.domain.decision import Decisions, PlannedNotification
from meshhook_alerts.domain.digest import ids_of
from meshhook_alerts.domain.failure import Fold
from meshhook_alerts.domain.life import NO_LIFE
from meshhook_alerts.domain.message import SCHEMA_VERSION
from meshhook_alerts.domain.redaction import redact_name

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table and those of its columns that a decision fills, with their types."""

    name: str
    columns: Mapping[str, str]

    @property
    def copy(self) -> str:
        """The statement that takes rows."""
        return f"copy {self.name} ({', '.join(self.columns)}) from stdin (format binary)"


def _table(name: str, columns: str) -> Table:
    pairs = (part.strip().partition(" ") for part in columns.split(","))
    return Table(name, {column: kind for column, _, kind in pairs})


FOLDS = _table(
    "public.alert_folds",
    """project_id uuid, id uuid, alert_id uuid, kind text, class text, severity text, workflow text,
    workflow_version int4, node_id text, node_type text, http_status int2, error_class text,
    error text, sample text, labels jsonb, run_id uuid, count int4, decided_for timestamptz,
    first_at timestamptz, last_at timestamptz, evidence bool""",
)
ALERTS = _table(
    "public.alerts",
    """project_id uuid, id uuid, workflow text, fingerprint text, fingerprint_version int2,
    status text, severity text, kind text, class text, node_id text, error text, error_class text,
    opened_at timestamptz, last_failure_at timestamptz, count int8, withdrawn int8,
    resolved_at timestamptz, count_before int8, volume jsonb, life jsonb, evidence jsonb, told jsonb""",
)
LEDGER = _table(
    "public.alert_logs",
    """project_id uuid, settings_version int8, at timestamptz, fold_id uuid, alert_id uuid,
    effect text, reason text, count int4, severity text, rule text, channel_id uuid, channel text,
    notification_id uuid, blocked_by text, eligible_at timestamptz""",
)
NOTIFICATIONS = _table(
    "public.alert_notifications",
    """project_id uuid, id uuid, alert_id uuid, fold_id uuid, channel_id uuid, reason text,
    severity text, template_version int2, deadline_at timestamptz, covers jsonb, content jsonb""",
)


@dataclass(frozen=True, slots=True)
class NewRows:
    """What a batch adds; each method can be read once, while it is written."""

    batch: Batch
    new_folds: Sequence[Fold]
    decisions: Decisions
    messages: Iterable[Message]

    def by_table(self) -> Iterator[tuple[Table, Iterator[Row]]]:
        """All of them."""
        yield FOLDS, self.folds()
        yield ALERTS, self.opened()
        yield LEDGER, self.entries()
        yield NOTIFICATIONS, self.notifications()

    def folds(self) -> Iterator[Row]:
        """Rows of ``FOLDS``."""
        alert_of, project_id = self.decisions.alert_of, self.batch.project_id
        for fold in self.new_folds:
            yield (
                project_id, fold.id, alert_of[fold.id], fold.kind, fold.failure_class, fold.severity,
                _name(fold.workflow), fold.workflow_version, fold.node_id, fold.node_type, fold.http_status,
                fold.error_class, fold.error, fold.sample, dict(fold.labels) if fold.labels else {},
                fold.run_id, fold.count, fold.at, fold.first_at, fold.last_at, fold.is_evidence,
            )  # fmt: skip

    def opened(self) -> Iterator[Row]:
        """Rows of ``ALERTS``, each with the evidence of the fold that opened it."""
        opened_by, project_id = self.decisions.opened_by, self.batch.project_id
        for alert in self.decisions.alerts:
            fold = opened_by.get(alert.id)
            if fold is not None:
                yield (
                    project_id, alert.id, _name(fold.workflow), alert.fingerprint, normaliser.VERSION,
                    alert.status, alert.severity, fold.kind, fold.failure_class, fold.node_id,
                    fold.error, fold.error_class, alert.opened_at, alert.last_failure_at, alert.count,
                    alert.withdrawn, alert.resolved_at, alert.count_before, volume_of(alert), life_of(alert), _evidence_of(fold), told_of(alert),
                )  # fmt: skip

    def entries(self) -> Iterator[Row]:
        """Rows of ``LEDGER``."""
        project_id, version = self.batch.project_id, self.batch.settings_version
        for entry in self.decisions.entries:
            verdict, channel = entry.verdict, entry.channel
            yield (
                project_id, version, entry.at, entry.fold_id, entry.alert_id, verdict.reason.effect,
                verdict.reason, entry.count, entry.severity, _name(entry.rule),
                channel.id if channel else None, _name(channel.name) if channel else None,
                entry.notification_id, _name(verdict.blocked_by), verdict.eligible_at,
            )  # fmt: skip

    def notifications(self) -> Iterator[Row]:
        """Rows of ``NOTIFICATIONS``, each composed only now."""
        pairs = zip(self.decisions.notifications, self.messages, strict=True)
        return (self._notification(planned, message) for planned, message in pairs)

    def _notification(self, planned: PlannedNotification, message: Message) -> Row:
        deadline_at = self.batch.now + timedelta(seconds=message.deadline_seconds)
        return (
            self.batch.project_id, planned.id, planned.alert.id, planned.fold.id, planned.channel.id,
            planned.reason, planned.severity, SCHEMA_VERSION, deadline_at,
            {"alerts": ids_of(planned.covers)} if planned.covers else None, message.content,
        )  # fmt: skip


def as_objects(
    table: Table, rows: Iterable[Row], but: Collection[str] = ()
) -> list[dict[str, Any]]:
    """Rows by name of column, without those named in ``but``."""
    return [
        {name: value for name, value in zip(table.columns, row, strict=True) if name not in but}
        for row in rows
    ]


def column(table: Table, name: str, rows: Iterable[Row]) -> Iterator[Any]:
    """One column."""
    place = list(table.columns).index(name)
    return (row[place] for row in rows)


def told_of(alert: Alert) -> dict[str, Any]:
    """What each channel knows of an alert."""
    return {
        str(channel): {
            "at": told.at,
            "count": told.count,
            "messages": told.messages,
            "open": told.open,
            **({"silenced": told.silenced} if told.silenced else {}),
            **({"remind_at": told.remind_at} if told.remind_at else {}),
            **({"reminders": told.reminders} if told.reminders else {}),
            **({"flaps": True} if told.flaps else {}),
        }
        for channel, told in alert.told.items()
    }


def volume_of(alert: Alert) -> dict[str, Any] | None:
    """How often it fails, as it is kept."""
    known = alert.volume
    return {"minute": known.minute, "count": known.count, "peak": known.peak} if known else None


def life_of(alert: Alert) -> dict[str, Any] | None:
    """Its life, as it is kept; None for one to which nothing has happened beside failures."""
    if alert.life is NO_LIFE or alert.life == NO_LIFE:
        return None
    return {
        name: value for name, value in asdict(alert.life).items() if value not in (None, (), False)
    }


def _name(text: str | None) -> str | None:
    return redact_name(text) if text else text


def _evidence_of(fold: Fold) -> dict[str, Any]:
    """What is kept of the fold that opened an alert: its run may be deleted."""
    return {
        "sample": fold.sample,
        "run_id": fold.run_id,
        "attempts": fold.attempt,
        "node_type": fold.node_type,
        "workflow_name": fold.workflow_name,
        "workflow_version": fold.workflow_version,
    }
