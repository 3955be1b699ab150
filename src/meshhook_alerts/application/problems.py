"""What can be wrong with a request, in words that help."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


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


def pointer(*path: int | str) -> str:
    """A JSON pointer (RFC 6901) to a place in a request; empty for the whole of it."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def wrong_fields(errors: Iterable[Mapping[str, Any]], at: str = "") -> list[InvalidField]:
    """What pydantic found wrong below the pointer ``at``."""
    return [
        InvalidField(at + pointer(*error["loc"]), str(error["msg"]).removeprefix("Value error, "))
        for error in errors
    ]


def unstorable(document: object) -> Iterator[InvalidField]:
    """The texts in a JSON document that Postgres cannot keep."""
    waiting: list[tuple[tuple[int | str, ...], object]] = [((), document)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, str) and not is_storable(value):
            yield InvalidField(pointer(*path), "holds a character that cannot be stored")
        elif isinstance(value, list):
            waiting += [((*path, place), each) for place, each in enumerate(value)]
        elif isinstance(value, dict):
            if not all(map(is_storable, value)):
                yield InvalidField(pointer(*path), "a name in it cannot be stored")
            waiting += [((*path, name), each) for name, each in value.items() if is_storable(name)]


def is_storable(text: str) -> bool:
    """Whether Postgres takes it: without NUL and without halves of surrogate pairs."""
    try:
        return b"\0" not in text.encode()
    except UnicodeEncodeError:
        return False


class Changed(Exception):  # noqa: N818
    """What the caller knew is no longer so; nothing was changed."""


class Forbidden(Exception):  # noqa: N818
    """What the caller may see, and may not change."""


class NotFound(Exception):  # noqa: N818
    """Nothing there, or nothing the caller may see; one answer for both."""
