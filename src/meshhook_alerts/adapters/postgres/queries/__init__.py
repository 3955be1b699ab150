"""SQL as SQL: one query per file, its purpose in the first comment."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def query(name: str) -> str:
    """The text of ``name.sql``."""
    return files(__name__).joinpath(f"{name}.sql").read_text("utf-8")
