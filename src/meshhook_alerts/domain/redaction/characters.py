"""Characters: which have no place in a message, and which only look like others.

A token with an invisible character inside, or with a Cyrillic letter for a Latin one, opens as many
doors as before once a person has copied it. What is invisible goes before anything is looked for, and
the search sees Latin letters in place of their look-alikes.
"""

from __future__ import annotations

import re
from unicodedata import normalize

# Control characters, lone surrogates, what turns the direction of writing, and line ends that only
# some readers take for such (a mail header must not hold one): a space takes their place.
_UNSAFE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u180e\u2028-\u202e\u2066-\u2069"
    r"\ud800-\udfff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
# What shows nothing at all. Joiners have their place in emoji and many scripts, so they go only
# from between two characters that a token may hold; so do marks put upon such a character.
_INVISIBLE = re.compile(
    r"[\xad\u034f\u115f\u1160\u17b4\u17b5\u200b\u200e\u200f\u2060-\u2065\u206a-\u206f\u3164\ufeff\uffa0]"
    r"|(?<=[!-~])[\u0300-\u036f\u200c\u200d\ufe00-\ufe0f]+(?=[!-~])"
)

# Latin letters and digits as other scripts write them (after Unicode TS 39, by eye).
_LOOKS_LIKE = {
    "A": "АΑ", "B": "ВΒ", "C": "С", "E": "ЕΕ", "H": "НΗ", "I": "ІΙ", "J": "Ј", "K": "КΚ", "M": "МΜ",
    "N": "Ν", "O": "ОΟ", "P": "РΡ", "S": "Ѕ", "T": "ТΤ", "X": "ХΧ", "Y": "УΥ", "Z": "Ζ",
    "a": "аα", "c": "с", "d": "ԁ", "e": "е", "h": "һ", "i": "іι", "j": "ј", "k": "кκ", "o": "оο",
    "p": "рρ", "q": "ԛ", "s": "ѕ", "u": "υ", "v": "ν", "w": "ԝ", "x": "х", "y": "у",
    "-": "‐‑‒–—−﹣", ".": "․。", ":": "：﹕∶", "=": "＝",
}  # fmt: skip
_ALIKE = {ord(each): latin for latin, others in _LOOKS_LIKE.items() for each in others}


def readable(text: str) -> str:
    """``text`` without characters that are invisible, turn the direction, or end more than a line."""
    if text.isascii() and text.isprintable():
        return text
    return _UNSAFE.sub(" ", _INVISIBLE.sub("", text))


def plain(text: str) -> str:
    """``text`` with Latin letters for their look-alikes; every character keeps its place."""
    if text.isascii():
        return text
    return "".join(map(_plain_character, text))


def _plain_character(character: str) -> str:
    if character.isascii():
        return character
    alike = character.translate(_ALIKE)
    if not alike.isascii():
        alike = normalize("NFKC", character)  # full-width and mathematical letters
    return alike if alike.isascii() and len(alike) == 1 else character
