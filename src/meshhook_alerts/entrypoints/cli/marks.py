"""Marks in front of lines, for terminals that have them and for those that do not."""

from __future__ import annotations

from meshhook_alerts.entrypoints.cli.ending import can_be_shown

_IN_LETTERS = {"✓": "ok   ", "·": "note ", "✗": "WRONG", "→": "->"}
"""For terminals that lack the marks: a question mark in place of each would say nothing."""


def shown(mark: str) -> str:
    """``mark``, or letters in its place."""
    return mark if can_be_shown("".join(_IN_LETTERS)) else _IN_LETTERS[mark]
