"""Times as people read them, always in UTC and independent of any locale."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def parse(text: str) -> datetime:
    """A content's ISO 8601 time, in UTC."""
    return datetime.fromisoformat(text).astimezone(UTC)


def moment(at: datetime) -> str:
    """``Mon 23 Nov 2026, 07:14 UTC``."""
    return f"{_DAYS[at.weekday()]} {at.day} {_MONTHS[at.month - 1]} {at.year}, {clock(at)}"


def moment_near(at: datetime, other: datetime) -> str:
    """``at`` without its date where ``other`` has the same."""
    return clock(at) if at.date() == other.date() else moment(at)


def clock(at: datetime) -> str:
    """``07:14 UTC``."""
    return f"{at:%H:%M} UTC"


def span(length: timedelta) -> str:
    """``3 d 4 h``, ``1 h 12 min``, ``37 min`` or ``less than a minute``."""
    minutes = max(0, int(length.total_seconds())) // 60
    days, hours = minutes // 1440, minutes // 60 % 24
    parts = ((days, "d"), (hours, "h"), (0 if days else minutes % 60, "min"))
    return " ".join(f"{count} {unit}" for count, unit in parts if count) or "less than a minute"
