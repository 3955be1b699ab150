"""What acts came to, for people."""

from __future__ import annotations

from datetime import datetime

from meshhook_alerts.application.acts import Acted
from meshhook_alerts.domain.life import ActKind, Outcome

_NOW = {
    ActKind.ACKNOWLEDGE: "Acknowledged",
    ActKind.SNOOZE: "Snoozed",
    ActKind.RESOLVE: "Closed",
    ActKind.REOPEN: "It is open, and in nobody's hand",
}


def sentence(kind: ActKind, done: Acted) -> str:
    """What an act came to, for people."""
    until = f" until {_moment(done.until)}" if done.until else ""
    match done.outcome:
        case Outcome.DONE:
            return f"{_NOW[kind]}{until if kind in (ActKind.ACKNOWLEDGE, ActKind.SNOOZE) else ''}."
        case Outcome.ENDED:
            why = f" ({done.closed})" if done.closed else ""
            return f"The alert ended at {_moment(done.resolved_at)}{why}: there is nothing to take in hand."
        case Outcome.FOLLOWED:
            return (
                f"A later alert of the same trouble is open: {done.followed_by}. Look at that one."
            )
        case Outcome.GONE:
            return "There is no such alert any more."
    if kind is ActKind.RESOLVE:
        why = f", {done.closed}" if done.closed else ""
        return f"It had ended before: {_moment(done.resolved_at)}{why}. Nothing was changed."
    if kind is ActKind.REOPEN:
        return "It is open. Nothing was changed."
    by = f" by {done.by} at {_moment(done.since)}" if done.by else ""
    return f"It had been {done.status}{by}{until}. Nothing was changed."


def _moment(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else "an unknown time"
