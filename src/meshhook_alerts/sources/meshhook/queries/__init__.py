"""What we ask of MeshHook's tables: one query per file, in a folder for each set of rules."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def query(name: str) -> str:
    """The text of ``name.sql``, e.g. ``runs/met_runs``."""
    return files(__name__).joinpath(f"{name}.sql").read_text("utf-8")
