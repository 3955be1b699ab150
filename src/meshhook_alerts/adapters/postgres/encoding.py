"""Rows to write, as JSON: a few parameters per table, whatever the number of rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from meshhook_alerts.application.ports import Batch, Message
from meshhook_alerts.domain import fingerprint
from meshhook_alerts.domain.alert import Alert, Told
from meshhook_alerts.domain.decision import Decisions, LedgerEntry
from meshhook_alerts.domain.failure import Fold
from meshhook_alerts.domain.folding import Folded


def dumps(rows: Any) -> str:
    """JSON text; UUIDs and instants as Postgres reads them."""
    return orjson.dumps(rows).decode()


def lines(documents: Iterable[Any]) -> str:
    """One JSON text per line, for a column that is JSON itself."""
    return b"\n".join(map(orjson.dumps, documents)).decode()


def fold_rows(folds: Iterable[Fold], alert_of: Mapping[UUID, UUID]) -> list[dict[str, Any]]:
    """Rows of ``alert_folds``; ``alert_of`` names each fold's alert."""
    return [
        {
            "id": fold.id,
            "alert_id": alert_of[fold.id],
            "kind": fold.kind,
            "class": fold.failure_class,
            "severity": fold.severity,
            "workflow": fold.workflow,
            "workflow_version": fold.workflow_version,
            "node_id": fold.node_id,
            "node_type": fold.node_type,
            "http_status": fold.http_status,
            "error_class": fold.error_class,
            "error": fold.error,
            "sample": fold.sample,
            "labels": dict(fold.labels) if fold.labels else {},
            "run_id": fold.run_id,
            "count": fold.count,
            "decided_for": fold.at,
            "first_at": fold.first_at,
            "last_at": fold.last_at,
        }
        for fold in folds
    ]


def opened_rows(alerts: Sequence[Alert], folds: Sequence[Fold]) -> list[dict[str, Any]]:
    """Rows of ``alerts`` for new ones, beside the folds that opened them."""
    return [
        {
            "id": alert.id,
            "workflow": fold.workflow,
            "fingerprint": alert.fingerprint,
            "fingerprint_version": fingerprint.VERSION,
            "status": alert.status,
            "severity": alert.severity,
            "kind": fold.kind,
            "class": fold.failure_class,
            "node_id": fold.node_id,
            "error": fold.error,
            "error_class": fold.error_class,
            "opened_at": alert.opened_at,
            "last_failure_at": alert.last_failure_at,
            "count": alert.count,
            "withdrawn": alert.withdrawn,
            "resolved_at": alert.resolved_at,
        }
        for alert, fold in zip(alerts, folds, strict=True)
    ]


def evidence_of(fold: Fold) -> dict[str, Any]:
    """What is kept of the fold that opened an alert: its run may be deleted."""
    return {
        "sample": fold.sample,
        "run_id": fold.run_id,
        "attempts": fold.attempt,
        "node_type": fold.node_type,
        "workflow_name": fold.workflow_name,
        "workflow_version": fold.workflow_version,
    }


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
        }
        for alert in alerts
    ]


def told_of(alert: Alert) -> dict[str, Any]:
    """What each channel knows of an alert."""
    return {
        str(channel): {
            "at": told.at,
            "count": told.count,
            "messages": told.messages,
            "open": told.open,
        }
        for channel, told in alert.told.items()
    }


def told_from(entry: dict[str, Any]) -> Told:
    """The other way round."""
    return Told(
        datetime.fromisoformat(entry["at"]),
        entry["count"],
        entry["messages"],
        entry.get("open", True),
    )


def entry_rows(entries: Iterable[LedgerEntry]) -> list[dict[str, Any]]:
    """Rows of ``alert_logs``."""
    return [
        {
            "at": entry.at,
            "fold_id": entry.fold_id,
            "alert_id": entry.alert_id,
            "effect": entry.verdict.reason.effect,
            "reason": entry.verdict.reason,
            "count": entry.count,
            "severity": entry.severity,
            "rule": entry.rule,
            "channel_id": entry.channel.id if entry.channel else None,
            "channel": entry.channel.name if entry.channel else None,
            "notification_id": entry.notification_id,
            "blocked_by": entry.verdict.blocked_by,
            "eligible_at": entry.verdict.eligible_at,
        }
        for entry in entries
    ]


def notification_rows(decisions: Decisions, messages: Iterable[Message]) -> list[dict[str, Any]]:
    """Rows of ``alert_notifications``."""
    return [
        {
            "id": planned.id,
            "alert_id": planned.alert.id,
            "fold_id": planned.fold.id,
            "channel_id": planned.channel.id,
            "reason": planned.reason,
            "severity": planned.severity,
            "deadline": message.deadline_seconds,
        }
        for planned, message in zip(decisions.notifications, messages, strict=True)
    ]


def parameters(
    batch: Batch, folded: Folded, decisions: Decisions, messages: Sequence[Message]
) -> dict[str, str]:
    """All that a batch led to, as ``commit_decisions.sql`` takes it."""
    return {
        **_members(batch, folded),
        **_alerts(decisions),
        "folds": dumps(fold_rows(folded.folds, decisions.alert_of)),
        "entries": dumps(entry_rows(decisions.entries)),
        "notifications": dumps(notification_rows(decisions, messages)),
        "contents": lines(message.content for message in messages),
    }


def _members(batch: Batch, folded: Folded) -> dict[str, str]:
    """Signal ids and, in the same places, their folds; what is no failure, or was seen before,
    has none."""
    ids = list(batch.seen)
    folds = ["null," * (members.count(",") + 1) for members in batch.seen]
    for group in batch.groups:
        ids.append(group.members)
        folds.append(f"{folded.fold_of.get(group.id, 'null')}," * group.count)
    return {
        "members": "{" + ",".join(ids) + "}",
        "member_folds": "{" + "".join(folds)[:-1] + "}",
    }


def _alerts(decisions: Decisions) -> dict[str, str]:
    """New alerts, with the evidence of the folds that opened them, and changed ones."""
    opened = [alert for alert in decisions.alerts if alert.id in decisions.opened_by]
    changed = [alert for alert in decisions.alerts if alert.id not in decisions.opened_by]
    folds = [decisions.opened_by[alert.id] for alert in opened]
    return {
        "opened": dumps(opened_rows(opened, folds)),
        "evidence": lines(map(evidence_of, folds)),
        "opened_told": lines(map(told_of, opened)),
        "changed": dumps(changed_rows(changed)),
        "changed_told": lines(map(told_of, changed)),
    }
