"""Whether an alert is over: what a recovery proves of it."""

from __future__ import annotations

from dataclasses import replace

from meshhook_alerts.domain.alert import Alert, AlertStatus
from meshhook_alerts.domain.failure import Recovery


def withdraw(alert: Alert, recovery: Recovery) -> Alert:
    """``alert`` after ``recovery``: resolved if nothing of its trouble is left."""
    withdrawn = alert.withdrawn + (recovery.failures or 0)
    if recovery.failures is not None and withdrawn < alert.count:
        return replace(alert, withdrawn=withdrawn)
    # Whatever the clocks say, nothing ends before it was last seen.
    resolved_at = max(recovery.noticed_at or recovery.at, alert.last_failure_at)
    return replace(alert, withdrawn=withdrawn, status=AlertStatus.RESOLVED, resolved_at=resolved_at)
