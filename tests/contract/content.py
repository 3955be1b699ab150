"""Notifications as the domain composes them, for whoever tests a channel."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from meshhook_alerts.domain.alert import Alert, AlertStatus
from meshhook_alerts.domain.decision import PlannedNotification
from meshhook_alerts.domain.failure import Fold
from meshhook_alerts.domain.message import Links, compose
from meshhook_alerts.domain.policy import DEFAULT_RULE, Channel, ProjectPolicy
from meshhook_alerts.domain.reasons import Reason
from meshhook_alerts.domain.severity import Criticality, FailureClass, Severity

NOTIFICATION = UUID("3f0c2b1e9a2d4f619d9a30aa71c2e0b4")
ALERT = UUID("5f0c2b1e9a2d4f619d9a30aa71c2e0b4")
PROJECT = UUID(int=7)
OPENED = datetime(2026, 11, 23, 9, 25, 10, tzinfo=UTC)
LINKS = Links(
    alert="https://alerts.example.com/alerts/a/{id}", run="https://meshhook.example.com/runs/{id}"
)

_FOLD = Fold(
    id=UUID(int=1),
    project_id=PROJECT,
    fingerprint="f",
    kind="retries_exhausted",
    failure_class=FailureClass.TERMINAL,
    severity=Severity.ERROR,
    criticality=Criticality.NORMAL,
    error="Error: HTTP 503",
    error_class="server_error",
    at=OPENED,
    first_at=OPENED,
    last_at=OPENED,
    count=1,
    workflow="orders",
    workflow_name="Order fulfilment",
    workflow_version=7,
    node_id="charge_card",
    node_type="http_call",
    http_status=503,
    attempt=5,
    run_id=UUID(int=2),
    sample="Error: HTTP 503",
)


def first_failure(links: Links = LINKS, **fold: Any) -> dict[str, Any]:
    """A new trouble; ``fold`` replaces fields of the fold it is about."""
    return _content(Reason.FIRST_FAILURE, replace(_FOLD, **fold), links, OPENED, failures=1)


def still_failing(failures: int = 38, links: Links = LINKS, **fold: Any) -> dict[str, Any]:
    """A trouble that goes on: all but one of ``failures`` are news."""
    last = OPENED + timedelta(hours=1, minutes=12, seconds=31)
    return _content(Reason.STILL_FAILING, replace(_FOLD, **fold), links, last, failures)


def recovered(failures: int = 4, links: Links = LINKS) -> dict[str, Any]:
    """The end of a trouble; no rule asks for it, whoever was told of the trouble gets it."""
    last = OPENED + timedelta(minutes=12)
    return _content(Reason.RECOVERED, _FOLD, links, last, failures)


def _content(
    reason: Reason, fold: Fold, links: Links, last: datetime, failures: int
) -> dict[str, Any]:
    alert = Alert(
        ALERT, PROJECT, "f", AlertStatus.FIRING, fold.severity, OPENED, last, count=failures
    )
    planned = PlannedNotification(
        id=NOTIFICATION,
        alert=alert,
        fold=fold,
        channel=Channel(UUID(int=3), "on call", "any"),
        rule=None if reason is Reason.RECOVERED else DEFAULT_RULE,
        reason=reason,
        severity=fold.severity,
        at=last,
        new_failures=max(1, failures - 1),
        since=OPENED + timedelta(minutes=37) if failures > 1 else OPENED,
    )
    return compose(planned, ProjectPolicy(PROJECT, project_name="Acme Shop"), links)
