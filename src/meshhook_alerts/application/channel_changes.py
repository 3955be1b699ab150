"""Check channels before they are saved: their kind, their settings, their address, their secrets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from pydantic import BaseModel, ValidationError

from meshhook_alerts.application.channel_document import (
    ChannelDocument,
    bound_to,
    split_config,
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
        return ChannelChange(document, *split_config(config))

    def _config(
        self,
        plugin: ChannelPlugin,
        project_id: UUID,
        document: ChannelDocument,
        stored: StoredSecrets | None,
    ) -> BaseModel:
        kept, lost = self._kept(project_id, stored)
        try:
            return plugin.config_model.model_validate({**kept, **document.config})
        except ValidationError as problem:
            raise InvalidRequest(lost + wrong_fields(problem.errors(), "/config")) from None

    def _kept(
        self, project_id: UUID, stored: StoredSecrets | None
    ) -> tuple[dict[str, str], list[InvalidField]]:
        """The secrets the channel has; what to say if they are missed and cannot be opened."""
        if stored is None or stored.sealed is None:
            return {}, []
        try:
            return self.secrets.open(stored.sealed, bound_to(project_id, stored.channel_id)), []
        except UnreadableSecret as problem:
            return {}, [InvalidField("/config", f"What was stored is lost. {problem}")]
