"""Change alert settings: validated as a whole, written as a whole, as the caller."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic import Field, ValidationError

from meshhook_alerts.application.channel_document import ChannelDocument, split_config
from meshhook_alerts.application.ports import (
    ChannelPlugin,
    ChannelTools,
    ForbiddenDestination,
    SecretBox,
)
from meshhook_alerts.application.problems import InvalidField, InvalidRequest, NotFound
from meshhook_alerts.application.settings_document import SettingsDocument
from meshhook_alerts.application.settings_ports import (
    Caller,
    ChannelChange,
    SettingsStore,
    SettingsTransaction,
    StoredSettings,
)


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
