"""What takes a secret's place, and how one that is there already is known."""

from __future__ import annotations

import re2

Span = tuple[int, int, str]
"""First character, the one after the last, and what takes their place."""

REMOVED = "[removed]"
MARK = re2.compile(r"\[(?:[a-z ]{1,20} )?removed\]")
