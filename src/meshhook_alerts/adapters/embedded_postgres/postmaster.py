"""The running server: is it there, start it, stop it."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import socket
import time
from dataclasses import dataclass
from pathlib import Path

from .account import Account
from .binaries import Binaries
from .commands import run
from .database import answers
from .errors import EmbeddedPostgresError, StillStartingError, command_failed
from .layout import Layout

_NO_PROCESS = 2**31 - 1  # above every system's highest process id
_PAUSE = 0.02
_LOG_LIMIT = 5 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Postmaster:
    """What postmaster.pid says: process id, port (0 while unknown) and state."""

    pid: int
    port: int
    state: str


def find_running(layout: Layout) -> Postmaster | None:
    """The server of this data folder, if it really runs: a process id alone proves nothing."""
    found = _read_pid_file(layout)
    return found if found and _is_alive(found, layout) else None


def _read_pid_file(layout: Layout) -> Postmaster | None:
    try:
        lines = layout.postmaster_pid.read_text().splitlines()
        port = int(lines[3]) if len(lines) > 3 else 0
        return Postmaster(int(lines[0]), port, lines[7].strip() if len(lines) > 7 else "starting")
    except (FileNotFoundError, ValueError, IndexError):
        return None


def _is_alive(postmaster: Postmaster, layout: Layout) -> bool:
    if Path("/proc/self/cmdline").exists():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            arguments = Path(f"/proc/{postmaster.pid}/cmdline").read_bytes().split(b"\0")
            return os.fsencode(layout.cluster) in arguments
        return False
    try:
        os.kill(postmaster.pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return answers(layout, postmaster.port)


def wait_until_settled(layout: Layout, timeout: float) -> Postmaster | None:
    """The server once it is ready, or None once it is gone."""
    deadline = time.monotonic() + timeout
    while (found := find_running(layout)) and found.state != "ready":
        if time.monotonic() > deadline:
            raise _still_starting(layout, timeout)
        time.sleep(_PAUSE)
    return found


def launch(
    layout: Layout, binaries: Binaries, account: Account | None, timeout: float
) -> Postmaster:
    """Start the server by pg_ctl, which gives it a session of its own, out of Ctrl-C's reach."""
    _disarm_stale_pid_file(layout)
    written = _prepare_log(layout, account)
    options = shlex.join(["-c", f"config_file={layout.configuration}"])
    waiting = ["-w", "-t", str(max(1, round(timeout)))]
    start: list[str | Path] = [binaries.folder / "pg_ctl", "start", "-D", layout.cluster]
    code, output = run([*start, *waiting, "-l", layout.log, "-o", options], account)
    found = find_running(layout)
    if code == 0 and found:
        return found
    if found:
        raise _still_starting(layout, timeout)
    said = _log_since(layout, written) or output
    raise command_failed(f"Postgres did not start ({layout.log}).", said, layout.data)


def _still_starting(layout: Layout, timeout: float) -> StillStartingError:
    last = "\n  ".join(_log_since(layout, 0).splitlines()[-5:])
    return StillStartingError(
        f"Postgres was not ready after {timeout:.0f} seconds; it is probably recovering from a "
        "crash, and goes on doing so. Start again in a while; the next start waits for it. "
        f"{layout.log} says last:\n  {last}"
    )


def _disarm_stale_pid_file(layout: Layout) -> None:
    """A left-over process id that now belongs to some other program would stop Postgres.

    Only the number goes. The file's other lines let Postgres see whether a former server's
    children still use the data, so the file itself must stay.
    """
    with contextlib.suppress(FileNotFoundError):
        handle = os.open(layout.postmaster_pid, os.O_RDWR | os.O_NOFOLLOW)
        with os.fdopen(handle, "r+") as file:
            _, *rest = file.read().splitlines() or [""]
            file.seek(0)
            file.write("\n".join([str(_NO_PROCESS), *rest, ""]))
            file.truncate()


def _prepare_log(layout: Layout, account: Account | None) -> int:
    """Make the log file for the server's user; its size tells where this start's lines begin."""
    if layout.log.exists() and layout.log.stat().st_size > _LOG_LIMIT:
        layout.log.replace(layout.log.with_suffix(".log.1"))
    handle = os.open(layout.log, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        if account:
            os.fchown(handle, account.uid, account.gid)
        return os.fstat(handle).st_size
    finally:
        os.close(handle)


def _log_since(layout: Layout, position: int) -> str:
    with contextlib.suppress(OSError), layout.log.open("rb") as file:
        file.seek(max(position, layout.log.stat().st_size - 8192))
        return file.read().decode(errors="replace")
    return ""


def shut_down(layout: Layout, how: signal.Signals, timeout: float) -> bool:
    """Stop the server and wait until it is gone. False if none ran."""
    found = find_running(layout)
    if not found:
        return False
    for step in (how, signal.SIGQUIT):
        with contextlib.suppress(ProcessLookupError):
            os.kill(found.pid, step)
        if _gone(found, layout, timeout):
            return True
    raise EmbeddedPostgresError(
        f"Postgres (process {found.pid}) did not stop. Look into {layout.log}."
    )


def _gone(found: Postmaster, layout: Layout, timeout: float) -> bool:
    deadline = time.monotonic() + timeout
    while _is_alive(found, layout):
        if time.monotonic() > deadline:
            return False
        time.sleep(_PAUSE)
    return True


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
