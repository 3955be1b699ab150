"""Tell of what was lost before alerts were attached: only when asked, one message per channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from meshhook_alerts.domain.identifiers import derive_id
from meshhook_alerts.domain.kinds import title_of
from meshhook_alerts.domain.message import SCHEMA_VERSION
from meshhook_alerts.domain.reasons import Reason
from meshhook_alerts.domain.redaction import redact_name
from meshhook_alerts.domain.severity import FailureClass, Severity

_MOST_LINES = 20
"""Workflows a message names; the rest is counted."""


@dataclass(frozen=True, slots=True)
class KnownBefore:
    """Runs of one workflow that were lost in one way."""

    workflow: str | None
    kind: str
    runs: int


@dataclass(frozen=True, slots=True)
class Existing:
    """All that was known of a project when alerts were attached."""

    project_id: UUID
    project: str
    attached_at: datetime
    known: Sequence[KnownBefore]
    channels: Sequence[UUID]
    names: Sequence[str]
    """Of the channels."""
    """Those that are switched on."""

    @property
    def runs(self) -> int:
        """How many there were."""
        return sum(each.runs for each in self.known)

    @property
    def headline(self) -> str:
        """The whole in one sentence."""
        workflows = len({each.workflow for each in self.known})
        many = f"{self.runs:,} {'run' if self.runs == 1 else 'runs'}"
        where = f"{workflows:,} {'workflow' if workflows == 1 else 'workflows'}"
        return f"{redact_name(self.project)}: {many} in {where} had failed or gone silent before alerts were attached"


class ExistingStore(Protocol):
    """Where the baseline lies and messages are queued."""

    async def existing(self, project_id: UUID | None) -> Sequence[Existing]:
        """What was known, of one project or all."""

    async def tell(
        self, existing: Existing, alert_id: UUID, ids: Sequence[UUID], content: dict[str, Any]
    ) -> int:
        """Queues one message per channel; returns how many had not been before."""


@dataclass(frozen=True, slots=True)
class TellExisting:
    """``meshhook-alerts tell-existing``."""

    store: ExistingStore

    async def find(self, project_id: UUID | None) -> Sequence[Existing]:
        """What there is to tell."""
        return await self.store.existing(project_id)

    async def __call__(self, existing: Existing) -> int:
        """Tells every channel of the project once; returns how many are told now."""
        alert_id = derive_id(existing.project_id, "existing")
        ids = [derive_id(channel, "existing") for channel in existing.channels]
        return await self.store.tell(existing, alert_id, ids, compose_existing(existing, alert_id))


def compose_existing(existing: Existing, alert_id: UUID) -> dict[str, Any]:
    """The message's content, in the shape of every other (``domain.message``)."""
    at = existing.attached_at.isoformat(timespec="milliseconds")
    return {
        "schema": SCHEMA_VERSION,
        "type": "alert.existing",
        "reason": Reason.EXISTING,
        "severity": Severity.WARNING,
        "headline": existing.headline,
        "project": {"id": str(existing.project_id), "name": redact_name(existing.project)},
        "workflow": {"slug": None, "name": None, "version": None},
        "node": {"id": None, "type": None},
        "failure": {
            "kind": "existing",
            "title": "Runs were lost before alerts were attached.",
            "class": FailureClass.TERMINAL,
            "error": "\n".join(_lines(existing)),
            "error_class": "unknown",
            "http_status": None,
            "attempts": None,
            "hint": "MeshHook does not end them by itself: look at one of each kind, then cancel or replay.",
        },
        "alert": {
            "id": str(alert_id),
            "opened_at": at,
            "last_failure_at": at,
            "detected_at": at,
            "failures": existing.runs,
            "new_failures": existing.runs,
            "since": at,
            "resolved_at": None,
        },
        "run": {"id": None},
        "rule": None,
        "links": {"alert": None, "run": None},
    }


def _lines(existing: Existing) -> Sequence[str]:
    known = existing.known
    lines = [
        f"{redact_name(each.workflow or 'no workflow')}: {each.runs:,} × {title_of(each.kind)}"
        for each in known[:_MOST_LINES]
    ]
    rest = known[_MOST_LINES:]
    more = [f"and {sum(each.runs for each in rest):,} more in {len(rest):,} lines"] if rest else []
    return [f"{existing.runs:,} runs:", *lines, *more]
