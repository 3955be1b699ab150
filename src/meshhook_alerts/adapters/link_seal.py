"""Signed links to one alert: whoever has one may read that alert until it expires, or do one thing about it
once, and nothing else.

A link ends in ``?t=EXPIRES.SIGNATURE``: Unix seconds, and 128 bits of HMAC-SHA256 (RFC 2104) over the
alert's id and the seconds, with a key derived from each key of the ring, so that all workers sign and
any server checks, and a link outlives a rotation.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import Enum
from uuid import UUID

from meshhook_alerts.adapters.secret_box import KeyRing

LINK_LIFE = timedelta(days=7)
"""From the decision that the message tells of."""

ACT_LINK_LIFE = timedelta(days=3)
"""Of a link that does something."""

_PURPOSE = b"meshhook-alerts/alert-link/1"
_BYTES = 16


class Seal(Enum):
    """What a link's end is worth."""

    GOOD = "good"
    EXPIRED = "expired"
    WRONG = "wrong"


class LinkSeals:
    """Signs links and checks them."""

    def __init__(self, ring: KeyRing) -> None:
        self._keys: Sequence[bytes] = [
            hmac.digest(key, _PURPOSE, "sha256") for key in ring.keys.values()
        ]

    @classmethod
    def from_text(cls, key_ring: str) -> LinkSeals:
        """With the keys of ``id:base64,id2:base64``; raises ``ValueError``."""
        return cls(KeyRing.parse(key_ring))

    def query(self, alert_id: UUID, at: datetime) -> str:
        """What is put behind the address, for a link that is good until ``LINK_LIFE`` after ``at``: the
        same for the same moment, so that a message made twice is the same."""
        expires = int((at + LINK_LIFE).timestamp())
        return f"?t={expires}.{_signature(self._keys[0], alert_id, expires)}"

    def act_query(self, alert_id: UUID, message_id: UUID, act: str, at: datetime) -> str:
        """As `query`, for a link that does ``act`` to the alert, once; of one message, so that the links of
        another are links of their own."""
        expires = int((at + ACT_LINK_LIFE).timestamp())
        signature = _signature(self._keys[0], _about(alert_id, message_id, act), expires)
        return f"?m={message_id}&t={expires}.{signature}"

    def check_act(
        self, alert_id: UUID, message_id: UUID, act: str, text: str, now: datetime
    ) -> Seal:
        """Whether ``text`` lets its bearer do ``act`` at ``now``."""
        return self._check(_about(alert_id, message_id, act), text, now)

    def check(self, alert_id: UUID, text: str, now: datetime) -> Seal:
        """Whether ``text``, what stands behind ``t=``, opens the alert at ``now``."""
        return self._check(alert_id, text, now)

    def _check(self, about: object, text: str, now: datetime) -> Seal:
        expires, dot, signature = text.partition(".")
        if not (dot and expires.isascii() and expires.isdecimal() and len(expires) < 12):
            return Seal.WRONG
        good = [_signature(key, about, int(expires)) for key in self._keys]
        if not any(hmac.compare_digest(each.encode(), signature.encode()) for each in good):
            return Seal.WRONG
        over = now >= datetime.fromtimestamp(int(expires), UTC)
        return Seal.EXPIRED if over else Seal.GOOD


def _about(alert_id: UUID, message_id: UUID, act: str) -> str:
    return f"{act}/{alert_id}/{message_id}"


def _signature(key: bytes, about: object, expires: int) -> str:
    digest = hmac.digest(key, f"{about}/{expires}".encode(), "sha256")
    return base64.urlsafe_b64encode(digest[:_BYTES]).decode().rstrip("=")
