"""Cursors: where a list goes on. Sealed, so that one that was made up or belongs to another list is told apart."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from typing import Any

import orjson

from meshhook_alerts.application.problems import InvalidField, InvalidRequest

_SEAL_BYTES = 12


def cursor_of(place: Sequence[Any], about: str, secret: str) -> str:
    """A cursor behind ``place`` in the list ``about``."""
    body = orjson.dumps(list(place))
    return base64.urlsafe_b64encode(_seal(body, about, secret) + body).decode().rstrip("=")


def place_of(cursor: str, about: str, secret: str) -> tuple[Any, Any]:
    """The place a cursor stands for.

    Raises:
        InvalidRequest: it is none of ours, or of another list.
    """
    try:
        whole = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        seal, body = whole[:_SEAL_BYTES], whole[_SEAL_BYTES:]
        if hmac.compare_digest(seal, _seal(body, about, secret)):
            first, second = orjson.loads(body)
            return first, second
    except ValueError:
        pass
    what = "is none of ours, or belongs to another search; begin without one"
    raise InvalidRequest([InvalidField("/cursor", what)])


def _seal(body: bytes, about: str, secret: str) -> bytes:
    key = hashlib.sha256(b"cursor\0" + secret.encode()).digest()
    return hmac.new(key, about.encode() + b"\0" + body, hashlib.sha256).digest()[:_SEAL_BYTES]
