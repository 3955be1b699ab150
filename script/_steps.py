"""One line on the terminal per step, and quiet commands that speak up only when they fail."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path


class CommandError(Exception):
    """A step did not work; the message holds all that its command said."""


def run(command: Sequence[str | Path], cwd: Path | None = None, **environment: str) -> str:
    """Run a command and return its output, which is shown only if it fails."""
    shown = " ".join(str(part) for part in command)
    try:
        done = subprocess.run(
            command,
            cwd=cwd,
            env=os.environ | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
    except OSError as error:
        raise CommandError(f"{shown}: {error.strerror}") from error
    if done.returncode:
        raise CommandError(f"{done.stdout.strip()}\n(exit {done.returncode} of: {shown})")
    return done.stdout


@contextmanager
def step(title: str) -> Iterator[None]:
    """Say what is being done while it is being done, and how long it took."""
    start, over = time.monotonic(), threading.Event()
    print(f"{title} …", end="", file=sys.stderr, flush=True)
    clock = threading.Thread(target=_tick, args=(title, start, over), daemon=True)
    if sys.stderr.isatty():
        clock.start()
    word = "failed after"
    try:
        yield
        word = "done in"
    finally:
        over.set()
        if clock.ident:
            clock.join()
        print(f" {word} {time.monotonic() - start:.1f} s", file=sys.stderr, flush=True)


def _tick(title: str, start: float, over: threading.Event) -> None:
    while not over.wait(1):
        seconds = time.monotonic() - start
        print(f"\r{title} … {seconds:.0f} s", end="", file=sys.stderr, flush=True)
    print(f"\r\033[K{title} …", end="", file=sys.stderr, flush=True)
