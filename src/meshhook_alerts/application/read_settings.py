"""Read alert settings: what holds, and where each value comes from."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from meshhook_alerts.application.problems import NotFound
from meshhook_alerts.application.settings_ports import Caller, SettingsStore, StoredSettings
from meshhook_alerts.domain.policy import EffectiveSettings


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

    async def workflows(self, project_id: UUID, caller: Caller) -> list[str]:
        """The slugs of a project's workflows, in order.

        Raises:
            NotFound: no such project for this caller.
        """
        async with self.store.as_caller(caller) as transaction:
            if await transaction.read(project_id) is None:
                raise NotFound(f"project {project_id}")
            return sorted(await transaction.workflows(project_id))


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
