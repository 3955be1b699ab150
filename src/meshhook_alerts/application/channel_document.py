"""A channel as people write it, and the parting of its settings into public and secret."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from meshhook_alerts.application.ports import SecretBox, UnreadableSecret
from meshhook_alerts.application.settings_document import Name
from meshhook_alerts.domain.policy import Limit


class LimitDocument(BaseModel):
    """At most so many messages in any such span; what is beyond waits for one digest."""

    model_config = ConfigDict(extra="forbid")

    messages: int = Field(ge=1, le=10_000)
    seconds: int = Field(ge=60, le=30 * 86_400)

    def limit(self) -> Limit:
        """In the engine's words."""
        return Limit(self.messages, timedelta(seconds=self.seconds))


class ChannelDocument(BaseModel):
    """A channel as people write it. Secrets that are left out stay as they are."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    kind: Name = Field(description="The channel plug-in: email, webhook, …")
    enabled: bool = True
    config: dict[str, Any] = Field(default={}, description="As the kind's own schema says.")
    limits: list[LimitDocument] = Field(
        default=[], max_length=5, description="Sliding windows, such as 3 per hour and 7 per day."
    )


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
    return _is_marked(model, name, "secret")


def destination_of(model: type[BaseModel], config: Mapping[str, Any]) -> str:
    """Where a channel's secrets go, as a text that differs where that does: the values of the
    fields marked ``destination`` in its public settings."""
    marked = [name for name in model.model_fields if _is_marked(model, name, "destination")]
    return json.dumps({name: config.get(name) for name in marked}, sort_keys=True) if marked else ""


def seal(
    box: SecretBox,
    secrets: Mapping[str, str],
    channel: tuple[UUID, UUID],
    destination: str,
) -> bytes:
    """The secrets of a channel (its project's id and its own), bound to it and to where they go:
    moved to another row, or with another address beside them, they do not open."""
    return box.seal(secrets, _bound_to(*channel, destination))


def unseal(
    box: SecretBox, sealed: bytes, channel: tuple[UUID, UUID], destination: str
) -> dict[str, str]:
    """The secrets of a channel. Those sealed before they were bound to an address still open.

    Raises:
        UnreadableSecret
    """
    try:
        return box.open(sealed, _bound_to(*channel, destination))
    except UnreadableSecret as problem:
        try:
            return box.open(sealed, _bound_to(*channel, ""))
        except UnreadableSecret:
            raise problem from None


def _bound_to(project_id: UUID, channel_id: UUID, destination: str) -> str:
    place = f"alert_channels/{project_id}/{channel_id}"
    return f"{place}/{destination}" if destination else place


def _is_marked(model: type[BaseModel], name: str, mark: str) -> bool:
    extra = model.model_fields[name].json_schema_extra
    return isinstance(extra, dict) and extra.get(mark) is True
