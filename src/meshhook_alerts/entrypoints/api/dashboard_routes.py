"""``/alerts``: the dashboard's pages."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from meshhook_alerts.entrypoints.api.alert_page import words
from meshhook_alerts.entrypoints.api.dashboard import Dashboard

router = APIRouter(include_in_schema=False)


@router.get("/")
async def front() -> Response:
    """Whoever types the address alone."""
    return RedirectResponse("/alerts/", status_code=307)


@router.get("/alerts")
async def without_slash() -> Response:
    """Pages name their files relative to the folder."""
    return RedirectResponse("/alerts/", status_code=308)


@router.get("/alerts/{path:path}")
async def page(request: Request, path: str) -> Response:
    """A file of the build; or the page, which knows its screens itself."""
    dashboard: Dashboard | None = request.app.state.dashboard
    if dashboard is None:
        return words(
            404, "The dashboard has not been built",
            "From a checkout, script/demo builds it. The API works without it: /api/alerts/docs.",
        )  # fmt: skip
    found = dashboard.file(path, request.headers.get("accept-encoding", ""))
    if found is not None:
        return found
    if path.startswith("_app/") or "." in path.rpartition("/")[2]:
        return words(
            404, "There is no such file", "It may belong to another version: load the page again."
        )
    return dashboard.shell()
