"""Workflows of which settings expect something, for the rules that look at their runs together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from meshhook_alerts.adapters.postgres.detection.condition_sweep import Look
from meshhook_alerts.adapters.postgres.detection.conditions import Condition
from meshhook_alerts.domain.kinds import Kind
from meshhook_alerts.domain.policy import EffectiveSettings
from meshhook_alerts.sources.meshhook.queries import query


@dataclass(frozen=True, slots=True)
class Watched:
    """A workflow in all its versions, and what holds for it."""

    project_id: UUID
    slug: str
    ids: Sequence[UUID]
    published: bool
    settings: EffectiveSettings

    @property
    def place(self) -> str:
        """By which it is remembered."""
        return f"{self.project_id}/{self.slug}"

    def row(self, **more: Any) -> dict[str, Any]:
        """As a query takes it."""
        return {"project_id": self.project_id, "slug": self.slug, "ids": self.ids, **more}

    def condition(self, kind: Kind, text: str, evidence: str = "") -> Condition:
        """Something that is wrong with it."""
        return Condition(kind, self.project_id, self.slug, text, evidence, workflow=self.slug)


async def watched_for(look: Look, field: str) -> list[Watched]:
    """The workflows of whose settings some document names ``field``."""
    rows = await look.rows(query("platform/watched_workflows"), field=field)
    policies = await look.policies(look.connection, {row["project_id"] for row in rows})
    return [
        Watched(
            row["project_id"],
            row["slug"],
            row["ids"],
            row["published"],
            policies[row["project_id"]].for_workflow(row["slug"]),
        )
        for row in rows
    ]
