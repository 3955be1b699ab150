"""SQL as SQL: one query per file, its purpose in the first comment."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import LiteralString, cast


@cache
def query(name: str) -> LiteralString:
    """The text of ``name.sql``. Our own files are as trusted as literals in the source."""
    return cast(LiteralString, files(__name__).joinpath(f"{name}.sql").read_text("utf-8"))
