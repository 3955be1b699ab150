"""``GET /api/alerts/stream``: alerts and ledger as they change, as server-sent events."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import BaseModel, Field

from meshhook_alerts.application.problems import InvalidRequest
from meshhook_alerts.application.stream import (
    PER_CALLER_LIMIT,
    Batch,
    Place,
    TooManyClients,
    TooManyOfYours,
)
from meshhook_alerts.bootstrap import Service
from meshhook_alerts.entrypoints.api.alert_routes import (
    AlertAnswer,
    LogAnswer,
    alert_fields,
    sentence_of,
)
from meshhook_alerts.entrypoints.api.cursors import cursor_of, place_of
from meshhook_alerts.entrypoints.api.identity import SignedIn
from meshhook_alerts.entrypoints.api.problems import Problem, storable

router = APIRouter(prefix="/api/alerts", tags=["alerts"], dependencies=[Depends(storable)])

_ABOUT = "stream"
_RETRY_MS = 2_000


class Changes(BaseModel):
    """What has changed since the event before."""

    alerts: list[AlertAnswer] = Field(description="As they are now.")
    logs: list[LogAnswer] = Field(description="New lines of the ledger.")


async def _followed(request: Request, who: SignedIn) -> AsyncIterator[Batch | None]:
    """Begins to follow before anything is answered, so that a problem has a status of its own."""
    service: Service = request.app.state.service
    last = request.headers.get("last-event-id")
    following = service.stream.follow(who, _place(last, request) if last else None)
    try:
        first = await anext(following)
    except TooManyClients:
        detail = "This server has as many listeners as it can; read the lists, and try again later."
        raise Problem(503, "too_many_listeners", detail, headers={"Retry-After": "30"}) from None

    except TooManyOfYours:
        detail = f"You follow {PER_CALLER_LIMIT} times already; close one of your windows."
        raise Problem(429, "too_many_listeners", detail, headers={"Retry-After": "30"}) from None

    async def all_of_it() -> AsyncIterator[Batch | None]:
        yield first
        async for batch in following:
            yield batch

    return all_of_it()


@router.get("/stream", summary="Follow what changes", response_class=EventSourceResponse)
async def stream(
    request: Request,
    who: SignedIn,
    followed: Annotated[AsyncIterator[Batch | None], Depends(_followed)],
    last_event_id: Annotated[str | None, Header(max_length=6000, description="Goes on behind that event, without loss or repeat.")] = None,
) -> AsyncIterator[ServerSentEvent]:  # fmt: skip
    """``changes`` events with alerts as they are now and new lines of the ledger; ``reload`` where too much has
    changed to be told one by one: read the lists again. The first event comes at once. Ends when the token
    does."""
    secret = request.app.state.cursor_secret
    retry: int | None = _RETRY_MS
    async for batch in followed:
        if time.time() >= float(str(who.claims.get("exp", "inf"))):
            return
        if batch is None:
            yield ServerSentEvent(comment="still here")
            continue
        id_ = cursor_of([batch.place.snapshot, batch.place.at.isoformat()], _ABOUT, secret)
        if batch.changes is None:
            yield ServerSentEvent(event="reload", data={}, id=id_, retry=retry)
        else:
            yield ServerSentEvent(event="changes", data=_said(batch.changes), id=id_, retry=retry)
        retry = None


def _place(last: str, request: Request) -> Place:
    """Where the client was; one that is none of ours was nowhere."""
    try:
        snapshot, at = place_of(last, _ABOUT, request.app.state.cursor_secret)
        return Place(snapshot, datetime.fromisoformat(at))
    except InvalidRequest:
        return Place("1:1:", datetime(2000, 1, 1, tzinfo=UTC))


def _said(changes: Sequence[Any]) -> Changes:
    return Changes(
        alerts=[
            AlertAnswer(**alert_fields(each.document)) for each in changes if each.what == "alert"
        ],
        logs=[
            LogAnswer(**{**each.document, "sentence": sentence_of(each.document["reason"])})
            for each in sorted(
                (each for each in changes if each.what == "log"),
                key=lambda each: each.document["id"],
            )
        ],
    )
