"""A channel as people write it, and the parting of its settings into public and secret."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from meshhook_alerts.application.settings_document import Name


class ChannelDocument(BaseModel):
    """A channel as people write it. Secrets that are left out stay as they are."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    kind: Name = Field(description="The channel plug-in: email, webhook, …")
    enabled: bool = True
    config: dict[str, Any] = Field(default={}, description="As the kind's own schema says.")


def split_config(config: BaseModel) -> tuple[dict[str, Any], dict[str, str]]:
    """A channel's settings as (what may be shown, secrets), by the fields' ``secret`` mark."""
    public: dict[str, Any] = {}
    secrets: dict[str, str] = {}
    for name, value in config.model_dump(mode="json", exclude_none=True).items():
        if is_secret(type(config), name):
            secrets[name] = value
        else:
            public[name] = value
    return public, secrets


def is_secret(model: type[BaseModel], name: str) -> bool:
    """Whether a field of a channel's settings is marked secret."""
    extra = model.model_fields[name].json_schema_extra
    return isinstance(extra, dict) and extra.get("secret") is True


def bound_to(project_id: UUID, channel_id: UUID) -> str:
    """What a channel's sealed secrets are bound to: moved to another row they do not open."""
    return f"alert_channels/{project_id}/{channel_id}"
