"""``/alerts/a/{id}/acknowledge`` and ``…/snooze``: what the links in messages lead to. Looking changes nothing (mail
scanners follow links); the button on the page does it, once."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from meshhook_alerts.adapters.link_seal import Seal
from meshhook_alerts.adapters.postgres.act_links import LinkTarget, PostgresActLinks
from meshhook_alerts.application.act_words import sentence
from meshhook_alerts.application.acts import AcknowledgeRequest, ActRequest, SnoozeRequest
from meshhook_alerts.application.settings_ports import Caller
from meshhook_alerts.bootstrap import Service
from meshhook_alerts.domain.kinds import title_of
from meshhook_alerts.domain.life import ActKind
from meshhook_alerts.domain.redaction import redact_name
from meshhook_alerts.entrypoints.api.alert_page import NOT_HERE, rendered, words

router = APIRouter(prefix="/alerts/a", include_in_schema=False)

SNOOZE_SECONDS = 4 * 3600
_SERVICE = Caller("service_role", {"role": "service_role"}, None)
"""The seal is what lets the reader in, for this one thing."""
_EXPIRED = (
    "This link has expired",
    "Links that do something are good for three days. Open the alert from a later message, or use"
    " `meshhook-alerts alerts`.",
)
_REQUESTS: dict[ActKind, ActRequest] = {
    ActKind.ACKNOWLEDGE: AcknowledgeRequest(),
    ActKind.SNOOZE: SnoozeRequest(for_seconds=SNOOZE_SECONDS),
}
_ASKED = {
    ActKind.ACKNOWLEDGE: ("Acknowledge this alert?", "Acknowledge", "You have it in hand: nobody is reminded of it, until that expires."),
    ActKind.SNOOZE: ("Snooze this alert?", "Snooze for 4 hours", "Nothing more is said of it for four hours."),
}  # fmt: skip

Message = Annotated[str, Query(max_length=60)]
Signature = Annotated[str, Query(max_length=60)]


@router.get("/{alert_id}/{act}")
async def ask(
    request: Request, alert_id: str, act: str, m: Message = "", t: Signature = ""
) -> HTMLResponse:
    """Shows the alert, and a button."""
    found = await _open(request, alert_id, act, m, t)
    if isinstance(found, HTMLResponse):
        return found
    kind, target = found
    if target.used_at or target.status == "resolved":
        return _told(target, *_why_not(target))
    title, button, means = _ASKED[kind]
    return _page(
        200, target, title=title, button=button, text=means, address=str(request.url.query)
    )


@router.post("/{alert_id}/{act}")
async def do(
    request: Request, alert_id: str, act: str, m: Message = "", t: Signature = ""
) -> HTMLResponse:
    """Does it, unless the link has been used."""
    found = await _open(request, alert_id, act, m, t)
    if isinstance(found, HTMLResponse):
        return found
    kind, target = found
    if target.used_at:
        return _told(target, *_why_not(target))
    service: Service = request.app.state.service
    channel = redact_name(target.channel) if target.channel else "a message"
    done = await service.acts(
        kind, [target.alert_id], _REQUESTS[kind], _SERVICE, via="link",
        key=f"link/{target.message_id}", link_of=target.message_id, by_name=f"a link in {channel}",
    )  # fmt: skip
    acted = done.get(target.alert_id)
    said = (
        sentence(kind, acted)
        if acted
        else "It was taken, and is being done: look again in a moment."
    )
    now = replace(target, status=acted.status) if acted else target
    return _told(now, said, "The alert's timeline says that this link did it.")


async def _open(
    request: Request, alert_id: str, act: str, message: str, signature: str
) -> HTMLResponse | tuple[ActKind, LinkTarget]:
    """What the link is about; or the page that says why it leads nowhere."""
    service: Service = request.app.state.service
    try:
        kind, alert, message_id = ActKind(act), UUID(alert_id), UUID(message)
    except ValueError:
        return words(404, *NOT_HERE)
    seal = service.link_seals.check_act(alert, message_id, kind, signature, service.clock.now())
    if seal is Seal.EXPIRED:
        return words(410, *_EXPIRED)
    if seal is not Seal.GOOD or kind not in _REQUESTS:
        return words(404, *NOT_HERE)
    target = await PostgresActLinks(service.database.pool, service.clock.hear).find(
        alert, message_id, kind
    )
    if target is None:
        return words(404, "This alert is gone", "It was removed with its project, or cleared away.")
    return kind, target


def _why_not(target: LinkTarget) -> tuple[str, str]:
    if target.used_at:
        return (
            "This link has been used",
            f"It did what it is for at {_moment(target.used_at)}, and can do it once only.",
        )
    return (
        "This alert is over",
        f"It ended at {_moment(target.resolved_at)}: there is nothing to take in hand.",
    )


def _told(target: LinkTarget, title: str, text: str) -> HTMLResponse:
    return _page(200, target, title=title, button="", text=text, address="")


def _page(status: int, target: LinkTarget, **values: Any) -> HTMLResponse:
    place = " › ".join(part for part in (target.workflow, target.node_id) if part)
    return rendered(
        status, "act.html.jinja", may_send=True, place=redact_name(place) if place else "MeshHook",
        happened=title_of(target.kind), error=target.error, target=target, **values,
    )  # fmt: skip


def _moment(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else "an unknown time"
