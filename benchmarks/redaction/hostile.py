"""Texts made to be slow: what 1 MB of each costs a character, against 64 KB of the same."""

from __future__ import annotations

import time
from collections.abc import Iterator

from benchmarks.figures import Aim, Figure
from meshhook_alerts.domain.redaction import redact, remove_secrets

_SMALL, _LARGE = 64_000, 1_000_000
_PIECES = {
    "beginnings of tokens": "eyJ-",
    "beginnings of addresses": "://a:b",
    "at-signs": "a.b@c",
    "open brackets": "pwd=[",
    "open quotes": "pwd='",
    "escaped quotes": "pwd=\\\\\\'",
    "names": "secret=",
    "named pairs": "name=password,value=",
    "cookies": "cookie: a=",
    "sentences": "password is ",
    "flags": " --token",
    "tags": "<password>",
    "chains of tokens": "aB3dE5fG7hJ9kL1m.",
    "digits": "4 ",
    "look-alikes": "р\u0430ss=",
}


def figures() -> Iterator[Figure]:
    """A line for each sort of text, and one for those that were slowest before."""
    for name, piece in _PIECES.items():
        small, large = (_seconds(piece * (size // len(piece))) for size in (_SMALL, _LARGE))
        growth = large / small / (_LARGE / _SMALL)
        yield Figure(
            "hostile",
            name,
            "ms per MB",
            large * 1000,
            small * 1000,
            growth,
            aim=Aim(1.5, at_least=False),
        )
    started = time.perf_counter()
    for number in range(200):
        redact(f"{'eyJ-' * 495}{number}")
    took = time.perf_counter() - started
    yield Figure("hostile", "200 error texts of beginnings of tokens", "ms", took * 1000)


def _seconds(text: str) -> float:
    def once() -> float:
        started = time.perf_counter()
        remove_secrets(text)
        return time.perf_counter() - started

    return min(once() for _ in range(2))
