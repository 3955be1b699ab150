"""When two failures count as the same trouble.

Key: (project, workflow slug, node id, class, normalised error). The workflow's version is a label,
not part of the key, so that publishing does not open a new alert.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from hashlib import blake2b
from uuid import UUID

from meshhook_alerts.domain.severity import FailureClass

VERSION = 1
"""Counts up when the normaliser changes; stored beside each fingerprint. An open alert keeps the
fingerprint it was opened with, so ``OLDER`` keeps every normaliser that open alerts may know."""

# One pass, longest meaning first. A status ("HTTP 503") and small numbers stay: they tell troubles
# apart; ids, addresses, ports, times and long numbers do not.
_VOLATILE = re.compile(
    r"""
    (?P<uuid>[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12})
  | (?P<time>\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?)?)
  | (?P<address>(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?::\d{1,5})?(?![\w.]))
  | (?P<address6>(?<![\w:])(?:[0-9a-fA-F]{0,4}:){2,7}[0-9a-fA-F]{1,4}(?![\w:]))
  | (?P<port>(?<=[\w\]]):\d{2,5}\b)
  | (?P<hex>\b0[xX][0-9a-fA-F]+\b|\b(?=[0-9a-fA-F]*\d)(?=[0-9a-fA-F]*[a-fA-F])[0-9a-fA-F]{8,}\b)
  | (?P<number>\d{4,})
    """,
    re.VERBOSE,
)
_MARK = {
    "uuid": "<id>",
    "time": "<time>",
    "address": "<address>",
    "address6": "<address>",
    "port": ":<port>",
    "hex": "<hex>",
    "number": "<n>",
}
_DIGIT = re.compile(r"\d")
_SPACES = re.compile(r"\s{2,}|[\t\n]")


def _mark(found: re.Match[str]) -> str:
    return _MARK[found.lastgroup or "number"]


def normalise(text: str) -> str:
    """``text`` without what differs between two occurrences of one trouble.

    >>> normalise("Error: connect ECONNREFUSED 127.0.0.1:59999")
    'Error: connect ECONNREFUSED <address>'
    >>> normalise("Error: HTTP 503")
    'Error: HTTP 503'
    """
    # All that is volatile holds a digit, two colons or four dashes: mostly there is nothing to do.
    if _DIGIT.search(text) or text.count(":") > 1 or text.count("-") > 3:
        text = _VOLATILE.sub(_mark, text)
    if "  " in text or not text.isprintable():  # the space is the only printable white space
        text = _SPACES.sub(" ", text)
    return text.strip()


OLDER: dict[int, Callable[[str], str]] = {}
"""Earlier normalisers by their version, each from redacted text to normalised text."""


def fingerprint(
    project_id: UUID,
    workflow: str | None,
    node_id: str | None,
    failure_class: FailureClass,
    normalised_error: str,
) -> str:
    """32 hexadecimal digits that are equal for failures of the same trouble."""
    key = f"{workflow or ''}\x1f{node_id or ''}\x1f{failure_class}\x1f{normalised_error}"
    # Lone surrogates can stand in foreign text; they must not stop a decision.
    return blake2b(
        key.encode("utf-8", "surrogatepass"), key=project_id.bytes, digest_size=16
    ).hexdigest()
