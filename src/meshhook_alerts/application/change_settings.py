"""Change alert settings: validated as a whole, written as a whole, as the caller."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic import Field, field_validator

from meshhook_alerts.application.channel_changes import ChannelChecker
from meshhook_alerts.application.channel_document import ChannelDocument, destination_of, seal
from meshhook_alerts.application.lent_tools import LentTools
from meshhook_alerts.application.life_document import EscalationDocument
from meshhook_alerts.application.ports import (
    ChannelPlugin,
    ChannelTools,
    SecretBox,
)
from meshhook_alerts.application.problems import (
    Changed,
    InvalidField,
    InvalidRequest,
    NotFound,
    pointer,
)
from meshhook_alerts.application.quiet_document import QuietPeriodDocument
from meshhook_alerts.application.settings_document import (
    RuleDocument,
    SettingsDocument,
    check_names_differ,
)
from meshhook_alerts.application.settings_limits import beyond_limits
from meshhook_alerts.application.settings_ports import (
    Caller,
    ChannelChange,
    SettingsStore,
    SettingsTransaction,
    StoredSecrets,
    StoredSettings,
)
from meshhook_alerts.domain.policy import DEFAULT_RULE
from meshhook_alerts.domain.redaction import clean_line, redact_name


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

    @field_validator("channels")
    @classmethod
    def _channel_names_differ(
        cls, channels: list[ChannelDocument] | None
    ) -> list[ChannelDocument] | None:
        check_names_differ("channels", [channel.name for channel in channels or ()])
        return channels


def _of_projects(request: SettingsRequest) -> Iterator[InvalidField]:
    """What cannot be said of one workflow."""
    for name in ("storm_summaries", "storm_limit", "default_channel"):
        if getattr(request, name) is not None:
            what = "holds for the whole project; set it without naming a workflow"
            yield InvalidField(f"/{name}", what)


@dataclass(frozen=True, slots=True)
class ChangeSettings:
    """``POST /api/alerts/settings``."""

    store: SettingsStore
    channels: Mapping[str, ChannelPlugin]
    tools: ChannelTools
    secrets: SecretBox

    async def __call__(
        self,
        request: SettingsRequest,
        caller: Caller,
        *,
        basis: StoredSettings | None = None,
        removed: Sequence[str] = (),
        only_check: bool = False,
    ) -> tuple[str | None, bool]:
        """Saves the whole of what a place says, creates or changes the channels it names and deletes
        those ``removed``. Returns the workflow's slug (None for the project) and whether it is new
        here. ``basis``: what was stored when the request was made; anything else is a conflict.
        ``only_check``: says what is wrong, and saves nothing.

        Raises:
            InvalidRequest, NotFound
            Changed: somebody else has saved since.
        """
        names = [document.name for document in request.channels or ()]
        async with self.store.as_caller(caller) as transaction:
            stored = await transaction.read(request.project_id)
            if stored is None:
                raise NotFound(f"project {request.project_id}")
            slug = await self._slug(transaction, request)
            secrets = await transaction.stored_secrets(request.project_id, names)
            mail_elsewhere = await transaction.worker_with_mail()
        tools = LentTools(self.tools, mail_elsewhere=mail_elsewhere)
        # Outside of any transaction, since a check may have to ask a slow name server.
        changes = await self._checked(request, slug, stored, secrets, tools)
        if wrong := list(_still_named(request, slug, stored, removed)):
            raise InvalidRequest(wrong)
        if only_check:
            return slug, False
        async with self.store.as_caller(caller) as transaction:
            await transaction.lock(request.project_id)
            if basis is not None and not _same(
                basis, await transaction.read(request.project_id), slug
            ):
                raise Changed("somebody else has just changed these settings")
            if await transaction.stored_secrets(request.project_id, names) != secrets:
                what = "somebody else has just changed one of them; nothing was saved, try again"
                raise InvalidRequest([InvalidField("/channels", what)])
            for change in changes:
                await self._save(transaction, request.project_id, change)
            for name in removed:
                await transaction.delete_channel(request.project_id, name)
            if basis is not None and basis.documents.get(slug) == own_part(request):
                return slug, False
            created = await transaction.save_document(
                request.project_id, slug, own_part(request), caller.subject
            )
        return slug, created

    async def slug_of(self, project_id: UUID, workflow: str, caller: Caller) -> str | None:
        """The slug of a workflow named by slug or id.

        Raises:
            InvalidRequest: there is none in the project.
        """
        async with self.store.as_caller(caller) as transaction:
            return await self._slug(
                transaction, SettingsRequest(project_id=project_id, workflow=workflow)
            )

    async def _slug(self, transaction: SettingsTransaction, request: SettingsRequest) -> str | None:
        if request.workflow is None:
            return None
        slug = await transaction.workflow_slug(request.project_id, request.workflow)
        if slug is None:
            what = f"no workflow {request.workflow!r} in this project; give its slug or id"
            raise InvalidRequest([InvalidField("/workflow", what)])
        return slug

    async def _checked(
        self,
        request: SettingsRequest,
        slug: str | None,
        stored: StoredSettings,
        secrets: Mapping[str, StoredSecrets],
        tools: ChannelTools,
    ) -> list[ChannelChange]:
        names = {each.name for each in (*stored.channels, *(request.channels or ()))}
        if too_much := beyond_limits(slug, request, stored, len(names)):
            raise InvalidRequest(too_much)
        checker = ChannelChecker(self.channels, tools, self.secrets)
        changes, wrong = await checker.changes(request.project_id, request.channels or (), secrets)
        wrong += [*_unknown_channels(request, stored), *_unknown_rules(request, stored)]
        wrong += _telling_names(request)
        wrong += _of_projects(request) if slug else ()
        if wrong:
            raise InvalidRequest(wrong)
        return changes

    async def _save(
        self, transaction: SettingsTransaction, project_id: UUID, change: ChannelChange
    ) -> None:
        channel_id = await transaction.save_channel(project_id, change, sorted(change.secrets))
        sealed = None
        if change.secrets:
            model = self.channels[change.document.kind].config_model
            destination = destination_of(model, change.public)
            sealed = seal(self.secrets, change.secrets, (project_id, channel_id), destination)
        await transaction.save_secrets(channel_id, sealed)


def own_part(request: SettingsRequest) -> dict[str, Any]:
    """What a place says itself, as it is stored."""
    return request.model_dump(
        mode="json", exclude={"project_id", "workflow", "channels"}, exclude_none=True
    )


def _same(basis: StoredSettings, now: StoredSettings | None, slug: str | None) -> bool:
    """Whether what a request was made from still holds."""
    if now is None:
        return False
    channels = [{each.name: each.version for each in stored.channels} for stored in (basis, now)]
    return channels[0] == channels[1] and basis.versions.get(slug) == now.versions.get(slug)


def _still_named(
    request: SettingsRequest, slug: str | None, stored: StoredSettings, removed: Sequence[str]
) -> Iterator[InvalidField]:
    """Channels that shall go and that rules name."""
    documents = {**stored.documents, slug: own_part(request)}
    for place, document in documents.items():
        where = f" of workflow {place!r}" if place else ""
        for word, names in _naming(document):
            for name in set(names) & set(removed):
                what = f"{word}{where} names it: change that first"
                yield InvalidField(pointer("channels", name), what)


def _naming(document: Mapping[str, Any]) -> Iterator[tuple[str, Sequence[str]]]:
    """Whatever names channels, and which."""
    for part, word in (("rules", "rule"), ("quiet_periods", "quiet period")):
        for entry in document.get(part) or ():
            yield f"{word} {entry['name']!r}", entry.get("channels") or ()
    for number, step in enumerate(document.get("escalation") or ()):
        yield f"step {number + 1} of the escalation", step.get("channels") or ()
    if default := document.get("default_channel"):
        yield "default_channel", [default]


def _telling_names(request: SettingsRequest) -> Iterator[InvalidField]:
    """Names that hold a secret: they stand in every message."""
    rules, channels = request.rules or (), request.channels or ()
    periods = request.quiet_periods or ()
    named = {
        "rules": [each.name for each in rules],
        "channels": [each.name for each in channels],
        "quiet_periods": [each.name for each in periods],
    }
    for part, names in named.items():
        for number, name in enumerate(names):
            if redact_name(name) != clean_line(name):
                what = (
                    "looks as if it held a secret, and it is shown in every message: choose another"
                )
                yield InvalidField(pointer(part, number, "name"), what)


def _unknown_channels(request: SettingsRequest, stored: StoredSettings) -> list[InvalidField]:
    known = {channel.name for channel in stored.channels}
    known |= {channel.name for channel in request.channels or ()}
    there = ", ".join(sorted(known)) or "none yet"
    named: dict[str, Sequence[RuleDocument | QuietPeriodDocument | EscalationDocument]] = {
        "rules": request.rules or (),
        "quiet_periods": request.quiet_periods or (),
        "escalation": request.escalation or (),
    }
    places = [
        (pointer(part, i, "channels", j), name)
        for part, entries in named.items()
        for i, entry in enumerate(entries)
        for j, name in enumerate(entry.channels)
    ]
    if request.default_channel:
        places.append(("/default_channel", request.default_channel))
    return [
        InvalidField(place, f"no channel is called {name!r}; there are: {there}")
        for place, name in places
        if name not in known
    ]


def _unknown_rules(request: SettingsRequest, stored: StoredSettings) -> list[InvalidField]:
    known = {rule.name for rule in stored.policy.project.rules}
    known |= {rule.name for rule in request.rules or ()} | {DEFAULT_RULE.name}
    there = ", ".join(sorted(known))
    return [
        InvalidField(
            pointer("quiet_periods", i, "rules", j),
            f"no rule is called {name!r}; there are: {there}",
        )
        for i, period in enumerate(request.quiet_periods or ())
        for j, name in enumerate(period.rules)
        if name not in known
    ]
