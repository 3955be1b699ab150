"""How a text becomes segments, which are what a text message costs (3GPP 23.038 and 23.040).

GSM-7: 160 septets, or 153 each where there are several, as their order takes six bytes; some characters take two, and
both stand in one segment. One character that GSM-7 lacks turns the whole message into UCS-2: 70 code units, or 67.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gsm0338 import Codec

_GSM7 = Codec()
_ONE = {"GSM-7": 160, "UCS-2": 70}
_EACH = {"GSM-7": 153, "UCS-2": 67}

_PLAIN = str.maketrans(
    {
        "‘": "'", "’": "'", "‚": "'", "‛": "'", "′": "'", "´": "'", "`": "'",
        "“": '"', "”": '"', "„": '"', "″": '"', "«": '"', "»": '"',
        "‐": "-", "‑": "-", "‒": "-", "–": "-", "—": "-", "―": "-", "−": "-",
        "…": "...", "›": ">", "‹": "<", "→": "->", "←": "<-", "⇒": "=>", "×": "x",
        "•": "*", "·": "*", "\u00a0": " ", "\u202f": " ", "\u2009": " ", "\t": " ", "ç": "c",
    }
)  # fmt: skip
"""Typographic characters that GSM-7 lacks, and what reads the same. (It has a capital Ç only.)"""


@dataclass(frozen=True, slots=True)
class Segments:
    """What a text takes."""

    encoding: str
    """``GSM-7`` or ``UCS-2``."""
    count: int
    units: int
    """Septets or code units."""


def plain(text: str) -> str:
    """``text`` with what GSM-7 lacks replaced by what reads the same, where there is such a thing."""
    text = text.translate(_PLAIN)
    return "".join(each if _septets(each) else _without_accents(each) for each in text)


def segments_of(text: str) -> Segments:
    """How ``text`` is sent."""
    lengths = [_septets(each) for each in text]
    encoding = "GSM-7" if all(lengths) else "UCS-2"
    if encoding == "UCS-2":
        lengths = [len(each.encode("utf-16-be")) // 2 for each in text]
    units = sum(lengths)
    if units <= _ONE[encoding]:
        return Segments(encoding, 1, units)
    return Segments(encoding, _packed(lengths, _EACH[encoding]), units)


def characters(text: str) -> Iterator[str]:
    """What readers take for one character: with its accents, and emoji with all they are joined from."""
    found = ""
    for each in text:
        if found and not (_belongs(each) or found.endswith("\u200d")):
            yield found
            found = ""
        found += each
    if found:
        yield found


def cut(text: str, longest: int) -> str:
    """``text`` with at most so many characters as readers count them, what is cut marked; none is cut in two."""
    parts = list(characters(text))
    if len(parts) <= longest:
        return text
    return "".join(parts[: max(0, longest - 3)]).rstrip() + "..." if longest > 3 else ""


def _packed(lengths: Sequence[int], room: int) -> int:
    """Segments of so much room, no character divided between two."""
    count, left = 1, room
    for length in lengths:
        if length > left:
            count, left = count + 1, room
        left -= length
    return count


def _septets(character: str) -> int:
    """1 or 2; 0 for what GSM-7 lacks."""
    try:
        return len(_GSM7.encode(character)[0])
    except UnicodeEncodeError:
        return 0


def _without_accents(character: str) -> str:
    bare = "".join(
        each for each in unicodedata.normalize("NFKD", character) if not unicodedata.combining(each)
    )
    return bare if bare and all(_septets(each) for each in bare) else character


def _belongs(character: str) -> bool:
    """Whether it is part of the character before it: accents, joiners, variation selectors, skin tones."""
    return (
        unicodedata.combining(character) > 0
        or unicodedata.category(character) in ("Mn", "Me", "Cf")
        or "\U0001f3fb" <= character <= "\U0001f3ff"
    )
