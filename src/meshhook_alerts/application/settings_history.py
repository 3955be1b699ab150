"""What a project's settings said before: every version, what changed with it, and back to one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from uuid import UUID

from meshhook_alerts.application.patch_settings import PatchSettings, Saved
from meshhook_alerts.application.problems import NotFound
from meshhook_alerts.application.settings_patch import Change, changes
from meshhook_alerts.application.settings_ports import (
    Caller,
    KeptChannel,
    KeptVersion,
    SettingsStore,
)

MOST_VERSIONS = 100
"""Shown at once, the newest first."""


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a place's settings, and what was different from the one before."""

    kept: KeptVersion
    changes: Sequence[Change]


@dataclass(frozen=True, slots=True)
class ChannelVersion:
    """A version of a channel; no change at all: saved as it was, or with new secrets."""

    kept: KeptChannel
    changes: Sequence[Change]


@dataclass(frozen=True, slots=True)
class SettingsHistory:
    """``/api/alerts/settings/{project_id}/versions``."""

    store: SettingsStore
    patch: PatchSettings

    async def versions(
        self, project_id: UUID, workflow: str | None, caller: Caller
    ) -> list[Version]:
        """The newest first.

        Raises:
            NotFound: no such project or workflow for this caller.
        """
        kept = await self._kept(project_id, workflow, caller)
        first = KeptVersion.nothing(kept[-1]) if kept else None
        below = [*kept, *([first] if first and kept[-1].version == 1 else [])]
        return [
            Version(newer, list(changes(older.document, newer.document)))
            for newer, older in pairwise(below)
        ][:MOST_VERSIONS]

    async def channels(self, project_id: UUID, caller: Caller) -> list[ChannelVersion]:
        """What the project's channels were like, the newest first.

        Raises:
            NotFound: no such project for this caller.
        """
        async with self.store.as_caller(caller) as transaction:
            if await transaction.read(project_id) is None:
                raise NotFound(f"project {project_id}")
            kept = await transaction.channel_versions(project_id)
        before: dict[str, Mapping[str, Any]] = {}
        found = []
        for each in reversed(kept):
            now = dict(each.document or {})
            if each.secret_names:
                now["secrets"] = dict.fromkeys(each.secret_names, "set")
            found.append(ChannelVersion(each, list(changes(before.get(each.name, {}), now))))
            before[each.name] = now
        return found[: -MOST_VERSIONS - 1 : -1]

    async def restore(
        self, project_id: UUID, workflow: str | None, version: int, caller: Caller
    ) -> Saved:
        """Makes a place say again what it said in ``version``, as a new version. Channels stay as they
        are: their secrets are not kept.

        Raises:
            NotFound: no such project, workflow or version for this caller.
            InvalidRequest: it names what is no longer there, such as a channel.
        """
        kept = await self._kept(project_id, workflow, caller)
        wanted = next((each for each in kept if each.version == version), None)
        if wanted is None:
            raise NotFound(f"version {version} of these settings")
        place = {"project_id": str(project_id), "workflow": workflow}
        return await self.patch.replace({**wanted.document, **place}, caller)

    async def _kept(
        self, project_id: UUID, workflow: str | None, caller: Caller
    ) -> Sequence[KeptVersion]:
        async with self.store.as_caller(caller) as transaction:
            if await transaction.read(project_id) is None:
                raise NotFound(f"project {project_id}")
            slug = None
            if workflow is not None:
                slug = await transaction.workflow_slug(project_id, workflow)
                if slug is None:
                    raise NotFound(f"workflow {workflow!r}")
            return await transaction.versions(project_id, slug)
