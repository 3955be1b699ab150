"""The end of an alert: everyone told of it is told of its end, once; nobody else is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from meshhook_alerts.domain.alert import Alert, AlertStatus, Told
from meshhook_alerts.domain.decision import LedgerEntry, PlannedNotification, Verdict
from meshhook_alerts.domain.failure import Fold, Recovery
from meshhook_alerts.domain.identifiers import derive_id
from meshhook_alerts.domain.policy import Channel, ProjectPolicy
from meshhook_alerts.domain.reasons import Reason


def withdraw(alert: Alert, recovery: Recovery) -> Alert:
    """``alert`` after ``recovery``: resolved if nothing of its trouble is left."""
    withdrawn = alert.withdrawn + (recovery.failures or 0)
    if recovery.failures is not None and withdrawn < alert.count:
        return replace(alert, withdrawn=withdrawn)
    # Whatever the clocks say, nothing ends before it was last seen.
    resolved_at = max(recovery.noticed_at or recovery.at, alert.last_failure_at)
    return replace(alert, withdrawn=withdrawn, status=AlertStatus.RESOLVED, resolved_at=resolved_at)


def farewells(
    alert: Alert, fold: Fold, recovery: Recovery, policy: ProjectPolicy
) -> Iterator[tuple[LedgerEntry, PlannedNotification | None]]:
    """A ledger entry for every channel that is owed the end, with its message; if none is, one
    entry without a channel. A channel that has been removed is named, and not written to."""
    by_id = {channel.id: channel for channel in policy.channels.values()}
    owed = [(id_, told) for id_, told in alert.told.items() if told.open]
    for channel_id, told in owed:
        channel = by_id.get(channel_id)
        planned = _farewell(alert, fold, recovery, channel, told) if channel else None
        reason = Reason.RECOVERED if planned else Reason.NO_CHANNEL
        yield _entry(alert, recovery, reason, channel, planned), planned
    if not owed:
        yield _entry(alert, recovery, Reason.RECOVERED_UNTOLD, None, None), None


def after_farewell(alert: Alert) -> Alert:
    """``alert`` with nobody left who believes it to be open."""
    return replace(alert, told={id_: replace(told, open=False) for id_, told in alert.told.items()})


def _farewell(
    alert: Alert, fold: Fold, recovery: Recovery, channel: Channel, told: Told
) -> PlannedNotification:
    return PlannedNotification(
        # One end per opening: how often the channel was told tells the openings apart.
        id=derive_id(alert.id, f"end/{channel.id.hex}/{told.messages}"),
        alert=alert,
        fold=fold,
        channel=channel,
        rule=None,
        reason=Reason.RECOVERED,
        severity=fold.severity,
        at=recovery.at,
        new_failures=alert.count - told.count,
        since=alert.opened_at,
    )


def _entry(
    alert: Alert,
    recovery: Recovery,
    reason: Reason,
    channel: Channel | None,
    planned: PlannedNotification | None,
) -> LedgerEntry:
    return LedgerEntry(
        fold_id=None,
        alert_id=alert.id,
        at=recovery.at,
        count=0,
        verdict=Verdict(reason, blocked_by=f"run {recovery.run_id}" if recovery.run_id else None),
        severity=alert.severity,
        channel=channel,
        notification_id=planned.id if planned else None,
    )
