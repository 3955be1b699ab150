"""The first normaliser, as it was: alerts that were opened under it are still found by it."""

from __future__ import annotations

import re

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

    >>> normalise("Error: connect ECONNREFUSED 127.0.0.1:59999, order 123 of 1234")
    'Error: connect ECONNREFUSED <address>, order 123 of <n>'
    """
    # All that is volatile holds a digit, two colons or four dashes: mostly there is nothing to do.
    if _DIGIT.search(text) or text.count(":") > 1 or text.count("-") > 3:
        text = _VOLATILE.sub(_mark, text)
    if "  " in text or not text.isprintable():  # the space is the only printable white space
        text = _SPACES.sub(" ", text)
    return text.strip()
