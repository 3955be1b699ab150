"""Keeps a channel's secrets out of every text about a try.

Redaction knows secrets by their looks; here they are known by value: the other side may repeat
in its answer what it was sent, whole or in part, in capitals, or in some encoding.
"""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Iterator
from itertools import chain
from urllib.parse import quote

from pydantic import BaseModel

from meshhook_alerts.application.channel_document import is_secret
from meshhook_alerts.domain.redaction import redact
from meshhook_alerts.domain.redaction.characters import plain, readable

MAX_DETAIL = 300
"""Longest detail of an outcome, in characters."""

_SHORTEST_MASKED = 4  # characters; masking shorter ones would tear holes into every text
_PIECE = 12  # characters of a form in a row that give it away: other sides cut what they repeat
_MOST_READ = 4000  # characters of a text that are looked at
_REMOVED = "[removed]"


def detail(text: str, config: BaseModel, *more_secrets: str) -> str:
    """``text`` as one short line that can be stored and shown: without the config's secrets (nor
    ``more_secrets``), redacted, cut to ``MAX_DETAIL``."""
    text = readable(text[:_MOST_READ])
    known = {*_secrets(config), *more_secrets}
    forms = {
        form.lower()
        for secret in known
        if len(secret) >= _SHORTEST_MASKED
        for form in _forms(secret)
    }
    clean = " ".join(redact(_without(text, forms)).split())
    return clean if len(clean) <= MAX_DETAIL else clean[: MAX_DETAIL - 1].rstrip() + "…"


def _without(text: str, forms: set[str]) -> str:
    """``text`` without the ``forms`` and long pieces of them, whatever their case."""
    seen = plain(text).lower()
    if len(seen) != len(text):  # a few letters are longer in small; then their case has to fit
        seen = plain(text)
    hidden = bytearray(len(text))
    for start, end in chain(_whole(seen, forms), _pieces(seen, forms)):
        hidden[start:end] = b"\1" * (end - start)
    kept = (" " if gone else character for character, gone in zip(text, hidden, strict=True))
    return "".join(_marked(kept, hidden))


def _marked(kept: Iterator[str], hidden: bytearray) -> Iterator[str]:
    before = 0
    for character, gone in zip(kept, hidden, strict=True):
        if not gone:
            yield character
        elif not before:
            yield _REMOVED
        before = gone


def _whole(seen: str, forms: set[str]) -> Iterator[tuple[int, int]]:
    for form in forms:
        at = seen.find(form)
        while at >= 0:
            yield at, at + len(form)
            at = seen.find(form, at + len(form))


def _pieces(seen: str, forms: set[str]) -> Iterator[tuple[int, int]]:
    pieces = {form[at : at + _PIECE] for form in forms for at in range(len(form) - _PIECE + 1)}
    for at in range(len(seen) - _PIECE + 1):
        if seen[at : at + _PIECE] in pieces:
            yield at, at + _PIECE


def _forms(secret: str) -> Iterator[str]:
    """A secret as it may come back: plain, percent-encoded, escaped for JSON or HTML, in hexadecimal,
    in Base64 of either alphabet and wherever it stands in what was encoded."""
    raw = secret.encode()
    yield secret
    yield quote(secret, safe="")
    yield quote(secret)
    yield json.dumps(secret)[1:-1]
    yield html.escape(secret)
    yield raw.hex()
    yield from _in_base64(raw)


def _in_base64(raw: bytes) -> Iterator[str]:
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + raw).decode().rstrip("=")
        # The first and the last character may hold bits of neighbours.
        certain = encoded[(0, 2, 3)[before] : None if (before + len(raw)) % 3 == 0 else -1]
        if len(certain) >= _SHORTEST_MASKED:
            yield certain
            yield certain.replace("+", "-").replace("/", "_")
    yield base64.b64encode(raw).decode()


def _secrets(config: BaseModel) -> Iterator[str]:
    for name in type(config).model_fields:
        if is_secret(type(config), name):
            value = getattr(config, name)
            parts = value.values() if isinstance(value, dict) else (value,)
            yield from (part for part in parts if isinstance(part, str))
