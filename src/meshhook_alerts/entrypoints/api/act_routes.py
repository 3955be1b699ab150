"""``POST /api/alerts/{id}/acknowledge|snooze|resolve|reopen``: what people do about alerts, one or many."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Request, Response
from pydantic import BaseModel, Field

from meshhook_alerts.application.act_words import sentence
from meshhook_alerts.application.acts import (
    MOST_AT_ONCE,
    AcknowledgeRequest,
    Acted,
    ActRequest,
    SnoozeRequest,
)
from meshhook_alerts.application.problems import NotFound
from meshhook_alerts.application.settings_ports import Caller
from meshhook_alerts.bootstrap import Service
from meshhook_alerts.domain.life import ActKind, Outcome
from meshhook_alerts.entrypoints.api.identity import SignedIn
from meshhook_alerts.entrypoints.api.problems import Problem, storable


async def _storable_or_empty(request: Request) -> None:
    """An act needs no body."""
    if await request.body():
        await storable(request)


router = APIRouter(
    prefix="/api/alerts", tags=["alerts"], dependencies=[Depends(_storable_or_empty)]
)

IfMatch = Annotated[str | None, Header(description="The alert's ETag: 412 if it has changed since.", max_length=100)]  # fmt: skip
Key = Annotated[str | None, Header(alias="Idempotency-Key", description="The same key is the same act, however often it is sent.", max_length=200)]  # fmt: skip


class ActAnswer(BaseModel):
    """What an act came to, and how the alert stands now."""

    alert_id: UUID
    outcome: str = Field(description="done, already, ended, followed, gone, or waiting: not decided yet.")  # fmt: skip
    said: str = Field(description="The same as a sentence for people.")
    status: str | None = Field(description="firing, acknowledged, snoozed or resolved.")
    by: str | None = Field(description="In whose hand it is.")
    since: datetime | None
    until: datetime | None = Field(description="When that ends by itself.")
    resolved_at: datetime | None


class ActsAnswer(BaseModel):
    """One line for each alert that was named."""

    alerts: list[ActAnswer]


Ids = Annotated[list[UUID], Field(min_length=1, max_length=MOST_AT_ONCE, description="Alerts, of any project.")]  # fmt: skip


class ManyRequest(ActRequest):
    """Several alerts at once."""

    ids: Ids


class AcknowledgeMany(AcknowledgeRequest):
    """Several alerts at once."""

    ids: Ids


class SnoozeMany(SnoozeRequest):
    """Several alerts at once."""

    ids: Ids


_TAKEN: dict[int | str, dict[str, Any]] = {
    202: {"model": ActAnswer, "description": "Taken, and not decided yet."}
}
"""Beside 200."""


@router.post("/{alert_id:uuid}/acknowledge", summary="Take an alert in hand", responses=_TAKEN)
async def acknowledge(
    request: Request, response: Response, alert_id: UUID, who: SignedIn,
    body: AcknowledgeRequest | None = None, if_match: IfMatch = None, key: Key = None,
) -> ActAnswer:  # fmt: skip
    """Nobody is reminded of it, and failures are counted, until the acknowledgement expires; what clearly
    changes or grows is told all the same."""
    wanted = body or AcknowledgeRequest()
    return await _one(request, response, ActKind.ACKNOWLEDGE, alert_id, wanted, who, if_match, key)


@router.post(
    "/{alert_id:uuid}/snooze",
    summary="Quiet until a moment, a change, or so many failures",
    responses=_TAKEN,
)
async def snooze(
    request: Request, response: Response, alert_id: UUID, who: SignedIn, body: SnoozeRequest,
    if_match: IfMatch = None, key: Key = None,
) -> ActAnswer:  # fmt: skip
    """Whatever comes first ends it, and whoever knows of the alert is told."""
    return await _one(request, response, ActKind.SNOOZE, alert_id, body, who, if_match, key)


@router.post("/{alert_id:uuid}/resolve", summary="Close an alert by hand", responses=_TAKEN)
async def resolve(
    request: Request, response: Response, alert_id: UUID, who: SignedIn,
    body: ActRequest | None = None, if_match: IfMatch = None, key: Key = None,
) -> ActAnswer:  # fmt: skip
    """Whoever was told of it is told that it was closed, and by whom."""
    wanted = body or ActRequest()
    return await _one(request, response, ActKind.RESOLVE, alert_id, wanted, who, if_match, key)


@router.post(
    "/{alert_id:uuid}/reopen",
    summary="Open an alert again that was closed, or give back one that was taken in hand",
    responses=_TAKEN,
)
async def reopen(
    request: Request, response: Response, alert_id: UUID, who: SignedIn,
    body: ActRequest | None = None, if_match: IfMatch = None, key: Key = None,
) -> ActAnswer:  # fmt: skip
    """Its next failure is news to whoever was told of its end."""
    wanted = body or ActRequest()
    return await _one(request, response, ActKind.REOPEN, alert_id, wanted, who, if_match, key)


@router.post("/acknowledge", summary="Take several alerts in hand")
async def acknowledge_many(
    request: Request, body: AcknowledgeMany, who: SignedIn, key: Key = None
) -> ActsAnswer:
    """As for one; the answer has a line for each."""
    return await _many(request, ActKind.ACKNOWLEDGE, body.ids, body, who, key)


@router.post("/snooze", summary="Snooze several alerts")
async def snooze_many(
    request: Request, body: SnoozeMany, who: SignedIn, key: Key = None
) -> ActsAnswer:
    """As for one; the answer has a line for each."""
    return await _many(request, ActKind.SNOOZE, body.ids, body, who, key)


@router.post("/resolve", summary="Close several alerts by hand")
async def resolve_many(
    request: Request, body: ManyRequest, who: SignedIn, key: Key = None
) -> ActsAnswer:
    """As for one; the answer has a line for each."""
    return await _many(request, ActKind.RESOLVE, body.ids, body, who, key)


@router.post("/reopen", summary="Open several alerts again")
async def reopen_many(
    request: Request, body: ManyRequest, who: SignedIn, key: Key = None
) -> ActsAnswer:
    """As for one; the answer has a line for each."""
    return await _many(request, ActKind.REOPEN, body.ids, body, who, key)


async def _one(
    request: Request, response: Response, kind: ActKind, alert_id: UUID, body: ActRequest, who: Caller,
    if_match: str | None, key: str | None,
) -> ActAnswer:  # fmt: skip
    service: Service = request.app.state.service
    expected = if_match.strip().removeprefix("W/").strip('"') if if_match else None
    found = await service.acts(
        kind, [alert_id], body, who, key=key, expected=None if expected == "*" else expected
    )
    if alert_id not in found:
        raise NotFound(f"alert {alert_id}")
    answer = _answer(kind, alert_id, found)
    done = found[alert_id]
    if done is None:
        response.status_code = 202
    elif done.outcome in (Outcome.ENDED, Outcome.FOLLOWED):
        raise Problem(409, done.outcome, answer.said)
    elif done.outcome is Outcome.GONE:
        raise NotFound(f"alert {alert_id}")
    else:
        response.headers["ETag"] = f'"{done.version}"'
    return answer


async def _many(
    request: Request, kind: ActKind, ids: list[UUID], body: ActRequest, who: Caller, key: str | None
) -> ActsAnswer:
    service: Service = request.app.state.service
    found = await service.acts(kind, ids, body, who, key=key)
    return ActsAnswer(alerts=[_answer(kind, id_, found) for id_ in dict.fromkeys(ids)])


def _answer(kind: ActKind, alert_id: UUID, found: Mapping[UUID, Acted | None]) -> ActAnswer:
    done = found.get(alert_id)
    if done is None:
        outcome = "waiting" if alert_id in found else "not_found"
        return ActAnswer(
            alert_id=alert_id, outcome=outcome, said=_UNDECIDED[outcome], status=None, by=None,
            since=None, until=None, resolved_at=None,
        )  # fmt: skip
    in_hand = done.status in ("acknowledged", "snoozed")
    return ActAnswer(
        alert_id=alert_id,
        outcome=done.outcome,
        said=sentence(kind, done),
        status=done.status,
        by=done.by if in_hand else None,
        since=done.since if in_hand else None,
        until=done.until if in_hand else None,
        resolved_at=done.resolved_at,
    )


_UNDECIDED = {
    "waiting": "It was taken, and is not decided yet: the project is busy. Look again in a moment.",
    "not_found": "Not found, or not yours to see.",
}
