"""What people do about alerts: asked for by whoever may, decided in order with everything else, answered with
what the decision made of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol, Self
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

from pydantic import AwareDatetime, Field, model_validator

from meshhook_alerts.application.detection_document import Strict
from meshhook_alerts.application.ports import StoreUnavailable
from meshhook_alerts.application.problems import Changed, Forbidden, InvalidField, InvalidRequest
from meshhook_alerts.application.settings_ports import Caller
from meshhook_alerts.domain.life import ActKind, Outcome
from meshhook_alerts.domain.redaction import redact_line

LONGEST_SNOOZE = timedelta(days=30)
"""What is to be quiet for longer is a rule to be changed."""
PATIENCE_SECONDS = 5.0
"""For somebody else's decision about the project to end, and one's own to be made."""
_PAUSE_SECONDS = 0.02
MOST_AT_ONCE = 200
"""Alerts of one request."""


class ActRequest(Strict):
    """An act, and what there is to say of it."""

    note: str | None = Field(default=None, max_length=500, description="For the people who read the alert after you.")  # fmt: skip

    def ends(self, now: datetime) -> datetime | None:
        """When it ends by itself, if the request says so."""
        return None


class AcknowledgeRequest(ActRequest):
    """Somebody has it in hand."""

    for_seconds: int | None = Field(default=None, ge=60, le=7 * 86_400, description="How long; left out: as the settings say, or 4 hours.")  # fmt: skip

    def ends(self, now: datetime) -> datetime | None:
        """When it expires."""
        return now + timedelta(seconds=self.for_seconds) if self.for_seconds else None


class SnoozeRequest(ActRequest):
    """Quiet until a moment, until it changes, or until it has failed so many times more."""

    until: AwareDatetime | None = Field(default=None, description="At most 30 days ahead; with an offset or Z.")  # fmt: skip
    for_seconds: int | None = Field(default=None, ge=60, le=30 * 86_400, description="In place of until.")  # fmt: skip
    until_changed: bool = Field(default=False, description="Until its kind, HTTP status, class of error, workflow version or severity changes.")  # fmt: skip
    failures: int | None = Field(default=None, ge=1, le=1_000_000, description="Until it has failed so many times more.")  # fmt: skip

    @model_validator(mode="after")
    def _says_until_when(self) -> Self:
        if self.until and self.for_seconds:
            raise ValueError("either until or for_seconds")
        if not (self.until or self.for_seconds or self.until_changed or self.failures):
            raise ValueError(
                "say until when: until, for_seconds, until_changed or failures; the first of them ends it"
            )
        return self

    def ends(self, now: datetime) -> datetime | None:
        """When it ends at the latest.

        Raises:
            InvalidRequest
        """
        until = self.until or now + timedelta(seconds=self.for_seconds or 0)
        if not self.until and not self.for_seconds:
            until = now + LONGEST_SNOOZE
        if until <= now:
            raise InvalidRequest([InvalidField("/until", "lies in the past")])
        if until > now + LONGEST_SNOOZE:
            what = "at most 30 days ahead; what is to be quiet for longer is a rule to be changed"
            raise InvalidRequest([InvalidField("/until", what)])
        return until


@dataclass(frozen=True, slots=True)
class WantedAct:
    """An act on its way to the decision."""

    id: UUID
    alert_id: UUID
    kind: ActKind
    by_user: UUID | None
    by_name: str
    via: str
    note: str | None
    until: datetime | None
    until_changed: bool
    failures: int | None
    link_of: UUID | None = None
    """The message whose link it was."""


@dataclass(frozen=True, slots=True)
class KnownAlert:
    """What must be known of an alert before anything is done about it."""

    id: UUID
    project_id: UUID
    version: str
    """Changes with the alert."""


@dataclass(frozen=True, slots=True)
class Acted:
    """What an act came to, and how the alert stands now."""

    alert_id: UUID
    outcome: Outcome
    status: str
    by: str | None
    """In whose hand it is."""
    since: datetime | None
    until: datetime | None
    resolved_at: datetime | None
    version: str
    closed: str | None = None
    followed_by: UUID | None = None
    """The open alert of the same trouble, where one has followed it."""


class ActTransaction(Protocol):
    """One transaction in the caller's role."""

    async def now(self) -> datetime: ...
    async def find(self, alert_ids: Sequence[UUID]) -> Sequence[KnownAlert]:
        """Those that the caller may see."""

    async def may_edit(self, project_id: UUID) -> bool: ...
    async def add(self, acts: Sequence[tuple[UUID, WantedAct]]) -> None:
        """Puts acts (project, act) in the way of the decision; one that is there already stays."""


class ActStore(Protocol):
    """Where acts wait, and what came of them is kept."""

    def as_caller(self, caller: Caller) -> AbstractAsyncContextManager[ActTransaction]: ...
    async def results(self, act_ids: Sequence[UUID]) -> Mapping[UUID, Acted]:
        """Act → what came of it, for those that are decided."""


Decide = Callable[[UUID], Awaitable[object]]
"""Decides on what waits for a project, unless somebody else is at it."""


@dataclass(frozen=True, slots=True)
class Acts:
    """``POST /api/alerts/{id}/acknowledge|snooze|resolve|reopen``, one or many."""

    store: ActStore
    decide: Decide
    clock: Callable[[], float] = field(default=lambda: asyncio.get_running_loop().time())

    async def __call__(
        self,
        kind: ActKind,
        alert_ids: Sequence[UUID],
        request: ActRequest,
        caller: Caller,
        *,
        via: str = "api",
        key: str | None = None,
        expected: str | None = None,
        by_name: str | None = None,
        link_of: UUID | None = None,
    ) -> Mapping[UUID, Acted | None]:
        """What came of it for each alert that the caller may see; None where that is not known yet.

        ``key``: the same key from the same caller is the same act, however often it is sent.
        ``expected``: the version the alert must have. ``by_name``: who it is, if not the caller.
        ``link_of``: the message whose link was used, which can be done once.

        Raises:
            InvalidRequest, Forbidden, Changed
        """
        async with self.store.as_caller(caller) as transaction:
            until = request.ends(await transaction.now())
            found = await transaction.find(list(dict.fromkeys(alert_ids))[:MOST_AT_ONCE])
            for project_id in {each.project_id for each in found}:
                if not await transaction.may_edit(project_id):
                    raise Forbidden("change alerts of this project")
            if expected is not None and any(each.version != expected for each in found):
                raise Changed("the alert has changed meanwhile")
            who = by_name or name_of(caller)
            acts = {
                each: _act(kind, each.id, request, caller, who, until, via, key) for each in found
            }
            acts = {each: replace(act, link_of=link_of) for each, act in acts.items()}
            await transaction.add([(each.project_id, act) for each, act in acts.items()])
        wanted = {act.id: each for each, act in acts.items()}
        try:
            done = await self._decided(wanted)
        except StoreUnavailable:
            # It is taken, and will be decided: whoever asks again hears what came of it.
            done = {}
        return {each.id: done.get(act_id) for act_id, each in wanted.items()}

    async def _decided(self, wanted: Mapping[UUID, KnownAlert]) -> Mapping[UUID, Acted]:
        """Decides, or waits for whoever is deciding, within bounds."""
        give_up = self.clock() + PATIENCE_SECONDS
        while True:
            done = await self.store.results(list(wanted))
            left = {each.project_id for id_, each in wanted.items() if id_ not in done}
            if not left or self.clock() >= give_up:
                return done
            for project_id in left:
                await self.decide(project_id)
            await asyncio.sleep(_PAUSE_SECONDS if done else 0)


def name_of(caller: Caller) -> str:
    """Who it is, as other people know them."""
    email = caller.claims.get("email")
    if isinstance(email, str) and email.strip():
        return " ".join(email.split())[:200]
    return f"user {caller.subject}" if caller.subject else "the service"


def _act(
    kind: ActKind,
    alert_id: UUID,
    request: ActRequest,
    caller: Caller,
    by_name: str,
    until: datetime | None,
    via: str,
    key: str | None,
) -> WantedAct:
    named = f"{caller.role}/{caller.subject}/{alert_id}/{kind}/{key}"
    return WantedAct(
        id=uuid5(NAMESPACE_URL, named) if key else uuid4(),
        alert_id=alert_id,
        kind=kind,
        by_user=caller.subject,
        by_name=by_name,
        via=via,
        note=redact_line(request.note, 500) if request.note else None,
        until=until,
        until_changed=getattr(request, "until_changed", False),
        failures=getattr(request, "failures", None),
    )
