"""Patterns for slugs and node ids: ``*`` stands for any text, ``?`` for one character, and everything
else for itself.

Users write them and every failure is held against them, so looking must never take long: a pattern is
cut into pieces once, and pieces are found from left to right without ever going back.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern, cut at its stars."""

    pieces: tuple[str, ...]

    def matches(self, text: str) -> bool:
        """Whether the whole of ``text`` is as the pattern says; case counts."""
        first, *between = self.pieces
        if not between:
            return len(first) == len(text) and _is_at(first, text, 0)
        last = between.pop()
        end = len(text) - len(last)
        if end < len(first) or not (_is_at(first, text, 0) and _is_at(last, text, end)):
            return False
        place = len(first)
        for piece in between:  # the first place is as good as any: a star takes what lies before it
            place = _find(piece, text, place, end)
            if place < 0:
                return False
            place += len(piece)
        return True


@lru_cache(maxsize=8192)
def parse(pattern: str) -> Pattern:
    """The pattern of that text; every text is one.

    >>> parse("orders-*").matches("orders-eu"), parse("fetch[?]").matches("fetch[0]")
    (True, True)
    """
    return Pattern(tuple(pattern.split("*")))


@lru_cache(maxsize=8192)
def any_matches(patterns: tuple[str, ...], text: str) -> bool:
    """Whether one of ``patterns`` matches."""
    return any(parse(each).matches(text) for each in patterns)


def _is_at(piece: str, text: str, place: int) -> bool:
    if "?" not in piece:
        return text.startswith(piece, place)
    found = text[place : place + len(piece)]
    return len(found) == len(piece) and all(
        wanted in ("?", each) for wanted, each in zip(piece, found, strict=True)
    )


def _find(piece: str, text: str, begin: int, end: int) -> int:
    if "?" not in piece:
        return text.find(piece, begin, end)
    places = range(begin, end - len(piece) + 1)
    return next((place for place in places if _is_at(piece, text, place)), -1)
