"""What a user sets for an ntfy channel; the form is drawn from this."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class NtfyConfig(BaseModel):
    """Where the messages go, and what lets us in."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, title="ntfy")

    server: str = Field(
        default="https://ntfy.sh",
        title="Server",
        description="Your own ntfy server, or the public one.",
        pattern=r"^https?://[^\s/]+/?$",
        max_length=500,
        json_schema_extra={"format": "uri", "destination": True},
    )
    topic: str = Field(
        title="Topic",
        description="Subscribe to it in the app. On the public server whoever knows it reads along.",
        pattern=r"^[-_A-Za-z0-9]{1,64}$",
        json_schema_extra={"destination": True},
    )
    token: str | None = Field(
        default=None,
        title="Access token",
        description="Only if the topic is protected: tk_ and 29 characters.",
        max_length=200,
        repr=False,
        json_schema_extra={"secret": True},
    )
