"""SQL as SQL: one query per file, its purpose in the first comment, in a folder by what it is for."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def query(name: str) -> str:
    """The text of ``name.sql``, e.g. ``deciding/take_project``."""
    return files(__name__).joinpath(f"{name}.sql").read_text("utf-8")
