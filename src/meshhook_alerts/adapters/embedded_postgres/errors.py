"""What can go wrong, said in words that tell the reader what to do."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_DISK_FULL = "No space left on device"


class EmbeddedPostgresError(RuntimeError):
    """The embedded Postgres cannot do what was asked. The message says why, and what to do."""


class StillStartingError(EmbeddedPostgresError):
    """The server runs but does not answer yet; it is left alone to finish."""


@contextmanager
def explained(data: Path) -> Iterator[None]:
    """Turn the operating system's errors about the data folder into ours."""
    try:
        yield
    except OSError as error:
        raise EmbeddedPostgresError(_explain(error, data)) from error


def _explain(error: OSError, data: Path) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return disk_full(data)
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return (
            f"The data folder {data} cannot be used by this user ({error}). Run as the user who "
            "owns it, or name another folder in MESHHOOK_ALERTS_DATA."
        )
    return f"The embedded Postgres in {data} failed: {error}."


def disk_full(data: Path) -> str:
    return (
        f"The disk that holds {data} is full. Free at least 200 MB and start again, or name a "
        "folder on another disk in MESHHOOK_ALERTS_DATA."
    )


def command_failed(what: str, output: str, data: Path) -> EmbeddedPostgresError:
    """The error for a Postgres program that failed, with the end of what it said."""
    if _DISK_FULL in output:
        return EmbeddedPostgresError(disk_full(data))
    lines = output.strip().splitlines()[-15:] or ["(it said nothing)"]
    return EmbeddedPostgresError("\n  ".join([f"{what} It said last:", *lines]))
