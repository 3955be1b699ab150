"""Settings as they are kept, and the transaction in which a caller reads and changes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from meshhook_alerts.application.channel_document import ChannelDocument
from meshhook_alerts.application.seen_failures import SeenFailures
from meshhook_alerts.domain.policy import ProjectPolicy


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: the database role to take on, and the claims its policies read."""

    role: str
    claims: Mapping[str, Any]
    subject: UUID | None = None


@dataclass(frozen=True, slots=True)
class StoredChannel:
    """A channel without its secrets' values."""

    id: UUID
    name: str
    kind: str
    enabled: bool
    version: int
    config: Mapping[str, Any]
    secret_names: Sequence[str]
    limits: Sequence[Mapping[str, int]] = ()
    failing_since: datetime | None = None
    """First failed try since a message was last accepted."""
    trouble: str | None = None
    """The last answer while it fails, redacted."""


@dataclass(frozen=True, slots=True)
class StoredSettings:
    """Everything stored for a project, as the caller may see it."""

    policy: ProjectPolicy
    documents: Mapping[str | None, Mapping[str, Any]]
    versions: Mapping[str | None, int]
    channels: Sequence[StoredChannel]


@dataclass(frozen=True, slots=True)
class KeptChannel:
    """What a channel was like from some moment on."""

    name: str
    version: int
    document: Mapping[str, Any] | None
    """Without secrets; None: it was deleted."""
    secret_names: Sequence[str]
    changed_at: datetime
    changed_by: UUID | None


@dataclass(frozen=True, slots=True)
class KeptVersion:
    """What a place's settings said from some moment on."""

    version: int
    document: Mapping[str, Any]
    changed_at: datetime
    changed_by: UUID | None
    settings_version: int | None
    """The project's version, as decisions name it, from which on it held; None for those of before this
    was kept."""

    @classmethod
    def nothing(cls, before: KeptVersion) -> KeptVersion:
        """What there was before the first."""
        return cls(0, {}, before.changed_at, None, None)


@dataclass(frozen=True, slots=True)
class StoredSecrets:
    """The sealed secrets of a channel."""

    channel_id: UUID
    kind: str
    config: Mapping[str, Any]
    """The public settings beside them."""
    sealed: bytes | None


@dataclass(frozen=True, slots=True)
class ChannelChange:
    """A validated channel, its secrets split off."""

    document: ChannelDocument
    public: Mapping[str, Any]
    secrets: Mapping[str, str]


class SettingsTransaction(Protocol):
    """One transaction in the caller's role; row-level security decides what it can do."""

    async def workflow_slug(self, project_id: UUID, workflow: str) -> str | None:
        """The slug of a workflow named by slug or id; None if there is none."""

    async def read(self, project_id: UUID) -> StoredSettings | None:
        """What is stored; None if the caller sees no such project."""

    async def versions(self, project_id: UUID, workflow: str | None) -> Sequence[KeptVersion]:
        """What a place's settings said, the newest first."""

    async def channel_versions(self, project_id: UUID) -> Sequence[KeptChannel]:
        """What the project's channels were like, the newest first; the last thousand."""

    async def troubles(self, project_id: UUID) -> Sequence[SeenFailures]:
        """Those of the last seven days; the latest thousand."""

    async def workflows(self, project_id: UUID) -> frozenset[str]:
        """The slugs of the project's workflows, if the caller sees the project."""

    async def stored_secrets(
        self, project_id: UUID, channels: Sequence[str]
    ) -> Mapping[str, StoredSecrets]:
        """What those of the channels have that the caller may edit, by name."""

    async def lock(self, project_id: UUID) -> None:
        """Waits until nobody else is changing the project's settings."""

    async def delete_channel(self, project_id: UUID, name: str) -> None:
        """Deletes a channel, if there is one of that name."""

    async def worker_with_mail(self) -> bool:
        """Whether a worker that is alive has the operator's mail server."""

    async def save_document(
        self, project_id: UUID, workflow: str | None, document: Mapping[str, Any], by: UUID | None
    ) -> bool:
        """Creates or replaces, as a new version; returns whether there was none."""

    async def save_channel(
        self, project_id: UUID, change: ChannelChange, secret_names: Sequence[str]
    ) -> UUID:
        """Creates or changes; returns the channel's id."""

    async def save_secrets(self, channel_id: UUID, sealed: bytes | None) -> None:
        """Stores sealed secrets of a channel just saved; outside the caller's own rights."""


class SettingsStore(Protocol):
    """Where settings are kept."""

    def as_caller(self, caller: Caller) -> AbstractAsyncContextManager[SettingsTransaction]:
        """A transaction in the caller's role."""
