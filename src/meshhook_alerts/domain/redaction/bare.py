"""Random tokens that stand by themselves: known by their looks, their length and their neighbours."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

import re2

from meshhook_alerts.domain.redaction.letters import surprise
from meshhook_alerts.domain.redaction.marks import Span

CANDIDATE = re2.compile(r"[A-Za-z0-9_+/=-]{14,}")
SHORTEST = 16
"""Characters of the shortest token found without a telling word beside it."""

_RANDOM = 5.0  # bits a character: written language has 3.5, random text 6 and more
_RANDOM_SHORT = 5.3  # for fewer than 20 characters
_RANDOM_LETTERS = 5.7  # for letters alone

_UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_ULID = re.compile(r"0[1-3][0-9A-HJKMNP-TV-Z]{24}")
_HEX = re.compile(r"(?=.*[0-9])(?=.*[a-fA-F])[0-9a-fA-F]{28,}")
_PREFIX = re.compile(r"^[A-Za-z]{1,8}[_-]")
_SEPARATORS = re.compile(r"[_-]")
_ONLY_HEX = re.compile(r"[0-9a-fA-F_-]+")
_POD = re.compile(r"[a-z][a-z0-9-]*-[a-z0-9]{6,10}-[a-z0-9]{5}")
_NUMBERS = re.compile(r"[\d_+/=.-]+")
_PIECES = re.compile(r"[^/+=_-]+")
_SEGMENT = re.compile(r"[^/=]+")
_RUN = re.compile(r"[A-Za-z0-9+]+")
_REST = re.compile(
    r"(?:[_-]+(?=[A-Za-z]*[0-9]|[A-Za-z]*[a-z][A-Z])[A-Za-z0-9]{2,15}(?![A-Za-z0-9]))+"
)
"""What dashes join to a random part and nobody would call a word either."""

# What is named before it, a long number in hexadecimal or Base64 is of.
_HARMLESS_BEFORE = re2.compile(
    r"(?i)(?:\b|_)(?:commit|sha-?(?:1|224|256|384|512)?|md5|crc32|digest|checksum|etag|trace(?:[_-]?id)?"
    r"|traceparent|span(?:[_-]?id)?|(?:request|correlation|run|alert|order|job|message|event|task)[_ -]?id"
    r"|revision|rev|object|image|integrity|blob|tree|container|layer|build|fingerprint|thumbprint"
    r"|parent|merge|head|index|boundary|blame|compare|advisory)[\"'`]?(?:\s*[:=@#/-]\s*|\s+|\()[\"'`]?(?:00-)?$"
)
_NAMED = re.compile(r"(?:req|request|evt|msg|run|trace|span|inv|ch|cus|sub|pi|in)_|GHSA-|CVE-")
"""Identifiers of things that can be looked up only by who may."""


def tokens(text: str) -> Iterator[Span]:
    """Random tokens, whole or as parts of longer words."""
    for found in CANDIDATE.finditer(text):
        word = found[0]
        if not _UNLIKE_A_PATH.search(word):
            continue
        for start, end in _random_parts(word):
            if not is_named_harmless(text, found.start() + start):
                for link in _with_its_chain(text, found.start() + start, found.start() + end):
                    yield *link, "[token removed]"


_UNLIKE_A_PATH = re.compile(r"[0-9]|[A-Za-z]{20}")
_REACH = 200  # characters in which the other parts of a token are looked for
_CHAIN_BEFORE = re.compile(r"(?:[A-Za-z0-9_-]+[.:|~])+$")
_CHAIN_AFTER = re.compile(r"(?:(?:[.:|~]|%7C)[A-Za-z0-9_-]+)+")
_LINK = re.compile(r"[A-Za-z0-9_-]{8,}")


def _with_its_chain(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The token, and what is joined to it by dots or colons and holds a digit: tokens of parts."""
    yield start, end
    before = _CHAIN_BEFORE.search(text, max(0, start - _REACH), start)
    after = _CHAIN_AFTER.match(text, end, end + _REACH)
    for chain in (before, after):
        for link in _LINK.finditer(text, *chain.span()) if chain else ():
            if (
                any(map(str.isdigit, link[0]))
                and not link[0].isdigit()
                and _words_in(link[0]) * 2 <= len(link[0])
            ):
                yield link.span()


_GLUED = re.compile(
    r"(?:[A-Za-z0-9_-]{3,64}[!|%~*+]{1,3})+(?=\[token removed\])"
    r"|(?<=\[token removed\])(?:[!|%~*+=]{1,3}[A-Za-z0-9_-]{3,64})+(?![\w\[])[!|%~*+=]{0,3}"
    r"|(?<=\[token removed\])\.(?=[\w-]*[a-z])(?=[\w-]*[A-Z])[\w-]*[0-9][\w-]*\.?(?=\[token removed\]|\W|$)"
)


def remnants(text: str) -> Iterator[Span]:
    """What is glued to a token that has gone, by signs that join no words, and holds a digit: the rest of
    the same secret."""
    for found in _GLUED.finditer(text):
        if any(map(str.isdigit, found[0])) and len(found[0]) >= 4:
            yield *found.span(), ""


def has_remnants(text: str) -> bool:
    """Whether a token has gone."""
    return "[token removed]" in text


def is_random(word: str) -> bool:
    """Whether ``word`` looks as if nobody had thought of it."""
    bare = word.strip("=_-+/")
    if len(bare) < SHORTEST or _NUMBERS.fullmatch(bare):
        return False
    if _UUID.search(bare) or _ULID.fullmatch(bare) or _NAMED.match(bare) or is_pod(bare):
        return False
    if _HEX.fullmatch(_SEPARATORS.sub("", _PREFIX.sub("", bare))):
        return len(set(bare)) > 6
    if bare.isalpha():
        return len(bare) >= 20 and surprise(bare) >= _RANDOM_LETTERS and len(set(bare)) > 8
    enough = _RANDOM if len(bare) >= 20 else _RANDOM_SHORT
    return len(set(bare)) > 7 and (surprise(bare) >= enough or _is_mixed(bare))


def _is_mixed(word: str) -> bool:
    """Whether letters and digits take turns as only dice would have it."""
    turns = sum(
        a.isdigit() != b.isdigit() for a, b in pairwise(word) if a.isalnum() and b.isalnum()
    )
    return len(word) >= 20 and turns * 4 >= len(word) and not _ONLY_HEX.fullmatch(word)


def is_pod(word: str) -> bool:
    """Whether ``word`` is a Kubernetes pod's name, which a reader needs."""
    return _POD.fullmatch(word) is not None


def is_named_harmless(text: str, place: int) -> bool:
    """Whether what stands before ``place`` says that a commit, a digest or an identifier follows."""
    return _HARMLESS_BEFORE.search(text[max(0, place - 40) : place]) is not None


def _random_parts(word: str) -> Iterator[tuple[int, int]]:
    """The whole, if all of it is random; else its random parts, between slashes and then dashes."""
    if is_random(word) and not _words_in(word):
        yield 0, len(word)
        return
    for found in _SEGMENT.finditer(word):
        yield from _parts_of_segment(found[0], found.start())


def _parts_of_segment(segment: str, start: int) -> Iterator[tuple[int, int]]:
    if _UUID.search(segment):
        return
    if is_random(segment) and _words_in(segment) * 2 <= len(segment):
        yield start, start + len(segment)
        return
    for found in _RUN.finditer(segment):
        if len(found[0]) >= SHORTEST and is_random(found[0]):
            rest = _REST.match(segment, found.end())
            yield start + found.start(), start + (rest.end() if rest else found.end())


def _words_in(word: str) -> int:
    """How many of its characters are written language, as in a path or a name."""
    return sum(
        len(each[0])
        for each in _PIECES.finditer(word)
        if each[0].isalpha() and len(each[0]) > 3 and surprise(each[0]) < 4.6
    )
