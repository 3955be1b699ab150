"""Silences: add one and see what it does, list them, end one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Protocol, Self
from uuid import UUID

from pydantic import AwareDatetime, Field, StringConstraints, model_validator

from meshhook_alerts.application.conditions_document import ConditionsDocument
from meshhook_alerts.application.detection_document import Strict
from meshhook_alerts.application.ports import Clock
from meshhook_alerts.application.problems import InvalidField, InvalidRequest, NotFound
from meshhook_alerts.application.seen_failures import SeenFailures
from meshhook_alerts.application.settings_ports import Caller
from meshhook_alerts.domain.conditions import Conditions
from meshhook_alerts.domain.redaction import clean_line

LONGEST = timedelta(days=90)
"""A silence that is to last longer is a rule switched off, and better seen as that."""
LOOK_BACK = timedelta(days=7)

Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


class SilenceRequest(Strict):
    """A one-off mute. It has an end, and a reason for whoever wonders."""

    project_id: UUID
    when: ConditionsDocument = Field(default_factory=ConditionsDocument, description="What is silenced; nothing means every failure of the project.")  # fmt: skip
    starts_at: AwareDatetime | None = Field(default=None, description="Now, if left out.")
    ends_at: AwareDatetime | None = Field(default=None, description="Its end; or give for_seconds.")
    for_seconds: int | None = Field(default=None, ge=60, description="How long it lasts from its start; or give ends_at.")  # fmt: skip
    reason: Reason

    @model_validator(mode="after")
    def _has_one_end(self) -> Self:
        if (self.ends_at is None) == (self.for_seconds is None):
            raise ValueError("a silence has one end: give either ends_at or for_seconds")
        return self

    def span(self, now: datetime) -> tuple[datetime, datetime]:
        """From when to when.

        Raises:
            InvalidRequest
        """
        # Failures are judged by the second of their recording.
        start = self.starts_at or now.replace(microsecond=0)
        end = self.ends_at or start + timedelta(seconds=min(self.for_seconds or 0, 10**8))
        place = "/ends_at" if self.ends_at else "/for_seconds"
        if end <= start:
            raise InvalidRequest([InvalidField(place, "it ends before it begins")])
        if end <= now:
            raise InvalidRequest([InvalidField(place, "it is over already; give a later end")])
        if end - start > LONGEST:
            what = f"at most {LONGEST.days} days; for longer, switch a rule or alerts off"
            raise InvalidRequest([InvalidField(place, what)])
        return start, end


@dataclass(frozen=True, slots=True)
class StoredSilence:
    """A silence as it is kept."""

    id: UUID
    project_id: UUID
    when: dict[str, Any]
    starts_at: datetime
    ends_at: datetime
    reason: str
    created_at: datetime
    created_by: UUID | None

    def state(self, now: datetime) -> str:
        """active, future or ended."""
        if now >= self.ends_at:
            return "ended"
        return "active" if now >= self.starts_at else "future"


@dataclass(frozen=True, slots=True)
class Preview:
    """What a silence does."""

    open_alerts: Sequence[UUID]
    """Those it matches now."""
    failures: int
    """Of the last seven days, those it would have covered."""
    of: int
    """How many there were in all."""


class SilenceTransaction(Protocol):
    """One transaction in the caller's role."""

    async def may_edit(self, project_id: UUID) -> bool: ...
    async def may_read(self, project_id: UUID) -> bool: ...
    async def seen(self, project_id: UUID, back: timedelta) -> Sequence[SeenFailures]:
        """Open alerts, and failures of the last days."""

    async def add(
        self, request: SilenceRequest, span: tuple[datetime, datetime], by: UUID | None
    ) -> StoredSilence: ...
    async def all(self, project_id: UUID) -> Sequence[StoredSilence]: ...
    async def find(self, silence_id: UUID) -> StoredSilence | None: ...
    async def end(self, silence_id: UUID) -> StoredSilence:
        """Ends it now; one that has ended stays as it is."""


class SilenceStore(Protocol):
    """Where silences are kept."""

    def as_caller(self, caller: Caller) -> Any: ...


@dataclass(frozen=True, slots=True)
class Silences:
    """``/api/alerts/silences``."""

    store: SilenceStore
    clock: Clock

    async def add(
        self, request: SilenceRequest, caller: Caller, *, only_look: bool = False
    ) -> tuple[StoredSilence | None, Preview]:
        """Adds one, unless it is only to be looked at; and what it does.

        Raises:
            InvalidRequest, NotFound
        """
        request.reason = clean_line(request.reason)
        async with self.store.as_caller(caller) as transaction:
            span = request.span(self.clock.now())
            if not await transaction.may_edit(request.project_id):
                raise NotFound(f"project {request.project_id}")
            seen = await transaction.seen(request.project_id, LOOK_BACK)
            preview = preview_of(request.when.conditions(), seen)
            if only_look:
                return None, preview
            return await transaction.add(request, span, caller.subject), preview

    async def all(self, project_id: UUID, caller: Caller) -> Sequence[StoredSilence]:
        """Those of a project, the latest end first.

        Raises:
            NotFound
        """
        async with self.store.as_caller(caller) as transaction:
            if not await transaction.may_read(project_id):
                raise NotFound(f"project {project_id}")
            found: Sequence[StoredSilence] = await transaction.all(project_id)
            return found

    async def end(self, silence_id: UUID, caller: Caller) -> StoredSilence:
        """Ends one at once; what still fails is told.

        Raises:
            NotFound
        """
        async with self.store.as_caller(caller) as transaction:
            found = await transaction.find(silence_id)
            if found is None or not await transaction.may_edit(found.project_id):
                raise NotFound(f"silence {silence_id}")
            ended: StoredSilence = await transaction.end(silence_id)
            return ended


def preview_of(conditions: Conditions, seen: Sequence[SeenFailures]) -> Preview:
    """What conditions match of what is open and of what there was."""
    matched = [each for each in seen if conditions.agree(each)]
    return Preview(
        open_alerts=[each.alert_id for each in matched if each.alert_id],
        failures=sum(each.count for each in matched if not each.alert_id),
        of=sum(each.count for each in seen if not each.alert_id),
    )
