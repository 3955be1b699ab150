"""What stands for a message at a glance: a mark and a colour."""

from __future__ import annotations

from meshhook_alerts.channels.wording.view_parts import Fact, View

_COLOURS = {
    "good": "1a7f37",
    "info": "5b6b7b",
    "warning": "b7791f",
    "error": "c62f2f",
    "critical": "7a1022",
}
_MARKS = {"good": "✅", "info": "ℹ️", "warning": "🟡", "error": "🔴", "critical": "🚨"}


def colour_of(view: View) -> str:
    """Six hexadecimal digits."""
    return _COLOURS.get(view.severity, _COLOURS["info"])


def mark_of(view: View) -> str:
    """An emoji; the words beside it say the same."""
    return _MARKS.get(view.severity, _MARKS["info"])


def heading_of(view: View) -> str:
    """``Order fulfilment › charge_card``."""
    return f"{view.workflow} › {view.node}" if view.node else view.workflow


def facts_of(view: View) -> tuple[Fact, ...]:
    """The facts a chat has room for: none at an end, which says all there is to say; no run's id beside its link."""
    if view.severity_word in ("Recovered", "Closed"):
        return ()
    return tuple(fact for fact in view.facts if fact.label != "Run" or not view.run_url)


def links_of(view: View) -> list[tuple[str, str]]:
    """What the message's links are called, and where they lead."""
    named = (
        ("Open the alert", view.alert_url),
        ("Open the run", view.run_url),
        ("Acknowledge", view.acknowledge_url),
        ("Snooze", view.snooze_url),
    )
    return [(label, url) for label, url in named if url]
