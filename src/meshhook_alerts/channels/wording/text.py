"""Foreign text made fit for a message: one line, no control characters, a bounded length."""

from __future__ import annotations

import re

# Controls, lone surrogates, line separators, and marks that reverse the reading direction of what
# follows them (Unicode TR 36). Joiners stay: emoji and many scripts need them.
_UNSAFE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]"
)


def block(text: str | None) -> str:
    """``text`` with its lines kept."""
    return _UNSAFE.sub(" ", (text or "").replace("\r\n", "\n")).strip()


def line(text: str | None) -> str:
    """``text`` on one line."""
    return " ".join(block(text).split())


def header(text: str) -> str:
    """``text`` as a header's value: it can start neither a line nor an encoded-word.

    Older standard libraries decode ``=?utf-8?q?=0A?=`` in a value and write the line break out
    (CVE-2024-6923); apart, the two characters mean nothing to any of them.
    """
    return line(text).replace("=?", "= ?")


def shorten(text: str, limit: int) -> str:
    """``text`` with at most ``limit`` characters, what is cut marked."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"
