"""Rows to write, as JSON: one parameter per table, whatever the number of rows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import orjson

from meshhook_alerts.application.ports import Message
from meshhook_alerts.domain import fingerprint
from meshhook_alerts.domain.alert import Alert, Told
from meshhook_alerts.domain.decision import Decisions, LedgerEntry
from meshhook_alerts.domain.failure import Fold


def dumps(rows: Any) -> str:
    """JSON text; UUIDs and instants as Postgres reads them."""
    return orjson.dumps(rows, option=orjson.OPT_NON_STR_KEYS).decode()


def fold_rows(folds: Iterable[Fold], alert_ids: dict[str, Any]) -> list[dict[str, Any]]:
    """Rows of ``alert_folds``; ``alert_ids`` maps fingerprints to alerts."""
    return [
        {
            "id": fold.id,
            "alert_id": alert_ids[fold.fingerprint],
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
            "labels": dict(fold.labels) if fold.labels else None,
            "run_id": fold.run_id,
            "count": fold.count,
            "decided_for": fold.at,
            "first_at": fold.first_at,
            "last_at": fold.last_at,
        }
        for fold in folds
    ]


def opened_rows(decisions: Decisions) -> list[dict[str, Any]]:
    """Rows of ``alerts`` for the new ones, with the evidence of the fold that opened them."""
    return [
        _opened_row(alert, decisions.opened_by[alert.id])
        for alert in decisions.alerts
        if alert.id in decisions.opened_by
    ]


def _opened_row(alert: Alert, fold: Fold) -> dict[str, Any]:
    return {
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
        "evidence": {
            "sample": fold.sample,
            "run_id": fold.run_id,
            "attempts": fold.attempt,
            "node_type": fold.node_type,
            "workflow_name": fold.workflow_name,
            "workflow_version": fold.workflow_version,
        },
        "opened_at": alert.opened_at,
        "last_failure_at": alert.last_failure_at,
        "count": alert.count,
        "told": _told(alert),
    }


def changed_rows(decisions: Decisions) -> list[dict[str, Any]]:
    """What changed of ``alerts`` that were open before."""
    return [
        {
            "id": alert.id,
            "severity": alert.severity,
            "last_failure_at": alert.last_failure_at,
            "count": alert.count,
            "told": _told(alert),
        }
        for alert in decisions.alerts
        if alert.id not in decisions.opened_by
    ]


def _told(alert: Alert) -> dict[Any, Any]:
    return {
        channel: {"at": told.at, "count": told.count, "messages": told.messages}
        for channel, told in alert.told.items()
    }


def told_from(entry: dict[str, Any]) -> Told:
    """The other way round."""
    return Told(datetime.fromisoformat(entry["at"]), entry["count"], entry["messages"])


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
            "content": message.content,
            "deadline": message.deadline_seconds,
        }
        for planned, message in zip(decisions.notifications, messages, strict=True)
    ]
