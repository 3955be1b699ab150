"""What the demo's mail server and webhook receiver have got, as pages: server-rendered, they refresh themselves."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from importlib.resources import files

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


def mailbox(figures: Figures, mails: Spool, hooks: Spool, status: dict[str, str]) -> APIRouter:
    """Routes of the pages; ``status`` holds what the header says of the demo itself."""
    router = APIRouter(include_in_schema=False)
    render = _Renderer()

    @router.get("/demo/")
    async def overview() -> Response:
        return render(
            "mailbox.html",
            counters=await figures.counters(),
            mails=mails.newest(12),
            hooks=hooks.newest(12),
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
        self._environment.filters["clock"] = clock

    def __call__(self, template: str, **values: object) -> HTMLResponse:
        html = self._environment.get_template(template).render(**values)
        return HTMLResponse(html, headers={"Content-Security-Policy": _POLICY})


def clock(at: datetime) -> str:
    """``07:14:05``, with its date if that is not today's."""
    today = datetime.now(UTC).date()
    return f"{at:%H:%M:%S}" if at.date() == today else f"{at.day} {at:%b}, {at:%H:%M:%S}"
