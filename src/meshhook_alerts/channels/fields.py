"""Fields that forms of several kinds have in common; third parties may import them."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, Field, HttpUrl, TypeAdapter

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
