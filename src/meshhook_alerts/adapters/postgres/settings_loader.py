"""Reads what a project wants, and remembers it until its settings change."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import TupleRow
from pydantic import ValidationError

from meshhook_alerts.adapters.postgres.queries import query
from meshhook_alerts.application.channel_document import LimitDocument
from meshhook_alerts.application.conditions_document import ConditionsDocument
from meshhook_alerts.application.ports import Destination, ProjectSettings
from meshhook_alerts.application.settings_document import SettingsDocument
from meshhook_alerts.domain.identifiers import NOBODY
from meshhook_alerts.domain.policy import (
    DEFAULT_RULE,
    PRODUCT_DEFAULTS,
    AlertRule,
    Channel,
    EffectiveSettings,
    Layer,
    Limit,
    ProjectPolicy,
    lay_over,
)
from meshhook_alerts.domain.silence import Silence

_log = logging.getLogger(__name__)
_KEPT = 1_000
"""Projects kept in memory; the ones not used for longest go first."""


class SettingsLoader:
    """Callable as ``decision_store.LoadSettings``."""

    def __init__(self, mirroring: frozenset[str] = frozenset()) -> None:
        self._mirroring = mirroring
        """Kinds of channel that keep an incident for each alert."""
        self._known: OrderedDict[UUID, ProjectSettings] = OrderedDict()

    async def __call__(
        self, connection: AsyncConnection[TupleRow], project_id: UUID, version: int
    ) -> ProjectSettings:
        """The settings of ``project_id`` at settings version ``version``."""
        known = self._known.get(project_id)
        if known is None or known.policy.version != version or not known.policy.known:
            known = await load_settings(connection, project_id, version, self._mirroring)
            self._known[project_id] = known
            while len(self._known) > _KEPT:
                self._known.popitem(last=False)
        self._known.move_to_end(project_id)
        return known


async def load_settings(
    connection: AsyncConnection[TupleRow],
    project_id: UUID,
    version: int,
    mirroring: frozenset[str] = frozenset(),
) -> ProjectSettings:
    """Reads settings, channels and name of a project."""
    if project_id == NOBODY:
        return ProjectSettings(ProjectPolicy(project_id, version, known=False), {})
    async with connection.pipeline():
        documents = await connection.execute(
            query("settings/project_settings"), {"project_id": project_id}
        )
        channels = await connection.execute(
            query("settings/project_channels"), {"project_id": project_id}
        )
        name = await connection.execute(query("settings/project_name"), {"project_id": project_id})
        silences = await connection.execute(
            query("settings/project_silences"), {"project_id": project_id}
        )
        named = await name.fetchone()
        rows = await channels.fetchall()
        policy = build_policy(
            project_id,
            version,
            project_name=named[0] if named else None,
            documents=dict(await documents.fetchall()),
            channels=[_channel(row, mirroring) for row in rows],
            known=named is not None,
        )
        found = [_silence(row) for row in await silences.fetchall()]
        policy = replace(policy, silences=tuple(each for each in found if each))
    return ProjectSettings(policy, {row[0]: _destination(row, project_id) for row in rows})


def build_policy(
    project_id: UUID,
    version: int,
    project_name: str | None,
    documents: dict[str | None, Any],
    channels: list[Channel],
    known: bool = True,
) -> ProjectPolicy:
    """Lays the documents over the product's defaults; a broken one counts as empty.

    Failing open: a document that cannot be read (written past the API, or by a later version)
    leaves what lies below it in force, so somebody is still told.
    """
    own = documents.pop(None, None)
    project = lay_over(PRODUCT_DEFAULTS, _layer(own, project_id, None), "project")
    workflows: dict[str, EffectiveSettings] = {
        slug: lay_over(project, _layer(document, project_id, slug), "workflow")
        for slug, document in documents.items()
        if slug is not None
    }
    by_name = {channel.name: channel for channel in channels}
    return ProjectPolicy(project_id, version, project_name, project, workflows, by_name, known)


def _layer(document: Any, project_id: UUID, workflow: str | None) -> Layer:
    if document is None:
        return Layer()
    try:
        return SettingsDocument.model_validate(document).layer()
    except ValidationError as problem:
        wrong = "; ".join(f"{error['loc']}: {error['msg']}" for error in problem.errors()[:3])
        where = project_id, workflow or "(all)"
        if layer := _without_broken_rules(document, problem):
            _log.error("settings of project %s, workflow %s: broken rules, which now ask for every run that cannot complete: %s", *where, wrong)  # fmt: skip
            return layer
        _log.error("settings of project %s, workflow %s cannot be read and are passed over: %s", *where, wrong)  # fmt: skip
        return Layer()


def _without_broken_rules(document: Any, problem: ValidationError) -> Layer | None:
    """The document with each rule that cannot be read in the place of one that asks for whatever keeps a
    run from completing; None if something else is wrong, too."""
    broken = {
        error["loc"][1]: str(error["msg"])
        for error in problem.errors()
        if len(error["loc"]) > 1 and error["loc"][0] == "rules"
    }
    if not broken or any(error["loc"][:1] != ("rules",) for error in problem.errors()):
        return None
    kept = [rule for place, rule in enumerate(document["rules"]) if place not in broken]
    try:
        layer = SettingsDocument.model_validate({**document, "rules": kept}).layer()
    except ValidationError:
        return None
    stand_ins = [_stand_in(document["rules"][place], why) for place, why in broken.items()]
    return replace(layer, values={**layer.values, "rules": (*layer.values["rules"], *stand_ins)})


def _stand_in(written: Any, why: str) -> AlertRule:
    rule: Mapping[str, Any] = written if isinstance(written, dict) else {}
    channels = rule.get("channels")
    return replace(
        DEFAULT_RULE,
        name=str(rule.get("name") or "a rule without a name")[:80],
        channels=tuple(each for each in channels if isinstance(each, str))
        if isinstance(channels, list)
        else (),
        enabled=rule.get("enabled") is not False,
        broken=why[:200],
    )


def _silence(row: TupleRow) -> Silence | None:
    """A silence; one that cannot be read (written past the API) silences nothing."""
    id_, matchers, starts_at, ends_at, reason = row
    try:
        conditions = ConditionsDocument.model_validate(matchers).conditions()
    except ValidationError as problem:
        _log.error(
            "silence %s cannot be read and is passed over: %s", id_, problem.errors()[0]["msg"]
        )
        return None
    return Silence(id_, conditions, starts_at, ends_at, reason)


def _channel(row: TupleRow, mirroring: frozenset[str]) -> Channel:
    id_, name, kind, enabled, version = row[:5]
    return Channel(id_, name, kind, enabled, version, limits_of(row[7]), kind in mirroring)


def limits_of(stored: Any) -> tuple[Limit, ...]:
    """A channel's limits; those that cannot be read (written past the API) limit nothing."""
    try:
        return tuple(LimitDocument.model_validate(each).limit() for each in stored)
    except (ValidationError, TypeError):
        return ()


def _destination(row: TupleRow, project_id: UUID) -> Destination:
    id_, name, kind, enabled, _, config, secrets, _ = row
    return Destination(id_, project_id, name, kind, enabled, config, secrets)
