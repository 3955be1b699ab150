"""The one gate that every text passes before it is stored, shown or sent.

The first wall is the allow-list of message fields; this is the second. It removes what looks like
a secret and keeps what a reader needs: host names, statuses, error names. In layers, each of which
sees the text as it came: *structure* (where a secret stands), *providers* (shapes that are published),
*bare* (random tokens by themselves). All patterns run in linear time (RE2).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from meshhook_alerts.domain.redaction import bare, providers, structure, uuids
from meshhook_alerts.domain.redaction.characters import plain, readable
from meshhook_alerts.domain.redaction.keys import Sense, is_no_value, sense_of, speaks_of_secrets
from meshhook_alerts.domain.redaction.marks import MARK, REMOVED, Span

MAX_LENGTH = 1000
"""Longest text kept, in characters; what is cut is marked with an ellipsis."""

_IDENTIFIER = re.compile(r"[A-Za-z0-9_-]{1,24}")

_MOST_PASSES = 4

VERSION = 4
"""Counts up with each change of the patterns; stored beside what was redacted."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One way of finding secrets, and a quick test that spares most texts its patterns."""

    find: Callable[[str], Iterator[Span]]
    may_hold: Callable[[str], bool]
    """False only for texts in which ``find`` finds nothing: speed must never decide over safety."""


LAYERS = (
    Layer(providers.private_keys, providers.has_armour),
    Layer(structure.in_addresses, structure.has_address),
    Layer(structure.in_headers, speaks_of_secrets),
    Layer(structure.beside_names, speaks_of_secrets),
    Layer(structure.in_sentences, speaks_of_secrets),
    Layer(structure.in_logins, structure.speaks_of_logins),
    Layer(structure.on_command_lines, structure.has_flags),
    Layer(providers.tokens, providers.has_long_run),
    Layer(bare.tokens, providers.has_long_run),
    Layer(uuids.out_of_place, uuids.has_dashes),
    Layer(bare.remnants, bare.has_remnants),
    Layer(providers.numbers, providers.has_number),
)
"""Each looks at the text as it came; where two find the same, the one that begins first has it."""


def redact(text: str) -> str:
    """``text`` cleaned of control characters, cut to ``MAX_LENGTH``, its secrets replaced.

    Cut before the patterns run, with room to spare, so that time stays bounded for any input; a
    secret that the cut halves still starts inside and is removed.
    """
    return _redact(text if len(text) <= 4 * MAX_LENGTH else text[: 4 * MAX_LENGTH])


@lru_cache(maxsize=256)  # one failure's text is asked for more than once, shortly after
def _redact(text: str) -> str:
    clean = readable(text)
    long = len(clean) > 2 * MAX_LENGTH
    clean = clean[: 2 * MAX_LENGTH]
    clean = remove_secrets(clean)
    if len(clean) > MAX_LENGTH or long:
        return clean[: MAX_LENGTH - 1].rstrip() + "…"
    return clean


def remove_secrets(text: str) -> str:
    """``text`` with a mark in the place of each secret.

    What stands beside a mark is looked at once more: its neighbour may have hidden it.
    """
    for _ in range(_MOST_PASSES):
        cleaned = _without_secrets(text)
        if cleaned == text:
            break
        text = cleaned
    return text


def _without_secrets(text: str) -> str:
    seen = plain(text)
    found = sorted(span for layer in LAYERS if layer.may_hold(seen) for span in layer.find(seen))
    parts, place = [], 0
    for start, end, mark in found:
        if place <= start < end:
            parts += [text[place:start], mark]
        place = max(place, end)
    return "".join([*parts, text[place:]]) if parts else text


def redact_value(name: str, value: str) -> str:
    """As `redact`, of a value that stands beside ``name``, which may say that it is secret."""
    if (
        sense_of(name) >= Sense.SECRET
        and value
        and not MARK.search(value)
        and not is_no_value(value)
    ):
        return REMOVED
    return redact(value)


@lru_cache(maxsize=4096)
def clean_line(text: str, limit: int = 200) -> str:
    """``text`` on one line, without unsafe characters, cut to ``limit``; secrets stay in it."""
    if len(text) <= limit and text.isprintable() and "  " not in text and text == text.strip():
        return text
    line = " ".join(readable(text[: 2 * limit]).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


@lru_cache(maxsize=4096)
def redact_name(text: str, limit: int = 200) -> str:
    """As `redact_line`, of the name of a workflow, a node, a rule, a channel or a project.

    A name that is nothing but a short identifier stays, be it random: editors give nodes such names,
    and a message that does not say which node helps nobody. With a provider's prefix it goes.
    """
    line = clean_line(text, limit)
    if _IDENTIFIER.fullmatch(line) and not providers.is_token(line):
        return line
    return clean_line(redact(line), limit)


@lru_cache(maxsize=4096)
def redact_line(text: str, limit: int = 200) -> str:
    """As `redact`, on one line and cut to ``limit``; for labels and what else is shown in one."""
    return clean_line(redact(text), limit)
