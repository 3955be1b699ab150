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

_FREE_BITS = UUID("ffffffff-ffff-0fff-3fff-ffffffffffff").int
_VERSION_8 = UUID("00000000-0000-8000-8000-000000000000").int


def derive_id(parent: UUID, name: str) -> UUID:
    """An id for the thing called ``name`` that belongs to ``parent``.

    Ids derived this way need no random source: replaying a decision, in a simulation or after a
    crash before the commit, gives the same ids. The version bits say 8 (custom), RFC 9562 §5.8.
    """
    digest = blake2b(name.encode(), key=parent.bytes, digest_size=16).digest()
    return UUID(int=int.from_bytes(digest) & _FREE_BITS | _VERSION_8)
