"""``POST`` and ``PUT /api/alerts/settings``: change a part, or replace the whole; both say what changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from meshhook_alerts.application.change_settings import ChangeSettings, SettingsRequest
from meshhook_alerts.application.problems import (
    Changed,
    InvalidField,
    InvalidRequest,
    pointer,
    wrong_fields,
)
from meshhook_alerts.application.read_settings import ReadSettings, SettingsView
from meshhook_alerts.application.settings_patch import (
    Change,
    Patched,
    changes,
    channels_of,
    lay_over,
)
from meshhook_alerts.application.settings_ports import Caller
from meshhook_alerts.application.settings_warnings import warnings_of
from meshhook_alerts.domain.identifiers import PLATFORM

_TRIES = 5
"""Times a change is laid over anew because somebody else was quicker."""
MOST_FIELDS = 100
"""Wrong fields named in one answer."""


@dataclass(frozen=True, slots=True)
class Saved:
    """What holds now, and how it came about."""

    view: SettingsView
    created: bool
    changes: list[Change]
    warnings: list[InvalidField] = field(default_factory=list)
    """What may be a mistake in what was saved."""


@dataclass(frozen=True, slots=True)
class PatchSettings:
    """Reads, lays over, saves; again if somebody else saved in between."""

    read: ReadSettings
    change: ChangeSettings

    async def patch(
        self, sent: Mapping[str, Any], caller: Caller, if_match: int | None = None
    ) -> Saved:
        """Changes what ``sent`` names; ``if_match``: only if the place's version is that one.

        Raises:
            InvalidRequest, NotFound, Changed
        """
        return await self._save(sent, caller, if_match, whole=False)

    async def replace(
        self, sent: Mapping[str, Any], caller: Caller, if_match: int | None = None
    ) -> Saved:
        """Makes ``sent`` all the place says itself. Where it names channels, those it does not name
        are deleted; without that field they all stay, for their secrets cannot be sent again.

        Raises:
            InvalidRequest, NotFound, Changed
        """
        return await self._save(sent, caller, if_match, whole=True)

    async def _save(
        self, sent: Mapping[str, Any], caller: Caller, if_match: int | None, *, whole: bool
    ) -> Saved:
        project_id, workflow = _place(sent)
        for left in reversed(range(_TRIES)):
            before = await self._before(project_id, workflow, caller)
            if if_match is not None and before.version != if_match:
                raise Changed(f"version {before.version} holds here, not {if_match}")
            patched = _whole(before, sent) if whole else _patched(before, sent)
            try:
                return await self._try(patched, before, caller)
            except Changed:
                if not left or if_match is not None:
                    raise
        raise AssertionError("unreachable")

    async def _before(self, project_id: UUID, workflow: str | None, caller: Caller) -> SettingsView:
        view = await self.read(project_id, None, caller)
        if workflow is None:
            return view
        slug = await self.change.slug_of(project_id, workflow, caller)
        return SettingsView(view.stored, project_id, slug)

    async def _try(self, patched: Patched, before: SettingsView, caller: Caller) -> Saved:
        try:
            request = SettingsRequest.model_validate(patched.whole)
            _, created = await self.change(
                request, caller, basis=before.stored, removed=patched.removed
            )
        except ValidationError as problem:
            wrong = wrong_fields(problem.errors()[:MOST_FIELDS])
            raise InvalidRequest([patched.as_sent(each) for each in wrong]) from None
        except InvalidRequest as problem:
            raise InvalidRequest([patched.as_sent(each) for each in problem.fields]) from None
        after = await self.read(before.project_id, before.workflow, caller)
        found = list(_differences(before, after))
        return Saved(after, created, found, await self.warnings(after, caller))

    async def warnings(self, after: SettingsView, caller: Caller) -> list[InvalidField]:
        """What may be a mistake in the rules that a place itself says."""
        own = after.stored.documents.get(after.workflow, {}).get("rules") or ()
        if not own or after.project_id == PLATFORM:
            return []
        names = {rule["name"] for rule in own}
        rules = [rule for rule in after.effective.rules if rule.name in names]
        async with self.read.store.as_caller(caller) as transaction:
            troubles = await transaction.troubles(after.project_id)
            if after.workflow:
                troubles = [each for each in troubles if each.workflow == after.workflow]
            workflows = await transaction.workflows(after.project_id)
        return list(warnings_of(rules, troubles, workflows))


def _place(sent: Mapping[str, Any]) -> tuple[UUID, str | None]:
    """Project and workflow; everything about them that is wrong is said as of any other field."""
    try:
        request = SettingsRequest.model_validate(
            {name: sent[name] for name in ("project_id", "workflow") if name in sent}
        )
    except ValidationError:
        raise InvalidRequest(_everything_wrong(sent)) from None
    return request.project_id, request.workflow


def _everything_wrong(sent: Mapping[str, Any]) -> list[InvalidField]:
    """As far as it can be told without knowing what is stored."""
    plain = {
        name: value
        for name, value in sent.items()
        if not (name in ("rules", "quiet_periods", "channels") and isinstance(value, Mapping))
    }
    try:
        SettingsRequest.model_validate(plain)
    except ValidationError as problem:
        return wrong_fields(problem.errors()[:MOST_FIELDS])
    return []


def _patched(before: SettingsView, sent: Mapping[str, Any]) -> Patched:
    own = before.stored.documents.get(before.workflow, {})
    patched = lay_over(own, before.stored.channels, sent)
    patched.whole.update(project_id=str(before.project_id), workflow=before.workflow)
    return patched


def _whole(before: SettingsView, sent: Mapping[str, Any]) -> Patched:
    for part in ("rules", "quiet_periods", "channels"):
        if part in sent and not isinstance(sent[part], list):
            raise InvalidRequest([InvalidField(pointer(part), "must be a list")])
    named = {each.get("name") for each in sent.get("channels", ()) if isinstance(each, Mapping)}
    removed = [each.name for each in before.stored.channels if each.name not in named]
    return Patched(
        {**sent, "workflow": before.workflow}, tuple(removed if "channels" in sent else ())
    )


def _differences(before: SettingsView, after: SettingsView) -> list[Change]:
    place = before.workflow
    own = changes(before.stored.documents.get(place, {}), after.stored.documents.get(place, {}))
    channels = changes(
        channels_of(before.stored.channels), channels_of(after.stored.channels), "channels"
    )
    return [*own, *channels]
