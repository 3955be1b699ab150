"""What can be wrong with a request, in words that help."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class InvalidField:
    """One thing wrong with a request: where (a JSON pointer), what, and what would be right."""

    pointer: str
    message: str


class InvalidRequest(Exception):  # noqa: N818
    """A request that cannot be carried out as it is; every wrong field is named."""

    def __init__(self, fields: Sequence[InvalidField]) -> None:
        super().__init__("; ".join(f"{each.pointer}: {each.message}" for each in fields))
        self.fields = fields


class NotFound(Exception):  # noqa: N818
    """Nothing there, or nothing the caller may see; one answer for both."""
