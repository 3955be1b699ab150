"""Who uses the server, kept by the kernel's file locks, so that a killed process leaves no trace."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def alone(lock: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold the lock. Without `wait`, BlockingIOError says that somebody else holds it."""
    handle = _open(lock)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield
    finally:
        os.close(handle)


class Membership:
    """One user's share in the server. Join, ask and leave while holding the start lock."""

    def __init__(self, lock: Path) -> None:
        self._handle = _open(lock)
        fcntl.flock(self._handle, fcntl.LOCK_SH)

    def is_last(self) -> bool:
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            # The kernel may have dropped our share while trying.
            fcntl.flock(self._handle, fcntl.LOCK_SH)
            return False
        return True

    def leave(self) -> None:
        fcntl.flock(self._handle, fcntl.LOCK_UN)
        os.close(self._handle)


def has_members(lock: Path) -> bool:
    try:
        with alone(lock, wait=False):
            return False
    except BlockingIOError:
        return True


def _open(lock: Path) -> int:
    return os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
