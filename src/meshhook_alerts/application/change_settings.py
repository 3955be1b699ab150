"""Change and read alert settings: validated as a whole, written as a whole, as the caller."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from meshhook_alerts.application.ports import (
    ChannelPlugin,
    ChannelTools,
    ForbiddenDestination,
    SecretBox,
)
from meshhook_alerts.application.settings_document import Name, SettingsDocument
from meshhook_alerts.domain.policy import EffectiveSettings, ProjectPolicy


class ChannelDocument(BaseModel):
    """A channel as people write it. Secrets that are left out stay as they are."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    kind: str = Field(description="The channel plug-in: email, webhook, …")
    enabled: bool = True
    config: dict[str, Any] = Field(default={}, description="As the kind's own schema says.")


class SettingsRequest(SettingsDocument):
    """The whole settings of a project, or of one of its workflows."""

    project_id: UUID
    workflow: str | None = Field(
        default=None, max_length=200, description="Slug or id; none means the whole project."
    )
    channels: list[ChannelDocument] | None = Field(
        default=None,
        max_length=100,
        description="Channels to create or change, by name; the others stay.",
    )


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: the database role to take on, and the claims its policies read."""

    role: str
    claims: Mapping[str, Any]
    subject: UUID | None = None


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


@dataclass(frozen=True, slots=True)
class StoredSettings:
    """Everything stored for a project, as the caller may see it."""

    policy: ProjectPolicy
    documents: Mapping[str | None, Mapping[str, Any]]
    versions: Mapping[str | None, int]
    channels: Sequence[StoredChannel]


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

    async def stored_secrets(
        self, project_id: UUID, channel: str
    ) -> tuple[UUID, bytes | None] | None:
        """Id and sealed secrets of a channel the caller may edit."""

    async def save_document(
        self, project_id: UUID, workflow: str | None, document: Mapping[str, Any], by: UUID | None
    ) -> int:
        """Creates or replaces; returns the new version."""

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


@dataclass(frozen=True, slots=True)
class ChangeSettings:
    """``POST /api/alerts/settings``."""

    store: SettingsStore
    channels: Mapping[str, ChannelPlugin]
    tools: ChannelTools
    secrets: SecretBox

    async def __call__(self, request: SettingsRequest, caller: Caller) -> tuple[str | None, int]:
        """Saves; returns the workflow's slug (None for the project) and the new version.

        Raises:
            InvalidRequest, NotFound
        """
        async with self.store.as_caller(caller) as transaction:
            stored = await transaction.read(request.project_id)
            if stored is None:
                raise NotFound(f"project {request.project_id}")
            slug = await self._slug(transaction, request)
            for place, document in enumerate(request.channels or ()):
                await self._save_channel(transaction, request.project_id, place, document)
            _check_channel_names(request, stored)
            version = await transaction.save_document(
                request.project_id, slug, _own_part(request), caller.subject
            )
            return slug, version

    async def _slug(self, transaction: SettingsTransaction, request: SettingsRequest) -> str | None:
        if request.workflow is None:
            return None
        slug = await transaction.workflow_slug(request.project_id, request.workflow)
        if slug is None:
            raise InvalidRequest(
                [
                    InvalidField(
                        "/workflow",
                        f"no workflow {request.workflow!r} in this project; give its slug or id",
                    )
                ]
            )
        return slug

    async def _save_channel(
        self,
        transaction: SettingsTransaction,
        project_id: UUID,
        place: int,
        document: ChannelDocument,
    ) -> None:
        pointer = f"/channels/{place}"
        known = await transaction.stored_secrets(project_id, document.name)
        bound = f"alert_channels/{project_id}"
        kept = self.secrets.open(known[1], f"{bound}/{known[0]}") if known and known[1] else {}
        change = await self._checked(document, kept, pointer)
        channel_id = await transaction.save_channel(project_id, change, sorted(change.secrets))
        sealed = (
            self.secrets.seal(change.secrets, f"{bound}/{channel_id}") if change.secrets else None
        )
        await transaction.save_secrets(channel_id, sealed)

    async def _checked(
        self, document: ChannelDocument, kept: Mapping[str, str], pointer: str
    ) -> ChannelChange:
        plugin = self.channels.get(document.kind)
        if plugin is None:
            known = ", ".join(sorted(self.channels))
            raise InvalidRequest(
                [
                    InvalidField(
                        f"{pointer}/kind",
                        f"no channel of kind {document.kind!r} is installed; there are {known}",
                    )
                ]
            )
        try:
            config = plugin.config_model.model_validate({**kept, **document.config})
            await plugin.check(config, self.tools)
        except ValidationError as problem:
            raise InvalidRequest(
                [
                    InvalidField(_pointer(f"{pointer}/config", error["loc"]), error["msg"])
                    for error in problem.errors()
                ]
            ) from None
        except ForbiddenDestination as problem:
            raise InvalidRequest([InvalidField(f"{pointer}/config", str(problem))]) from None
        public, secrets = split_config(config)
        return ChannelChange(document, public, secrets)


@dataclass(frozen=True, slots=True)
class ReadSettings:
    """``GET /api/alerts/settings/{project_id}`` and ``/{workflow}``."""

    store: SettingsStore

    async def __call__(
        self, project_id: UUID, workflow: str | None, caller: Caller
    ) -> SettingsView:
        """What holds, and where each value comes from.

        Raises:
            NotFound: no such project or workflow for this caller.
        """
        async with self.store.as_caller(caller) as transaction:
            stored = await transaction.read(project_id)
            slug = None
            if stored is not None and workflow is not None:
                slug = await transaction.workflow_slug(project_id, workflow)
        if stored is None:
            raise NotFound(f"project {project_id}")
        if workflow is not None and slug is None:
            raise NotFound(f"workflow {workflow!r}")
        return SettingsView(stored, project_id, slug)


@dataclass(frozen=True, slots=True)
class SettingsView:
    """What is stored, seen from a project or one of its workflows."""

    stored: StoredSettings
    project_id: UUID
    workflow: str | None = field(default=None)

    @property
    def effective(self) -> EffectiveSettings:
        """What holds here."""
        return self.stored.policy.for_workflow(self.workflow)

    @property
    def version(self) -> int:
        """Version of this place's own document; 0 if it has none."""
        return self.stored.versions.get(self.workflow, 0)


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


def _own_part(request: SettingsRequest) -> dict[str, Any]:
    return request.model_dump(
        mode="json", exclude={"project_id", "workflow", "channels"}, exclude_none=True
    )


def _check_channel_names(request: SettingsRequest, stored: StoredSettings) -> None:
    known = {channel.name for channel in stored.channels}
    known |= {channel.name for channel in request.channels or ()}
    unknown = [
        InvalidField(
            f"/rules/{i}/channels/{j}",
            f"no channel is called {name!r}; there are: {', '.join(sorted(known)) or 'none yet'}",
        )
        for i, rule in enumerate(request.rules or ())
        for j, name in enumerate(rule.channels)
        if name not in known
    ]
    if unknown:
        raise InvalidRequest(unknown)


def _pointer(prefix: str, loc: tuple[int | str, ...]) -> str:
    return "/".join([prefix, *(str(part).replace("~", "~0").replace("/", "~1") for part in loc)])
