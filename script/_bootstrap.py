"""Prepares the checkout's own environment in .venv, then runs a command in it.

Uses the standard library only: it runs before anything is installed.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import json
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import _dashboard
import _tasks
from _steps import CommandError, run, step

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / "installed.json"
EXTRAS = {"demo": "demo,dashboard", "check": "dev", "test": "dev", "prove": "dev"}
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"


def main() -> int:
    command, arguments = sys.argv[1], sys.argv[2:]
    try:
        with only_one():
            prepare(EXTRAS[command])
    except CommandError as failure:
        print(failure, file=sys.stderr)
        return 1
    os.chdir(ROOT)
    if command == "demo":
        _build_dashboard()
        program = VENV / "bin" / "meshhook-alerts"
        os.execv(program, [str(program), "demo", *arguments])
    task = {"check": _tasks.check, "prove": _tasks.prove}.get(command, _tasks.test)
    return task(VENV / "bin", arguments)


def _build_dashboard() -> None:
    """The demo shows it; it runs without, too."""
    try:
        _dashboard.build(VENV / "bin" / "python")
    except CommandError as failure:
        print(
            f"{failure}\nThe dashboard could not be built; the demo runs without it.",
            file=sys.stderr,
        )


@contextmanager
def only_one() -> Iterator[None]:
    """Hold the checkout for ourselves, so that two commands at once do not mix their work."""
    handle = os.open(ROOT, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with step("Waiting for another command that prepares this checkout"):
                fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def prepare(extra: str) -> None:
    """Bring .venv up to date, doing nothing if nothing has changed."""
    wanted, found = fingerprint(), read_stamp()
    if found.get("python") != wanted["python"] or not runs(VENV / "bin" / "python"):
        found = {}
        make_environment()
    current = found.get("files") == wanted["files"]
    # What `dev` installs contains what `demo` needs.
    if current and found.get("extra") in (extra, "dev"):
        return
    STAMP.unlink(missing_ok=True)
    install(extra)
    STAMP.write_text(json.dumps({**wanted, "extra": extra}))


def fingerprint() -> dict[str, str]:
    """What an environment depends on: the interpreter, where it lies, and two files."""
    files = [(ROOT / name).read_bytes() for name in ("pyproject.toml", "constraints.txt")]
    return {
        "python": f"{sys.version} in {VENV}",
        "files": hashlib.sha256(b"\0".join(files)).hexdigest(),
    }


def read_stamp() -> dict[str, str]:
    try:
        stamp = json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def runs(python: Path) -> bool:
    try:
        run([python, "-m", "pip", "--version"])
    except CommandError:
        return False
    return True


def make_environment() -> None:
    ensure_venv_module()
    # Never the Python of .venv itself, should it be the active one.
    python = getattr(sys, "_base_executable", sys.executable)
    with step(f"Making .venv with Python {PYTHON}"):
        run([python, "-m", "venv", "--clear", VENV])


def ensure_venv_module() -> None:
    """Debian and its relatives ship the module that makes environments separately."""
    if all(importlib.util.find_spec(name) for name in ("venv", "ensurepip")):
        return
    package = f"python{PYTHON}-venv"
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise CommandError(
            f"{sys.executable} cannot make environments: its modules `venv` and `ensurepip` are "
            f"missing.\nInstall them (Debian and Ubuntu: sudo apt-get install {package}), "
            "then try again."
        )
    with step(f"Installing the system package {package}, which Python needs to make .venv"):
        _tasks.apt_install(package)


def install(extra: str) -> None:
    pip: list[str | Path] = [VENV / "bin" / "python", "-m", "pip", "install", "--quiet"]
    how = ["--no-input", "--disable-pip-version-check", "--constraint", "constraints.txt"]
    with step(f"Installing MeshHook Alerts and what it needs ({extra}) into .venv"):
        run([*pip, *how, "--editable", f".[{extra}]"], cwd=ROOT)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
