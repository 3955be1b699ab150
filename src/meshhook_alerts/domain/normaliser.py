"""What is the same in two texts of one trouble: the text without ids, numbers, times and values.

A number is left out unless what stands before it says that it is a code: one order is like another,
one SQLSTATE is not. How well that goes is measured on pairs of real error texts
(``python -m benchmarks.troubles``).
"""

from __future__ import annotations

import re
from collections.abc import Callable

from meshhook_alerts.domain.normaliser_v1 import normalise as _normalise_v1

VERSION = 2
"""Counts up when the normaliser changes; stored beside each fingerprint. An open alert keeps the
fingerprint it was opened with, so ``OLDER`` keeps every normaliser that open alerts may know."""

OLDER: dict[int, Callable[[str], str]] = {1: _normalise_v1}
"""Earlier normalisers by their version, each from redacted text to normalised text."""

# One pass, longest meaning first. All of it holds a digit, but for what is quoted.
_VOLATILE = re.compile(
    r"""
    (?P<uuid>[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12})
  | (?P<time>\d{4}[-/]\d\d[-/]\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:[.,]\d+)?\ ?(?:Z|[+-]\d\d:?\d\d)?)?
      |\b\d{8}T\d{4,6}Z?
      |(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),?\ )?\d{1,2}[/ -](?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)
       [/ -](?:\d{4}|<n>)(?:[: ]\d\d:\d\d:\d\d)?(?:\ ?(?:GMT|UTC|[+-]\d{4}))?
      |\b\d\d:\d\d:\d\d(?:[.,]\d+)?\b)
  | (?P<address>(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?::\d{1,5})?(?![\w.]))
  | (?P<address6>(?<![\w:])(?:[0-9a-fA-F]{0,4}:){2,7}[0-9a-fA-F]{1,4}(?![\w:]))
  | (?P<port>(?<=[\w\]]):\d{1,5}\b)
  | (?P<pod>-[0-9a-f]{6,10}-[a-z0-9]{5}\b)
  | (?P<hex>\b0[xX][0-9a-fA-F]+\b|\b(?=[0-9a-fA-F]*\d)(?=[0-9a-fA-F]*[a-fA-F])[0-9a-fA-F]{8,}\b)
  | (?P<word>\b(?=[A-Za-z]*\d[A-Za-z0-9]*[A-Za-z])(?=(?:[A-Za-z]*\d){2})[A-Za-z0-9]{10,}\b
      |\b[a-z]{2,5}_(?=[a-z0-9]*[A-Z])(?=[A-Za-z]*\d)[A-Za-z0-9]{8,}\b
      |(?<![\w-])(?=[\w-]*\d[\w-]*[A-Za-z])(?=[\w-]*[a-z])(?=[\w-]*[A-Z])[\w-]{21}(?![\w-]))
  | (?P<number>(?:<n>|(?<![\w.])[-+]?\d+)(?:[.,_]\d+)*(?:\ ?(?:[kMGT]i?B?|[munμ]?s|bytes|%)\b)?)
    """,
    re.VERBOSE,
)
_MARK = {
    "uuid": "<id>",
    "time": "<time>",
    "address": "<address>",
    "address6": "<address>",
    "port": ":<port>",
    "pod": "-<pod>",
    "hex": "<hex>",
    "word": "<id>",
    "number": "<n>",
}
# A number is told by what stands before it: "status 404", "[Errno 111]", "ORA-00942", "(code=14".
_CODE_BEFORE = re.compile(
    r"(?i)(?:\b|_)(?:code|status|http|errno|error|exit|sqlstate|sqlcode|signal|rc|return(?:ed|s)?|winerror"
    r"|hresult|smtp|respon(?:ded|se)|answered|got|ora|pls|tns|dp[yi]|rman|err|njs)(?:\ (?:with|code|of|was|is))?"
    r"[\ :=#'\"(\[-]{0,3}$"
)
_STATUS_AFTER = re.compile(
    r"\ [A-Z][a-z]+|\ \d\.\d\.\d|\ \(\d{5}\)"
)  # "502 Bad Gateway", "550 5.1.1"
_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")  # mail's own codes (RFC 3463)
_IN_BRACKETS = re.compile(r"\b\d{3,4}\ \($")  # "1062 (23000)"

# Values that databases and parsers repeat: who reads the trouble's name knows it without them.
_QUOTED = re.compile(
    r"(?P<key>\bKey\ \([^)]*\)=)\([^)]*\)"
    r"|(?P<entry>Duplicate\ entry\ )'[^']*'"
    r"|(?P<dup>dup\ key:\ )\{[^}]*\}"
    r"|(?P<input>invalid\ input\ syntax\ for\ (?:type\ )?[\w ]+:\ )\"[^\"]*\""
    r"|(?P<literal>invalid\ literal\ for\ [\w()]+\ with\ base\ \d+:\ )'[^']*'"
    r"|(?P<token>Unexpected\ token\ )(?:'.'|<value>|.)(?:,\ (?:\.\.\.)?\".*?\"(?:\.\.\.)?(?=\ is\ not))?"
    r"|(?P<mail>\[address\ removed\]@)[\w.-]+"
    r"|(?P<temp>/tmp/)[\w.-]+",
    re.VERBOSE,
)
_MAY_BE_QUOTED = (
    "Key (",
    "Duplicate entry",
    "dup key",
    "invalid ",
    "Unexpected token",
    "removed]@",
)
_TEMPORARY = "/tmp/"  # noqa: S108 - nothing is put there
_DIGIT = re.compile(r"\d")
_SPACES = re.compile(r"\s{2,}|[\t\n]")


def normalise(text: str) -> str:
    """``text``, redacted already, without what differs between two occurrences of one trouble.

    >>> normalise("Error: connect ECONNREFUSED 127.0.0.1:59999, order 123")
    'Error: connect ECONNREFUSED <address>, order <n>'
    >>> normalise("Error: HTTP 503 (error code 23505)")
    'Error: HTTP 503 (error code 23505)'
    """
    if any(words in text for words in (*_MAY_BE_QUOTED, _TEMPORARY)):
        text = _QUOTED.sub(_without_value, text)
    # All else that is volatile holds a digit, two colons or four dashes: mostly there is nothing to do.
    if _DIGIT.search(text) or "<n>" in text or text.count(":") > 1 or text.count("-") > 3:
        text = _VOLATILE.sub(_mark, text)
    if "  " in text or not text.isprintable():  # the space is the only printable white space
        text = _SPACES.sub(" ", text)
    return text.strip()


def names_a_code(before: str) -> bool:
    """Whether ``before``, what stands in front of a number, says that the number is a code."""
    return _CODE_BEFORE.search(before[-24:]) is not None


def _mark(found: re.Match[str]) -> str:
    kind = found.lastgroup or "number"
    if kind == "number" and _is_code(found):
        return found[0]
    return _MARK[kind]


def _is_code(found: re.Match[str]) -> bool:
    text, start, end = found.string, found.start(), found.end()
    if not found[0].lstrip("-").isdecimal():
        return _ENHANCED.fullmatch(found[0]) is not None
    before = text[max(0, start - 24) : start]
    if names_a_code(before) or _IN_BRACKETS.search(before):
        return True
    return end - start == 3 and "1" <= found[0][0] <= "5" and bool(_STATUS_AFTER.match(text, end))


def _without_value(found: re.Match[str]) -> str:
    return found[found.lastgroup or 0] + "<value>"
