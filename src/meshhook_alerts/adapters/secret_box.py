"""Encrypts channel secrets with keys that never enter the database: AES-256-GCM (NIST SP 800-38D).

A sealed secret is: format (1 byte) · length of the key's name (1 byte) · name · nonce (12 bytes) ·
ciphertext with its tag. All before the nonce is authenticated together with what the secret is
bound to, so a ciphertext moved to another row does not open.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from meshhook_alerts.application.ports import UnreadableSecret

KEY_BYTES = 32

_FORMAT = 1
_NONCE_BYTES = 12
_KEY_ID = re.compile(r"[A-Za-z0-9_.-]{1,32}")


@dataclass(frozen=True, slots=True)
class KeyRing:
    """Named keys of 32 bytes. The first seals; all of them open."""

    keys: Mapping[str, bytes] = field(repr=False)

    def __post_init__(self) -> None:
        if not self.keys:
            raise ValueError("The key ring is empty: it needs one entry id:key")
        for key_id, key in self.keys.items():
            _check_key(key_id, key)

    @classmethod
    def parse(cls, text: str) -> KeyRing:
        """Reads ``id:base64,id2:base64``. Raises ``ValueError`` that names the entry at fault and
        never repeats key material."""
        keys: dict[str, bytes] = {}
        entries = [entry.strip() for entry in text.split(",") if entry.strip()]
        for number, entry in enumerate(entries, start=1):
            key_id, key = _parse_entry(entry, number)
            if key_id in keys:
                raise ValueError(f"The key ring names {key_id!r} twice")
            keys[key_id] = key
        return cls(keys)

    @property
    def current(self) -> str:
        """Id of the key that seals."""
        return next(iter(self.keys))


class AesSecretBox:
    """Seals and opens the secrets of channels."""

    def __init__(self, ring: KeyRing) -> None:
        self._current = ring.current
        self._ciphers = {key_id: AESGCM(key) for key_id, key in ring.keys.items()}

    @classmethod
    def from_text(cls, key_ring: str) -> AesSecretBox:
        """A box with the keys of ``id:base64,id2:base64``; raises ``ValueError``."""
        return cls(KeyRing.parse(key_ring))

    @property
    def key_ids(self) -> frozenset[str]:
        """Names of the keys that open."""
        return frozenset(self._ciphers)

    def seal(self, secrets: Mapping[str, str], bound_to: str) -> bytes:
        """Encrypts with the current key; the result opens only with the same ``bound_to``."""
        head = bytes((_FORMAT, len(self._current))) + self._current.encode()
        nonce = os.urandom(_NONCE_BYTES)
        plain = orjson.dumps(dict(secrets))
        cipher = self._ciphers[self._current]
        return head + nonce + cipher.encrypt(nonce, plain, head + bound_to.encode())

    def open(self, sealed: bytes, bound_to: str) -> dict[str, str]:
        """Decrypts. Raises ``UnreadableSecret`` if the key is not in the ring, the secret belongs
        elsewhere or its bytes were changed."""
        key_id, head = _read_head(sealed)
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise UnreadableSecret(
                f"It is sealed with the key {key_id!r}, which is not in MESHHOOK_ALERTS_KEYS; "
                "put that key back, or enter the channel's secrets again"
            )
        nonce = sealed[len(head) : len(head) + _NONCE_BYTES]
        try:
            plain = cipher.decrypt(
                nonce, sealed[len(head) + _NONCE_BYTES :], head + bound_to.encode()
            )
        except (InvalidTag, ValueError):
            raise UnreadableSecret(
                f"It does not open with the key {key_id!r}: it was moved from another channel, "
                "changed, or sealed with another key of that name; enter the secrets again"
            ) from None
        secrets: dict[str, str] = orjson.loads(plain)
        return secrets

    def is_current(self, sealed: bytes) -> bool:
        """Whether ``sealed`` uses the current key; what does not is to be sealed anew after a
        rotation. Raises ``UnreadableSecret`` for what is no sealed secret."""
        return _read_head(sealed)[0] == self._current


def new_key_id(today: date) -> str:
    """A name for a new key that no other key bears: two of one name would be told apart by nothing."""
    return f"k{today:%Y%m%d}-{os.urandom(2).hex()}"


def generate_key(key_id: str) -> str:
    """A new random key as an entry for the key ring. Raises ``ValueError`` for a bad id."""
    key = os.urandom(KEY_BYTES)
    _check_key(key_id, key)
    return f"{key_id}:{base64.b64encode(key).decode()}"


def _parse_entry(entry: str, number: int) -> tuple[str, bytes]:
    key_id, colon, encoded = (part.strip() for part in entry.partition(":"))
    if not colon or not _KEY_ID.fullmatch(key_id):
        # The entry itself is not shown: without its colon it may be the bare key.
        raise ValueError(f"Entry {number} of the key ring is not id:key{_ID_RULE}")
    try:
        return key_id, base64.b64decode(encoded, validate=True)
    except binascii.Error:
        raise ValueError(f"The key {key_id!r} is not valid Base64") from None


_ID_RULE = "; an id is 1 to 32 letters, digits, dots, dashes or underscores"


def _check_key(key_id: str, key: bytes) -> None:
    if not _KEY_ID.fullmatch(key_id):
        raise ValueError(f"{key_id!r} cannot be a key's id{_ID_RULE}")
    if len(key) != KEY_BYTES:
        raise ValueError(f"The key {key_id!r} has {len(key)} bytes; it needs {KEY_BYTES}")


def _read_head(sealed: bytes) -> tuple[str, bytes]:
    """The key's id and the authenticated beginning of ``sealed``."""
    if len(sealed) < 2 or sealed[0] != _FORMAT:
        raise UnreadableSecret("It is not in a format this version knows; enter the secrets again")
    head = sealed[: 2 + sealed[1]]
    return head[2:].decode("ascii", "replace"), head
