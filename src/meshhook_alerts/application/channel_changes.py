"""Check channels before they are saved: their kind, their settings, their address, their secrets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ValidationError

from meshhook_alerts.application.channel_document import (
    ChannelDocument,
    destination_of,
    is_secret,
    split_config,
    unseal,
)
from meshhook_alerts.application.ports import (
    ChannelPlugin,
    ChannelTools,
    ForbiddenDestination,
    SecretBox,
    UnreadableSecret,
)
from meshhook_alerts.application.problems import (
    InvalidField,
    InvalidRequest,
    pointer,
    wrong_fields,
)
from meshhook_alerts.application.settings_ports import ChannelChange, StoredSecrets


@dataclass(frozen=True, slots=True)
class ChannelChecker:
    """Makes changes out of documents, or says everything that is wrong with them."""

    channels: Mapping[str, ChannelPlugin]
    tools: ChannelTools
    secrets: SecretBox

    async def changes(
        self,
        project_id: UUID,
        documents: Sequence[ChannelDocument],
        stored: Mapping[str, StoredSecrets],
    ) -> tuple[list[ChannelChange], list[InvalidField]]:
        """The changes, and the wrong fields; ``stored`` holds what the channels have, by name."""
        changes: list[ChannelChange] = []
        wrong: list[InvalidField] = []
        for place, document in enumerate(documents):
            try:
                changes.append(await self._change(project_id, document, stored.get(document.name)))
            except InvalidRequest as problem:
                at = pointer("channels", place)
                wrong += [InvalidField(at + each.pointer, each.message) for each in problem.fields]
        return changes, wrong

    async def _change(
        self, project_id: UUID, document: ChannelDocument, stored: StoredSecrets | None
    ) -> ChannelChange:
        plugin = self.channels.get(document.kind)
        if plugin is None:
            what = f"no channel of kind {document.kind!r} is installed; there are {', '.join(sorted(self.channels))}"
            raise InvalidRequest([InvalidField("/kind", what)])
        # Another kind has secrets of its own.
        same = stored is not None and stored.kind == document.kind
        config = self._config(plugin, project_id, document, stored if same else None)
        try:
            await plugin.check(config, self.tools)
        except ForbiddenDestination as problem:
            raise InvalidRequest([InvalidField("/config", str(problem))]) from None
        public, secrets = split_config(config)
        if same and stored:
            asked = _to_be_asked_again(plugin, document, stored, public)
            if again := [each for each in asked if each.pointer.rpartition("/")[2] in secrets]:
                raise InvalidRequest(again)
        return ChannelChange(document, public, secrets)

    def _config(
        self,
        plugin: ChannelPlugin,
        project_id: UUID,
        document: ChannelDocument,
        stored: StoredSecrets | None,
    ) -> BaseModel:
        kept, lost = self._kept(plugin, project_id, stored)
        try:
            return plugin.config_model.model_validate({**kept, **document.config})
        except ValidationError as problem:
            raise InvalidRequest(lost + wrong_fields(problem.errors(), "/config")) from None

    def _kept(
        self, plugin: ChannelPlugin, project_id: UUID, stored: StoredSecrets | None
    ) -> tuple[dict[str, str], list[InvalidField]]:
        """The secrets the channel has; what to say if they are missed and cannot be opened."""
        if stored is None or stored.sealed is None:
            return {}, []
        try:
            destination = destination_of(plugin.config_model, stored.config)
            channel = project_id, stored.channel_id
            return unseal(self.secrets, stored.sealed, channel, destination), []
        except UnreadableSecret as problem:
            return {}, [InvalidField("/config", f"What was stored is lost. {problem}")]


def _to_be_asked_again(
    plugin: ChannelPlugin,
    document: ChannelDocument,
    stored: StoredSecrets,
    public: Mapping[str, Any],
) -> list[InvalidField]:
    """The secrets that were given for another address: whoever may change the address need not know
    them, and must not have them sent wherever they like."""
    model = plugin.config_model
    if destination_of(model, stored.config) == destination_of(model, public):
        return []
    what = "enter it again: what is stored was given for another address, and stays with that one"
    return [
        InvalidField(pointer("config", name), what)
        for name in model.model_fields
        if is_secret(model, name) and name not in document.config
    ]
