"""``POST /api/alerts/receipts/{channel_id}/{notification_id}``: where providers say what became of a message."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Request, Response

from meshhook_alerts.bootstrap import Service

RECEIPTS = "/api/alerts/receipts/"
router = APIRouter(prefix=RECEIPTS.rstrip("/"), tags=["channels"])


@router.post(
    "/{channel_id}/{notification_id}", summary="Say what became of a message", status_code=204
)
async def take(request: Request, channel_id: UUID, notification_id: UUID) -> Response:
    """For providers of text messages: the address each message names. Only their signature lets in; whatever is not
    signed as it must be is answered like a message that does not exist."""
    service: Service = request.app.state.service
    headers = {name.lower(): value for name, value in request.headers.items()}
    await service.take_receipt(channel_id, notification_id, headers, await request.body())
    return Response(status_code=204)
