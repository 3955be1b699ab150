"""``/alerts/a/{id}``: the page that "Open the alert" leads to. Read-only, for one alert, by signed link.

It needs no script, asks for nothing from elsewhere, and names no address it came from.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, PackageLoader, StrictUndefined

from meshhook_alerts.adapters.link_seal import Seal
from meshhook_alerts.adapters.postgres.alert_pages import AlertRecord, PostgresAlertPages
from meshhook_alerts.bootstrap import Service
from meshhook_alerts.channels.wording import times
from meshhook_alerts.domain.hints import hint_for
from meshhook_alerts.domain.kinds import title_of
from meshhook_alerts.domain.reasons import Reason
from meshhook_alerts.domain.redaction import redact_name
from meshhook_alerts.entrypoints.api.dashboard import Dashboard

router = APIRouter(prefix="/alerts/a", include_in_schema=False)

_templates = Environment(
    loader=PackageLoader("meshhook_alerts.entrypoints.api"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_HEADERS = {
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}
NOT_HERE = (
    "This link leads nowhere",
    "It is not complete, or it was made with a key that is no longer in use. Open the link in the"
    " message again, all of it.",
)
_EXPIRED = (
    "This link has expired",
    "Links in messages are good for seven days. The alert itself is still in the alert log.",
)


@router.get("/{alert_id}")
async def page(request: Request, alert_id: str, t: str = "") -> Response:
    """The alert, its evidence, every decision about it and every try to tell of it."""
    service: Service = request.app.state.service
    dashboard: Dashboard | None = request.app.state.dashboard
    if "t" not in request.query_params and dashboard is not None:
        return dashboard.shell()  # not from a message: for who is signed in
    try:
        id_ = UUID(alert_id)
    except ValueError:
        return words(404, *NOT_HERE)
    seal = service.link_seals.check(id_, t, service.clock.now())
    if seal is not Seal.GOOD:
        return words(410, *_EXPIRED) if seal is Seal.EXPIRED else words(404, *NOT_HERE)
    record = await PostgresAlertPages(service.database.pool).read(id_)
    if record is None:
        return words(404, "This alert is gone", "It was removed with its project, or cleared away.")
    return rendered(200, "alert.html.jinja", **_view(record))


def words(status: int, title: str, text: str) -> HTMLResponse:
    """A page that only says something."""
    return rendered(status, "words.html.jinja", title=title, text=text)


def rendered(status: int, template: str, *, may_send: bool = False, **values: Any) -> HTMLResponse:
    """A page; ``may_send``: with a form that leads back to it."""
    nonce = secrets.token_urlsafe(16)
    forms = "'self'" if may_send else "'none'"
    policy = f"default-src 'none'; style-src 'nonce-{nonce}'; base-uri 'none'; form-action {forms}; frame-ancestors 'none'"
    page = _templates.get_template(template).render(nonce=nonce, moment=_moment, iso=_iso, **values)
    return HTMLResponse(page, status, {**_HEADERS, "Content-Security-Policy": policy})


def _view(record: AlertRecord) -> dict[str, Any]:
    alert, evidence = record.alert, record.alert["evidence"]
    name = redact_name(evidence.get("workflow_name") or alert["workflow"] or "MeshHook")
    open_, life = alert["status"] != "resolved", alert["life"] or {}
    closed = life.get("closed") if not open_ else None
    return {
        "alert": alert,
        "evidence": evidence,
        "tone": alert["severity"] if open_ else "info" if closed else "good",
        "word": alert["severity"].capitalize() if open_ else "Closed" if closed else "Recovered",
        "in_hand": _in_hand(alert["status"], life),
        "closed": _capital(closed) if closed else "",
        "project": redact_name(alert["project"]),
        "name": name,
        "title": " › ".join(part for part in (name, alert["node_id"]) if part),
        "happened": _capital(title_of(alert["kind"])),
        "hint": hint_for(alert["kind"], alert["error_class"]) if open_ else "",
        "span": times.span((alert["resolved_at"] or alert["last_failure_at"]) - alert["opened_at"]),
        "decisions": [{**each, "sentence": _sentence(each["reason"])} for each in record.decisions],
        "messages": [{**each, "sentence": _sentence(each["reason"])} for each in record.messages],
        "more_decisions": _more(record.decisions),
        "more_messages": _more(record.messages),
        "read_at": datetime.now(UTC),
    }


def _in_hand(status: str, life: dict[str, Any]) -> str:
    if status not in ("acknowledged", "snoozed"):
        return ""
    until = f", until {_moment(life['until'])}" if life.get("until") else ""
    return f"{_capital(status)} by {life.get('by') or 'somebody'}{until}"


def _more(rows: Any) -> int:
    return rows[0]["total"] - len(rows) if rows else 0


def _sentence(reason: str) -> str:
    try:
        return Reason(reason).sentence
    except ValueError:  # written by a newer version
        return reason


def _moment(at: datetime | str) -> str:
    """``Mon 23 Nov 2026, 07:14:05 UTC``: tries lie seconds apart."""
    moment = times.parse(at) if isinstance(at, str) else at
    return times.moment(moment).replace(" UTC", f":{moment:%S} UTC")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _iso(at: datetime | str) -> str:
    return at if isinstance(at, str) else at.isoformat(timespec="seconds")
