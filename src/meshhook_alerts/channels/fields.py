"""Fields that forms of several kinds have in common; third parties may import them."""

from __future__ import annotations

import re
from typing import Annotated, Any

import orjson
from pydantic import AfterValidator, BeforeValidator, Field, HttpUrl, PlainSerializer, TypeAdapter

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}")  # token, RFC 9110 5.6.2
_HEADER_VALUE = re.compile(r"[\x20-\x7e]{0,4096}")  # nothing that could start a line of its own
_MOST_HEADERS = 20
_RESERVED = frozenset(
    {"accept-encoding", "connection", "cookie", "expect", "host", "keep-alive", "te", "trailer"}
    | {"content-encoding", "content-length", "content-type", "transfer-encoding"}
    | {"upgrade", "user-agent"}
)
_RESERVED_BEGINNINGS = ("webhook-", "proxy-")

_url = TypeAdapter(HttpUrl)


def checked_url(text: str) -> str:
    """The address as given, once it is known to be one; which hosts may be called is the guard's to say."""
    text = text.strip()
    _url.validate_python(text)
    return text


Url = Annotated[str, AfterValidator(checked_url)]


def address(title: str, description: str, example: str) -> Any:
    """An address that messages are posted to and that is a secret as a whole: whoever knows it may write there."""
    return Field(
        title=title,
        description=description,
        examples=[example],
        max_length=2048,
        repr=False,
        json_schema_extra={"format": "uri", "secret": True},
    )


def server(default: str, description: str) -> Any:
    """Where a provider's API is: its usual address, unless somebody has another."""
    return Field(
        default=default,
        title="Server",
        description=description,
        max_length=500,
        json_schema_extra={"format": "uri", "destination": True},
    )


def token(title: str, description: str, *, optional: bool = False, pattern: str = "") -> Any:
    """Something that lets us in: stored encrypted, never shown."""
    extra: dict[str, Any] = {"secret": True}
    if pattern:
        extra["pattern"] = pattern
    return Field(
        default=None if optional else ...,
        title=title,
        description=description,
        min_length=1,
        max_length=500,
        repr=False,
        json_schema_extra=extra,
    )


def _read_headers(value: Any) -> Any:
    return orjson.loads(value) if isinstance(value, str) and value else value or None


def _checked_headers(headers: dict[str, str] | None) -> dict[str, str] | None:
    checked = {name.strip(): value.strip() for name, value in (headers or {}).items()}
    if len(checked) > _MOST_HEADERS:
        raise ValueError(f"{len(checked)} headers are too many; at most {_MOST_HEADERS}")
    if len({name.lower() for name in checked}) < len(checked):
        raise ValueError("A header is named twice; case makes no difference")
    for name, value in checked.items():
        _check_header(name, value)
    return checked or None


def _check_header(name: str, value: str) -> None:
    if not _HEADER_NAME.fullmatch(name):
        raise ValueError(f"{name!r} is not a header name")
    if name.lower() in _RESERVED or name.lower().startswith(_RESERVED_BEGINNINGS):
        raise ValueError(f"{name} is set by the service itself")
    if not _HEADER_VALUE.fullmatch(value):
        raise ValueError(f"The value of {name} may hold printable ASCII only, on one line")


def _stored(headers: dict[str, str] | None) -> str | None:
    return orjson.dumps(headers).decode() if headers else None


# Secret as a whole, since a header often carries a token; a secret is stored as a text.
Headers = Annotated[
    dict[str, str] | None,
    BeforeValidator(_read_headers),
    AfterValidator(_checked_headers),
    PlainSerializer(_stored, return_type=str | None, when_used="json"),
]
