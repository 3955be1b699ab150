"""What script/check and script/test do once the environment is ready."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import _dashboard
from _steps import CommandError, run, step

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
BROWSER_SETTING = "MESHHOOK_ALERTS_CHROMIUM"

NO_BROWSER = """
!! No Chromium was found, so the tests marked `browser` are NOT RUN.
!! Install it (Debian: sudo apt-get install chromium) or set MESHHOOK_ALERTS_CHROMIUM to its path.
"""

NO_NODE = """
!! No Node was found, so the tests of the JavaScript emitters are NOT RUN.
!! Install it (Debian: sudo apt-get install nodejs).
"""


def check(tools: Path, arguments: list[str]) -> int:
    """The quick checks: form, style, types, import rules and unit tests."""
    unknown = [argument for argument in arguments if argument != "--fix"]
    if unknown:
        print(f"script/check knows only --fix, not {' '.join(unknown)}", file=sys.stderr)
        return 2
    failed = _static_checks(tools, fix="--fix" in arguments)
    failed += _failures("unit tests", [tools / "pytest", "-q", "tests/unit"])
    return _verdict(failed)


def test(tools: Path, arguments: list[str]) -> int:
    """The checks, then all tests (the unit tests among them); extra arguments go to pytest.

    Tests wait more than they reckon, so some run beside each other, each such worker with a Postgres
    of its own; `script/test -n 0` runs them one by one.
    """
    failed = _static_checks(tools, fix=False)
    selection = _browser_selection()
    if selection is None or not _node_settled():
        return 1
    for program in filter(lambda each: not shutil.which(each), ("curl", "openssl")):
        _install(program, "the tests that run the pages' commands")
    try:
        _dashboard.build(tools / "python", check=True)
    except CommandError as failure:
        print(failure, file=sys.stderr)
        return 1
    print(flush=True)
    beside = ["-n", str(min(4, max(2, os.cpu_count() or 1))), "--dist", "worksteal"]
    tests = subprocess.run([tools / "pytest", *beside, *selection, *arguments])
    return _verdict(failed) or tests.returncode


def prove(tools: Path, arguments: list[str]) -> int:
    """One of the longer proofs, by its name; extra arguments go to pytest."""
    proofs = Path("tests/proofs")
    known = sorted(each.name for each in proofs.iterdir() if (each / "__init__.py").exists())
    if not arguments or arguments[0] not in known:
        print("script/prove NAME runs a longer proof. There are:")
        for name in known:
            said = (proofs / name / "__init__.py").read_text("utf-8").strip().strip('"')
            print(f"  {name:10} {said.partition(': ')[2]}")
        return 0 if not arguments else 2
    if arguments[0] == "hosts" and not shutil.which("pgbouncer", path=_PATH):
        _install("pgbouncer", "the proof on hosts with a pooler")
    return subprocess.run([tools / "pytest", proofs / arguments[0], *arguments[1:]]).returncode


_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin"


def _static_checks(tools: Path, *, fix: bool) -> list[str]:
    ruff = tools / "ruff"
    brief = "--output-format=concise"
    steps: list[tuple[str, list[str | Path]]] = [
        ("form", [ruff, "format", *([] if fix else ["--check", brief])]),
        ("style", [ruff, "check", brief, *(["--fix"] if fix else [])]),
        ("types", [tools / "mypy"]),
        ("import rules", [tools / "lint-imports", "--no-logo"]),
    ]
    failed = [name for title, command in steps for name in _failures(title, command)]
    if not fix and {"form", "style"}.intersection(failed):
        print("`script/check --fix` mends form, and style where it can.", file=sys.stderr)
    return failed


def _failures(title: str, command: list[str | Path]) -> list[str]:
    try:
        with step(f"Checking {title}"):
            run(command)
    except CommandError as failure:
        print(failure, file=sys.stderr)
        return [title]
    return []


def _verdict(failed: list[str]) -> int:
    if failed:
        print(f"Failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def _browser_selection() -> list[str] | None:
    """Which tests pytest may select; None if a browser is a must and there is none."""
    if browser := _find_browser() or _install_browser():
        os.environ[BROWSER_SETTING] = browser
        return []
    print(NO_BROWSER, file=sys.stderr, flush=True)
    return None if os.environ.get("CI") else ["-m", "not browser"]


def _find_browser() -> str | None:
    named = os.environ.get(BROWSER_SETTING)
    return named or next(filter(None, map(shutil.which, BROWSERS)), None)


def _install_browser() -> str | None:
    _install("chromium", "the browser tests")
    return _find_browser()


def _node_settled() -> bool:
    """False if Node is a must and there is none; the tests that need it skip themselves."""
    if not shutil.which("node"):
        _install("nodejs", "the emitters' tests")
    if shutil.which("node"):
        return True
    print(NO_NODE, file=sys.stderr, flush=True)
    return not os.environ.get("CI")


def _install(package: str, purpose: str) -> None:
    """Installs a system package where that is possible; says why where it fails."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    try:
        with step(f"Installing the system package {package} for {purpose}"):
            apt_install(package)
    except CommandError as failure:
        print(failure, file=sys.stderr)


def apt_install(package: str) -> None:
    run(["apt-get", "update"])
    run(["apt-get", "install", "-y", package], DEBIAN_FRONTEND="noninteractive")
