"""An error text as rules and fingerprints see it, at the speed a storm asks for."""

from __future__ import annotations

import re
from functools import lru_cache

from meshhook_alerts.domain.normaliser import names_a_code, normalise
from meshhook_alerts.domain.redaction import redact

_ID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")


def error_of(text: str) -> str:
    """``text`` redacted and normalised.

    Words that are an id or a long number get their mark first, which is cheap: what is left has
    mostly been met before, however many failures a storm brings.

    >>> error_of("Error: order 4711 of customer 81549300: no stock (error code 23505)")
    'Error: order <n> of customer <n>: no stock (error code 23505)'
    """
    words = text.split(" ")
    for place, word in enumerate(words):
        # An id has 36 characters; punctuation may follow.
        if (
            len(word) >= 36
            or (
                len(word) >= 4
                and "0" <= word[0] <= "9"
                and not (place and names_a_code(f"{words[place - 1]} "))  # "error 1062"
                and not (
                    words[place + 1 : place + 2] and words[place + 1].startswith("(")
                )  # "1062 (23000)"
            )
        ):
            words[place] = _marked(word)
    return _redacted_and_normalised(" ".join(words))


def _marked(word: str) -> str:
    core = word.rstrip(":,;.")
    if core.isdecimal() and len(core) >= 4:
        return "<n>" + word[len(core) :]
    if _ID.fullmatch(core):
        return "<id>" + word[len(core) :]
    return word


@lru_cache(maxsize=4096)
def _redacted_and_normalised(text: str) -> str:
    return normalise(redact(text))
