"""The corpora: fetched once, kept in a cache folder, read from there."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_LIST = Path(__file__).with_name("corpora.txt")


@dataclass(frozen=True, slots=True)
class Corpus:
    """One package and what it is read for."""

    name: str
    requirement: str
    """As pip knows it: name, version, hash."""
    holds: str
    """``secrets`` or ``harmless``."""
    sealed: bool
    """Not to be read while patterns are written."""

    def folder(self) -> Path:
        """Where its files lie; fetched if need be."""
        place = _cache() / self.requirement.partition(" ")[0]
        if not place.exists():
            _fetch(self, place)
        return place


def corpora() -> Iterator[Corpus]:
    """All of them, in the order of the list."""
    holds, sealed = "", False
    for line in _LIST.read_text().splitlines():
        if line.startswith("# ["):
            seal, _, holds = line[3:-1].partition(" ")
            sealed = seal == "sealed"
        elif line and not line.startswith("#"):
            yield Corpus(line.partition("==")[0], line, holds, sealed)


def _cache() -> Path:
    root = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(root) / "meshhook-alerts" / "corpora"


def _fetch(corpus: Corpus, place: Path) -> None:
    """The source package, checked against its hash and unpacked; pip builds its metadata on the way."""
    print(f"fetching {corpus.name} …", file=sys.stderr)
    fetched = place.with_suffix(".fetching")
    fetched.mkdir(parents=True, exist_ok=True)
    wanted = fetched / "wanted.txt"
    wanted.write_text(corpus.requirement + "\n")
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--require-hashes"]
    command += ["-qq", "--no-binary", ":all:", "--dest", str(fetched), "--requirement", str(wanted)]
    subprocess.run(command, check=True, timeout=180, stdout=subprocess.DEVNULL)
    with tarfile.open(next(fetched.glob("*.tar.gz"))) as archive:
        archive.extractall(fetched / "files", filter="data")
    (fetched / "files").rename(place)
