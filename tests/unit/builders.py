"""Short ways to make what the tests talk about."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from meshhook_alerts.domain.failure import Fold, SignalGroup
from meshhook_alerts.domain.fingerprint import fingerprint
from meshhook_alerts.domain.policy import (
    PRODUCT_DEFAULTS,
    AlertRule,
    Channel,
    EffectiveSettings,
    ProjectPolicy,
)
from meshhook_alerts.domain.severity import Criticality, FailureClass, Severity

PROJECT = UUID(int=7)
START = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)
MAIL = Channel(UUID(int=100), "mail", "email")
HOOK = Channel(UUID(int=101), "hook", "webhook")
_numbers = count(1)


def after(**span: float) -> datetime:
    """A moment some time after the start."""
    return START + timedelta(**span)


def a_fold(at: datetime = START, number: int = 1, **fields: Any) -> Fold:
    """A fold of one trouble, unless told otherwise."""
    error = fields.pop("error", "Error: HTTP 503")
    workflow = fields.pop("workflow", "orders")
    node_id = fields.pop("node_id", "http_call")
    failure_class = fields.pop("failure_class", FailureClass.TERMINAL)
    made = Fold(
        id=UUID(int=next(_numbers) << 32),
        project_id=PROJECT,
        fingerprint=fingerprint(PROJECT, workflow, node_id, failure_class, error),
        kind="retries_exhausted",
        failure_class=failure_class,
        severity=Severity.ERROR,
        criticality=Criticality.NORMAL,
        error=error,
        error_class="server_error",
        at=at,
        first_at=at,
        last_at=at,
        count=number,
        workflow=workflow,
        node_id=node_id,
        sample=error,
    )
    return replace(made, **fields)


def a_group(**fields: Any) -> SignalGroup:
    """A signal group: a fifth failed attempt, unless told otherwise."""
    made = SignalGroup(
        id=UUID(int=next(_numbers) << 32),
        project_id=PROJECT,
        source="meshhook",
        observed="step_failed",
        at=START,
        first_at=START,
        last_at=START,
        count=1,
        workflow="orders",
        node_id="http_call",
        node_type="http_call",
        attempt="5",
        error="Error: HTTP 503",
    )
    return replace(made, **fields)


def a_policy(
    *rules: AlertRule, channels: tuple[Channel, ...] = (MAIL, HOOK), **settings: Any
) -> ProjectPolicy:
    """A project's wishes. Nobody is reminded and nothing is closed for being quiet unless it says so."""
    calm: dict[str, Any] = {"reminders": (), "close_after": timedelta(0)}
    effective: EffectiveSettings = replace(PRODUCT_DEFAULTS, **(calm | settings))
    if rules:
        effective = replace(effective, rules=rules)
    return ProjectPolicy(PROJECT, 1, "Shop", effective, {}, {each.name: each for each in channels})
