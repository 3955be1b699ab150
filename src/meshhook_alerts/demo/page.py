"""The demo's live page: server-rendered HTML, no build; it refreshes itself."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from uuid import UUID

import jinja2
from fastapi import APIRouter, HTTPException
from fastapi.responses import HTMLResponse, Response

from meshhook_alerts.demo.figures import Figures
from meshhook_alerts.demo.spool import Spool

_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self';"
    " frame-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'"
)
_MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; sandbox allow-popups; base-uri 'none'"
)
_TYPES = {"page.css": "text/css", "page.js": "text/javascript", "icon.svg": "image/svg+xml"}


def live_page(figures: Figures, mails: Spool, hooks: Spool, status: dict[str, str]) -> APIRouter:
    """Routes of the page; ``status`` holds what the header says of the demo itself."""
    router = APIRouter(include_in_schema=False)
    render = _Renderer()

    @router.get("/")
    async def overview(all: bool = False) -> Response:
        return render(
            "overview.html",
            counters=await figures.counters(),
            alerts=await figures.alerts(500 if all else 10),
            ledger=await figures.ledger(),
            mails=mails.newest(8),
            hooks=hooks.newest(8),
            status=status,
        )

    @router.get("/demo/alert/{alert_id}")
    async def alert(alert_id: UUID) -> Response:
        found = await figures.alert(alert_id)
        if found is None:
            raise HTTPException(404, "There is no such alert.")
        return render(
            "alert.html",
            alert=found,
            ledger=await figures.ledger(alert_id, 100),
            attempts=await figures.attempts(alert_id),
            status=status,
        )

    @router.get("/demo/mail/{number}")
    async def mail(number: int) -> Response:
        found = mails.get(number)
        if found is None:
            raise HTTPException(404, "That message is no longer kept.")
        return render("mail.html", mail=found, status=status)

    @router.get("/demo/mail/{number}/body")
    async def mail_body(number: int) -> Response:
        found = mails.get(number)
        if found is None:
            raise HTTPException(404, "That message is no longer kept.")
        # Its links open beside the page, not within the frame.
        html = found.data["html"].replace("<head>", '<head><base target="_blank">', 1)
        return HTMLResponse(html, headers={"Content-Security-Policy": _MAIL_POLICY})

    @router.get("/demo/hook/{number}")
    async def hook(number: int) -> Response:
        found = hooks.get(number)
        if found is None:
            raise HTTPException(404, "That message is no longer kept.")
        body = json.dumps(found.data["body"], indent=2, ensure_ascii=False)
        return render("hook.html", hook=found, body=body, status=status)

    @router.get("/demo/static/{name}")
    async def static(name: str) -> Response:
        if name not in _TYPES:
            raise HTTPException(404, "There is no such file.")
        return Response(
            files(__package__).joinpath("static", name).read_bytes(), media_type=_TYPES[name]
        )

    return router


class _Renderer:
    def __init__(self) -> None:
        self._environment = jinja2.Environment(
            loader=jinja2.PackageLoader("meshhook_alerts.demo"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters["span"] = span
        self._environment.filters["clock"] = clock

    def __call__(self, template: str, **values: object) -> HTMLResponse:
        html = self._environment.get_template(template).render(**values)
        return HTMLResponse(html, headers={"Content-Security-Policy": _POLICY})


def span(length: timedelta) -> str:
    """A length of time in words: ``12 s``, ``3 min``, ``2 h 5 min``."""
    seconds = max(0, int(length.total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min"
    if seconds < 86_400:
        return f"{seconds // 3600} h {seconds % 3600 // 60} min"
    return f"{seconds // 86_400} d {seconds % 86_400 // 3600} h"


def clock(at: datetime) -> str:
    """``07:14:05``, with its date if that is not today's."""
    today = datetime.now(UTC).date()
    return f"{at:%H:%M:%S}" if at.date() == today else f"{at.day} {at:%b}, {at:%H:%M:%S}"
