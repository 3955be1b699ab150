"""Running Postgres' programs, as the right user and apart from our terminal."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

from .account import Account
from .errors import EmbeddedPostgresError

_PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


def run(command: Sequence[str | Path], account: Account | None) -> tuple[int, str]:
    """Run to the end; the exit code and all output. An interruption ends the program too."""
    process = _spawn(command, account)
    try:
        output, _ = process.communicate()
    except BaseException:
        _end(process)
        raise
    return process.returncode, output


def _end(process: subprocess.Popen[str]) -> None:
    """Ask first: Postgres' programs clean up after themselves when interrupted."""
    for how in (signal.SIGINT, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, how)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=5)
            return


def _spawn(command: Sequence[str | Path], account: Account | None) -> subprocess.Popen[str]:
    try:
        return subprocess.Popen(  # noqa: S603 - fixed programs, no shell
            [str(part) for part in command],
            cwd="/",
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )
    except PermissionError as error:
        if error.errno != errno.EPERM or not account:
            raise
        raise EmbeddedPostgresError(
            "Postgres does not run as root, and this system does not let root change to an "
            "unprivileged user. Start as another user, or set DATABASE_URL."
        ) from error


def _environment() -> dict[str, str]:
    """Next to nothing: neither PG* settings nor our secrets belong in the server's environment."""
    kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return kept | {"LC_ALL": "C"}
