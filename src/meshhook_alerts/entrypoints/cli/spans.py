"""Lengths of time as people write them: 30m, 2h, 1d."""

from __future__ import annotations

import re

from meshhook_alerts.entrypoints.cli.ending import fail

_SPAN = re.compile(r"(\d+)(m|h|d)")
_SECONDS = {"m": 60, "h": 3600, "d": 86_400}


def seconds_of(text: str | None, option: str = "--for") -> int | None:
    """How many seconds; None for none. Ends the command if it is no length of time."""
    if text is None:
        return None
    found = _SPAN.fullmatch(text.strip())
    if found is None:
        fail(f"{option}: {text!r} is no length of time, such as 30m, 2h or 1d")
    return int(found[1]) * _SECONDS[found[2]]
