"""The content of a notification, before any channel gives it a form.

An allow-list: only what is named here can leave. Never request bodies, headers, responses or
workflow data; every free text passes redaction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from meshhook_alerts.domain.alert import AlertStatus
from meshhook_alerts.domain.decision import PlannedNotification
from meshhook_alerts.domain.digest import failure_of, for_programs, headline_of, span_of
from meshhook_alerts.domain.hints import hint_for
from meshhook_alerts.domain.kinds import title_of
from meshhook_alerts.domain.policy import ProjectPolicy
from meshhook_alerts.domain.reasons import Reason
from meshhook_alerts.domain.redaction import redact_name

SCHEMA_VERSION = 1
"""Version of the content's shape; a notification keeps the one it was made with."""

Content = Mapping[str, Any]
"""JSON-ready content of one notification, as documented in the webhook schema."""


@dataclass(frozen=True, slots=True)
class Links:
    """Where a reader can go on: templates with ``{id}``, or None where nothing is set up."""

    alert: str | None = None
    run: str | None = None
    seal: Callable[[UUID, datetime], str] | None = None
    """What is put behind the alert's link, so that it opens: for an alert's id and the moment of the
    decision."""

    act: Callable[[UUID, UUID, str, datetime], str] | None = None
    """What does one thing about an alert, once: for an alert's id, the message's, what is to be done, and the
    moment of the decision."""

    def to_act(self, planned: PlannedNotification, what: str) -> str | None:
        """The link that does ``what``, where there is anything to do."""
        if self.act is None or planned.alert.status is not AlertStatus.FIRING:
            return None
        return self.act(planned.alert.id, planned.id, what, planned.at)

    def to_alert(self, alert_id: UUID, at: datetime) -> str | None:
        """The link to an alert, or None."""
        if self.alert is None:
            return None
        end = self.seal(alert_id, at) if self.seal else ""
        return self.alert.replace("{id}", str(alert_id)) + end


_EVENT = {
    Reason.FIRST_FAILURE: "alert.firing",
    Reason.CAME_BACK: "alert.firing",
    Reason.RULE_BROKEN: "alert.firing",
    Reason.RELEASED: "alert.update",
    Reason.VOLUME: "alert.update",
    Reason.CHANGED: "alert.update",
    Reason.SNOOZE_OVER: "alert.update",
    Reason.FLAPS: "alert.update",
    Reason.ESCALATED: "alert.firing",
    Reason.TAKEN: "alert.acknowledged",
}


def compose(planned: PlannedNotification, policy: ProjectPolicy, links: Links) -> dict[str, Any]:
    """The content of ``planned``."""
    if planned.covers:
        return _digest(planned, policy)
    fold, alert, rule = planned.fold, planned.alert, planned.rule
    alert_id, run_id = str(alert.id), str(fold.run_id) if fold.run_id else None
    return {
        "schema": SCHEMA_VERSION,
        "type": _EVENT.get(planned.reason, f"alert.{planned.reason}"),
        "reason": planned.reason,
        "severity": planned.severity,
        "headline": headline(planned),
        "project": {"id": str(fold.project_id), "name": _clean(policy.project_name)},
        "workflow": {
            "slug": _clean(fold.workflow),
            "name": _clean(fold.workflow_name),
            "version": fold.workflow_version,
        },
        "node": {"id": _clean(fold.node_id), "type": _clean(fold.node_type)},
        "failure": {
            "kind": fold.kind,
            "title": title_of(fold.kind),
            "class": fold.failure_class,
            "error": fold.sample,
            "error_class": fold.error_class,
            "http_status": fold.http_status,
            "attempts": fold.attempt,
            "hint": hint_for(fold.kind, fold.error_class),
        },
        "alert": {
            "id": alert_id,
            "opened_at": _instant(alert.opened_at),
            "last_failure_at": _instant(alert.last_failure_at),
            "detected_at": _instant(fold.at),
            "failures": alert.count,
            "new_failures": planned.new_failures,
            "since": _instant(planned.since),
            "resolved_at": _instant(alert.resolved_at) if alert.resolved_at else None,
            "closed": alert.life.closed,
            "by": _clean(alert.life.by),
        },
        "run": {"id": run_id},
        "rule": _clean(rule.name) if rule and not rule.stands_in else None,
        "links": {
            "alert": links.to_alert(alert.id, planned.at),
            "run": links.run.replace("{id}", run_id) if links.run and run_id else None,
            "acknowledge": links.to_act(planned, "acknowledge"),
            "snooze": links.to_act(planned, "snooze"),
        },
    }


def _digest(planned: PlannedNotification, policy: ProjectPolicy) -> dict[str, Any]:
    """The content of a digest: the same shape, with every alert in ``digest``."""
    covered, at = planned.covers, _instant(planned.at)
    first, last = span_of(covered)
    return {
        "schema": SCHEMA_VERSION,
        "type": "alert.digest",
        "reason": planned.reason,
        "severity": planned.severity,
        "headline": headline_of(
            covered, policy.project_name, planned.storm, over=planned.reason is Reason.STORM_OVER
        ),
        "project": {"id": str(planned.fold.project_id), "name": _clean(policy.project_name)},
        "workflow": {"slug": None, "name": None, "version": None},
        "node": {"id": None, "type": None},
        "failure": failure_of(covered, planned.reason),
        "alert": {
            "id": str(planned.alert.id),
            "opened_at": _instant(first),
            "last_failure_at": _instant(last),
            "detected_at": at,
            "failures": planned.new_failures,
            "new_failures": planned.new_failures,
            "since": _instant(planned.since),
            "resolved_at": None,
            "closed": None,
            "by": None,
        },
        "digest": for_programs(covered, planned.storm),
        "run": {"id": None},
        "rule": None,
        "links": {"alert": None, "run": None, "acknowledge": None, "snooze": None},
    }


def headline(planned: PlannedNotification) -> str:
    """What happened, the most telling part first: ``orders › http_call: Error: HTTP 503``."""
    fold = planned.fold
    place = _place(fold.workflow, fold.node_id)
    what = fold.sample.split("\n", 1)[0] or title_of(fold.kind)
    return _shorten(f"{place or 'MeshHook'}: {what}", 160)


@lru_cache(maxsize=1024)
def _place(workflow: str | None, node_id: str | None) -> str:
    return " › ".join(_clean(part) or "" for part in (workflow, node_id) if part)


def _clean(text: str | None) -> str | None:
    return redact_name(text) if text else text


def _shorten(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


@lru_cache(maxsize=16)  # a message names one moment more than once
def _instant(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")
