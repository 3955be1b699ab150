"""What a user sets for a webhook channel; the form is drawn from this."""

from __future__ import annotations

import base64
import binascii
import secrets
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
)

from meshhook_alerts.channels.fields import Headers, Url

_PREFIX = "whsec_"
_SECRET_BYTES = range(24, 65)  # Standard Webhooks 1.0.0, "Signature scheme"


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


SigningSecret = Annotated[str, AfterValidator(_checked_secret)]


class WebhookConfig(BaseModel):
    """A webhook channel's settings."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, title="Webhook")

    url: Url = Field(
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
