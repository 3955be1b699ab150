"""What a user sets for a webhook channel; the form is drawn from this."""

from __future__ import annotations

import base64
import binascii
import re
import secrets
from typing import Annotated, Any

import orjson
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    HttpUrl,
    PlainSerializer,
    TypeAdapter,
)

_PREFIX = "whsec_"
_SECRET_BYTES = range(24, 65)  # Standard Webhooks 1.0.0, "Signature scheme"
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


def _checked_url(text: str) -> str:
    """The address as given, once it is known to be one; which hosts are allowed is the guard's
    to say."""
    text = text.strip()
    _url.validate_python(text)
    return text


def signing_key(secret: str) -> bytes:
    """The bytes behind a ``whsec_…`` secret; raises ``ValueError`` for one that is not valid."""
    if not secret.startswith(_PREFIX):
        raise ValueError(f"A signing secret begins with {_PREFIX}")
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except binascii.Error:
        raise ValueError(f"What follows {_PREFIX} must be Base64") from None
    if len(key) not in _SECRET_BYTES:
        raise ValueError(f"The secret holds {len(key)} bytes; 24 to 64 are needed")
    return key


def new_secret() -> str:
    """A new random signing secret of 32 bytes."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def _checked_secret(secret: str) -> str:
    signing_key(secret.strip())
    return secret.strip()


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


SigningSecret = Annotated[str, AfterValidator(_checked_secret)]

# Secret as a whole, since a header often carries a token; a secret is stored as a text.
Headers = Annotated[
    dict[str, str] | None,
    BeforeValidator(_read_headers),
    AfterValidator(_checked_headers),
    PlainSerializer(_stored, return_type=str | None, when_used="json"),
]


class WebhookConfig(BaseModel):
    """A webhook channel's settings."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, title="Webhook")

    url: Annotated[str, AfterValidator(_checked_url)] = Field(
        title="Address",
        description="Where each alert is posted as JSON. Redirects are not followed.",
        examples=["https://example.com/hooks/meshhook"],
        max_length=2048,
        json_schema_extra={"format": "uri", "destination": True},
    )
    secret: SigningSecret = Field(
        title="Signing secret",
        description="The receiver checks with it that a message is ours: whsec_ and 24 to 64 "
        "random bytes in Base64.",
        max_length=200,
        repr=False,
        json_schema_extra={"secret": True, "pattern": "^whsec_[A-Za-z0-9+/]+={0,2}$"},
    )
    previous_secret: SigningSecret | None = Field(
        default=None,
        title="Previous signing secret",
        description="While a secret is being changed: messages are signed with both, so the "
        "receiver can switch at any moment. Remove it afterwards.",
        max_length=200,
        repr=False,
        json_schema_extra={"secret": True, "pattern": "^whsec_[A-Za-z0-9+/]+={0,2}$"},
    )
    headers: Headers = Field(
        default=None,
        title="Extra headers",
        description="Sent with every message, for a gateway that asks for them. At most 20.",
        repr=False,
        json_schema_extra={"secret": True},
    )
