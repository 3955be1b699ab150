"""A project's settings as one document, for a file: the project, its workflows, its channels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic import Field, ValidationError

from meshhook_alerts.application.change_settings import ChangeSettings, SettingsRequest, own_part
from meshhook_alerts.application.patch_settings import PatchSettings
from meshhook_alerts.application.problems import InvalidField, InvalidRequest, pointer, wrong_fields
from meshhook_alerts.application.read_settings import ReadSettings, SettingsView
from meshhook_alerts.application.settings_document import SettingsDocument
from meshhook_alerts.application.settings_patch import Change, as_written, changes
from meshhook_alerts.application.settings_ports import Caller, StoredSettings


class SettingsFile(SettingsRequest):
    """All the settings of a project. Channels and workflows that are not in it go, unless it has none of
    them at all: then they all stay. Secrets that are left out stay as they are."""

    workflow: None = Field(default=None, exclude=True)
    workflows: dict[str, SettingsDocument] | None = Field(
        default=None, max_length=1000, description="What single workflows say, by slug."
    )


@dataclass(frozen=True, slots=True)
class SettingsFiles:
    """``meshhook-alerts settings export|diff|apply``."""

    read: ReadSettings
    change: ChangeSettings
    patch: PatchSettings

    async def warnings(self, document: Mapping[str, Any], caller: Caller) -> list[InvalidField]:
        """What may be a mistake in the rules of a file that has been applied."""
        wanted = _read(document)
        view = await self.read(wanted.project_id, None, caller)
        found = await self.patch.warnings(view, caller)
        for slug in wanted.workflows or ():
            place = SettingsView(view.stored, view.project_id, slug)
            found += [_in_file(slug, each) for each in await self.patch.warnings(place, caller)]
        return found

    async def export(self, project_id: UUID, caller: Caller) -> dict[str, Any]:
        """What is stored, as a file says it.

        Raises:
            NotFound
        """
        stored = (await self.read(project_id, None, caller)).stored
        return {"project_id": str(project_id), **_whole(stored)}

    async def differences(self, document: Mapping[str, Any], caller: Caller) -> list[Change]:
        """What applying it would change; everything about it is checked, and nothing is saved.

        Raises:
            InvalidRequest, NotFound
        """
        wanted = _read(document)
        stored = (await self.read(wanted.project_id, None, caller)).stored
        for place, request in _requests(wanted, stored):
            await self._save(place, request, wanted, stored, caller, only_check=True)
        return list(_changes(wanted, stored))

    async def apply(self, document: Mapping[str, Any], caller: Caller) -> list[Change]:
        """Makes it so; returns what has changed. All of it is checked before any of it is saved.

        Raises:
            InvalidRequest, NotFound
            Changed: somebody else saved at the same time.
        """
        found = await self.differences(document, caller)
        wanted = _read(document)
        if found:
            before = (await self.read(wanted.project_id, None, caller)).stored
            for place, request in _requests(wanted, before):
                stored = (await self.read(wanted.project_id, None, caller)).stored
                await self._save(place, request, wanted, stored, caller, only_check=False)
        return found

    async def _save(
        self,
        place: str | None,
        request: SettingsRequest,
        wanted: SettingsFile,
        stored: StoredSettings,
        caller: Caller,
        *,
        only_check: bool,
    ) -> None:
        removed = () if place else tuple(_removed(wanted, stored))
        if not place and only_check:
            removed = ()  # what names them still may be changed by the file, too
        try:
            await self.change(request, caller, basis=stored, removed=removed, only_check=only_check)
        except InvalidRequest as problem:
            raise InvalidRequest([_in_file(place, each) for each in problem.fields]) from None


def _read(document: Mapping[str, Any]) -> SettingsFile:
    try:
        return SettingsFile.model_validate(document)
    except ValidationError as problem:
        raise InvalidRequest(wrong_fields(problem.errors()[:100])) from None


def _requests(
    wanted: SettingsFile, stored: StoredSettings
) -> Iterator[tuple[str | None, SettingsRequest]]:
    """Workflows first, so that what they no longer name may go; channels that are new come with each."""
    places = dict(wanted.workflows or {})
    if wanted.workflows is not None:
        left_out = (slug for slug in stored.documents if slug and slug not in places)
        places |= dict.fromkeys(left_out, SettingsDocument())
    for slug, document in places.items():
        own = document.model_dump(mode="json", exclude_none=True)
        request = {**own, "project_id": wanted.project_id, "workflow": slug}
        made = SettingsRequest.model_validate(request)
        yield slug, made.model_copy(update={"channels": wanted.channels})
    yield None, SettingsRequest.model_validate(wanted.model_dump(exclude={"workflows", "workflow"}))


def _removed(wanted: SettingsFile, stored: StoredSettings) -> Iterator[str]:
    if wanted.channels is not None:
        named = {channel.name for channel in wanted.channels}
        yield from (each.name for each in stored.channels if each.name not in named)


def _whole(stored: StoredSettings) -> dict[str, Any]:
    workflows = {slug: dict(each) for slug, each in stored.documents.items() if slug and each}
    channels = [as_written(each) for each in stored.channels]
    return {
        **stored.documents.get(None, {}),
        **({"channels": channels} if channels else {}),
        **({"workflows": workflows} if workflows else {}),
    }


def _changes(wanted: SettingsFile, stored: StoredSettings) -> Iterator[Change]:
    for place, request in _requests(wanted, stored):
        before, after = stored.documents.get(place, {}), own_part(request)
        path = ("workflows", place) if place else ()
        if before or any(name != "rules_mode" for name in after):
            yield from changes(before, after, *path)
    if wanted.channels is not None:
        before = {each.name: as_written(each) for each in stored.channels}
        after = {each.name: each.model_dump(mode="json") for each in wanted.channels}
        hidden = {each.name: frozenset(each.secret_names) for each in stored.channels}
        for name in after:
            after[name]["config"] = _without_secrets(after[name]["config"], hidden.get(name))
        yield from changes(before, after, "channels")


def _without_secrets(config: Mapping[str, Any], secrets: frozenset[str] | None) -> dict[str, Any]:
    """A secret shows as one that is set anew."""
    return {
        name: "(set anew)" if name in (secrets or ()) else value for name, value in config.items()
    }


def _in_file(place: str | None, wrong: InvalidField) -> InvalidField:
    if place is None or wrong.pointer.startswith("/channels"):
        return wrong
    below = "" if wrong.pointer == "/workflow" else wrong.pointer
    return InvalidField(pointer("workflows", place) + below, wrong.message)
