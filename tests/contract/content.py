"""Notifications as the domain composes them, for whoever tests a channel."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from meshhook_alerts.application.try_channel import TriedChannel, compose_test
from meshhook_alerts.domain.alert import Alert, AlertStatus
from meshhook_alerts.domain.decision import PlannedNotification
from meshhook_alerts.domain.digest import Covered
from meshhook_alerts.domain.failure import Fold
from meshhook_alerts.domain.life import Life
from meshhook_alerts.domain.message import Links, compose
from meshhook_alerts.domain.policy import DEFAULT_RULE, Channel, ProjectPolicy
from meshhook_alerts.domain.reasons import Reason
from meshhook_alerts.domain.severity import Criticality, FailureClass, Severity
from meshhook_alerts.domain.storm import Storm

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


def closed(links: Links = LINKS) -> dict[str, Any]:
    """An end without a recovery."""
    last = OPENED + timedelta(minutes=12)
    return _content(Reason.CLOSED, _FOLD, links, last, 4)


def about(reason: Reason) -> dict[str, Any]:
    """A trouble that goes on, told for ``reason``."""
    last = OPENED + timedelta(hours=1, minutes=12, seconds=31)
    return _content(reason, _FOLD, LINKS, last, 38)


def digest(reason: Reason = Reason.DIGEST, troubles: int = 3) -> dict[str, Any]:
    """So many troubles in one message, the last of them over."""
    last = OPENED + timedelta(hours=2)
    covered = []
    for number in range(troubles):
        fold = replace(_FOLD, id=UUID(int=100 + number), node_id=f"step_{number + 1}")
        over = number == troubles - 1
        alert = Alert(
            UUID(int=200 + number), PROJECT, f"f{number}",
            AlertStatus.RESOLVED if over else AlertStatus.FIRING, fold.severity, OPENED, last,
            count=5 + number, resolved_at=last if over else None,
        )  # fmt: skip
        covered.append(Covered(alert, fold, fold.severity, 2 + number))
    storm = Storm(OPENED, last, failures=1_204, troubles=troubles)
    planned = PlannedNotification(
        id=NOTIFICATION,
        alert=covered[0].alert,
        fold=covered[0].fold,
        channel=Channel(UUID(int=3), "on call", "any"),
        rule=None,
        reason=reason,
        severity=covered[0].severity,
        at=last,
        new_failures=sum(each.failures for each in covered),
        since=OPENED,
        covers=covered,
        storm=None if reason is Reason.DIGEST else storm,
    )
    return compose(planned, ProjectPolicy(PROJECT, project_name="Acme Shop"), LINKS)


def a_test_message() -> dict[str, Any]:
    """What somebody sends who tries a channel."""
    channel = TriedChannel(UUID(int=3), PROJECT, "on call", "any")
    return compose_test(channel, ALERT, OPENED)


_ENDS = (Reason.RECOVERED, Reason.CLOSED)


def _content(
    reason: Reason, fold: Fold, links: Links, last: datetime, failures: int
) -> dict[str, Any]:
    over = reason in _ENDS
    taken = Life(by="ana@example.com") if reason is Reason.TAKEN else None
    alert = Alert(
        ALERT, PROJECT, "f", AlertStatus.RESOLVED if over else AlertStatus.FIRING, fold.severity, OPENED, last,
        count=failures, resolved_at=last + timedelta(minutes=3) if over else None,
        life=taken or Life(closed="closed by ana@example.com" if reason is Reason.CLOSED else None),
    )  # fmt: skip
    planned = PlannedNotification(
        id=NOTIFICATION,
        alert=alert,
        fold=fold,
        channel=Channel(UUID(int=3), "on call", "any"),
        rule=None if over else DEFAULT_RULE,
        reason=reason,
        severity=fold.severity,
        at=last,
        new_failures=max(1, failures - 1),
        since=OPENED + timedelta(minutes=37) if failures > 1 else OPENED,
    )
    return compose(planned, ProjectPolicy(PROJECT, project_name="Acme Shop"), links)


EVERY_FORM = [
    first_failure(),
    about(Reason.CAME_BACK),
    about(Reason.STILL_FAILING),
    about(Reason.RELEASED),
    about(Reason.VOLUME),
    about(Reason.CHANGED),
    about(Reason.REMINDER),
    about(Reason.ESCALATED),
    about(Reason.FLAPS),
    about(Reason.SNOOZE_OVER),
    about(Reason.TAKEN),
    recovered(),
    closed(),
    digest(),
    digest(Reason.STORM_SUMMARY, troubles=60),
    digest(Reason.STORM_OVER, troubles=60),
    a_test_message(),
]
"""A message for each reason there is to tell."""
