"""Signed requests of internal callers, by Standard Webhooks 1.0: HMAC-SHA256 over id, time, body."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")
TOLERANCE = timedelta(minutes=5)
"""Between the signature's time and now. Within it a recorded request can be sent again; that does no
harm, since a failure counts once by its id and time however often it is reported."""

_PREFIX = "whsec_"


class BadSignature(Exception):  # noqa: N818
    """A signature that does not hold; the text says why and repeats nothing secret."""


@dataclass(frozen=True, slots=True)
class SignatureCheck:
    """Checks signatures made with any of the shared secrets."""

    keys: tuple[bytes, ...] = field(repr=False)

    @classmethod
    def of(cls, secrets: str) -> SignatureCheck:
        """Secrets separated by spaces: the current one, and while rotating the previous one."""
        return cls(tuple(_key(each) for each in secrets.split()))

    def check(self, headers: Mapping[str, str], body: bytes, now: datetime) -> None:
        """Returns if ``headers`` bear a signature of ``body`` that holds ``now``.

        Raises:
            BadSignature
        """
        id_, stamp, given = _parts(headers)
        if not self._holds(f"{id_}.{stamp}.".encode() + body, given):
            raise BadSignature("The signature does not fit this body, id and time.")
        _check_age(stamp, now)

    def precheck(self, headers: Mapping[str, str], now: datetime) -> None:
        """Returns if a body could make the signature hold; for before it has been read.

        Raises:
            BadSignature
        """
        _, stamp, _ = _parts(headers)
        _check_age(stamp, now)

    def _holds(self, signed: bytes, given: str) -> bool:
        """Every pair is compared, in constant time, whatever the first ones come to."""
        wanted = [_signature(key, signed) for key in self.keys]
        candidates = [each.encode() for each in given.split()[:10]]
        found = False
        for one in wanted:
            for each in candidates:
                found |= hmac.compare_digest(each, one)
        return found


def _parts(headers: Mapping[str, str]) -> tuple[str, str, str]:
    id_, stamp, given = (headers.get(name, "") for name in HEADERS)
    if not (id_ and given and stamp.isascii() and stamp.isdecimal() and len(stamp) < 12):
        raise BadSignature(f"A signed request bears {', '.join(HEADERS)}.")
    return id_, stamp, given


def _check_age(stamp: str, now: datetime) -> None:
    off = now.timestamp() - int(stamp)
    if abs(off) > TOLERANCE.total_seconds():
        raise BadSignature(f"The signature is {off:+.0f} s old; is the caller's clock right?")


def _signature(key: bytes, signed: bytes) -> bytes:
    return b"v1," + base64.b64encode(hmac.digest(key, signed, "sha256"))


def _key(secret: str) -> bytes:
    """``whsec_`` marks a key in base64, as the standard writes them; others are taken as they are."""
    if secret.startswith(_PREFIX):
        try:
            return base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
        except binascii.Error:
            pass
    return secret.encode()
