"""What sort of error a text tells of, whether it heals by itself, and what to try first.

The texts are those MeshHook's HTTP executor writes (observed by running it); other texts fall
into ``UNKNOWN``, never into a wrong class by accident.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class ErrorClass:
    """One class of errors: its name in rules, whether a retry can help, and a hint for people."""

    name: str
    heals: bool
    hint: str


_CLASSES = (
    ErrorClass(
        "credential", False, "The other side refuses our credentials: check or renew the secret."
    ),
    ErrorClass("rate_limit", True, "The other side asks us to slow down: lower the rate or wait."),
    ErrorClass("not_found", False, "The address is gone or was never right: check the URL."),
    ErrorClass("request", False, "The other side refuses the request itself: check what is sent."),
    ErrorClass("redirect", False, "The address has moved; redirects are not followed: update it."),
    ErrorClass("server_error", True, "The other side is failing: see its status page."),
    ErrorClass("timeout", True, "The other side is too slow: check its load, or raise the limit."),
    ErrorClass("refused", True, "Nothing listens at that address: is the service up?"),
    ErrorClass("reset", True, "The other side hung up: see its logs for that moment."),
    ErrorClass("dns", False, "The host name does not resolve: check its spelling and its DNS."),
    ErrorClass("certificate", False, "The TLS certificate is not valid: renew or install it."),
    ErrorClass("bad_url", False, "The address is not a valid URL: check the node's settings."),
    ErrorClass("bad_response", False, "The answer is not valid HTTP: is it the right port?"),
    ErrorClass(
        "unstorable_response",
        False,
        "The call succeeded but its answer could not be stored: it may have been repeated.",
    ),
    ErrorClass("silent", False, "Nothing was heard of the run: are the workers running?"),
    ErrorClass("unknown", False, "See the run for what led up to it."),
)
ERROR_CLASSES: dict[str, ErrorClass] = {each.name: each for each in _CLASSES}

_HTTP_STATUS = re.compile(r"\bHTTP (?:code: ?)?([1-5]\d\d)\b")

# Looked for in this order in the lower-cased text; the first that occurs names the class.
_MARKS = (
    ("unsupported unicode escape", "unstorable_response"),
    ("invalid input syntax for type json", "unstorable_response"),
    ("econnrefused", "refused"),
    ("enotfound", "dns"),
    ("eai_again", "dns"),
    ("getaddrinfo", "dns"),
    ("timeout", "timeout"),
    ("timed out", "timeout"),
    ("other side closed", "reset"),
    ("econnreset", "reset"),
    ("socket hang up", "reset"),
    ("certificate", "certificate"),
    ("invalid url", "bad_url"),
    ("httpparsererror", "bad_response"),
    ("circuit breaker is open", "server_error"),
    ("silent", "silent"),
)

_BY_STATUS = {401: "credential", 403: "credential", 404: "not_found", 410: "not_found"}
_BY_STATUS |= {408: "timeout", 425: "rate_limit", 429: "rate_limit"}


def http_status_in(text: str) -> int | None:
    """The HTTP status an error text names, if any."""
    if "HTTP " not in text:  # far cheaper than the pattern
        return None
    found = _HTTP_STATUS.search(text)
    return int(found.group(1)) if found else None


@lru_cache(maxsize=4096)
def classify(text: str, status: int | None) -> ErrorClass:
    """The class of an error text; ``status`` is the HTTP status it came with, if known."""
    if status is not None:
        return ERROR_CLASSES[_class_of_status(status)]
    lowered = text.lower()
    for mark, name in _MARKS:
        if mark in lowered:
            return ERROR_CLASSES[name]
    return ERROR_CLASSES["unknown"]


def _class_of_status(status: int) -> str:
    if special := _BY_STATUS.get(status):
        return special
    by_hundred = {3: "redirect", 4: "request", 5: "server_error"}
    return by_hundred.get(status // 100, "unknown")
