"""Identifiers that follow from what they name, so that the same decision has the same ids twice."""

from __future__ import annotations

from hashlib import blake2b
from uuid import UUID

NIL = UUID(int=0)
"""Stands for "project not found yet" in the inbox."""

PLATFORM = UUID(int=1)
"""Stands for MeshHook itself, where a failure concerns its operator and no project."""

NOBODY = UUID(int=2**128 - 1)
"""Stands for "project not found, and no longer looked for" in inbox and ledger."""


def derive_id(parent: UUID, name: str) -> UUID:
    """An id for the thing called ``name`` that belongs to ``parent``.

    Ids derived this way need no random source: replaying a decision, in a simulation or after a
    crash before the commit, gives the same ids. The version bits say 8 (custom), RFC 9562 §5.8.
    """
    digest = bytearray(blake2b(name.encode(), key=parent.bytes, digest_size=16).digest())
    digest[6] = digest[6] & 0x0F | 0x80
    digest[8] = digest[8] & 0x3F | 0x80
    return UUID(bytes=bytes(digest))
