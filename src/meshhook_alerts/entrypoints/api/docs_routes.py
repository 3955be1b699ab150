"""``/api/alerts/docs``: the API's pages, with nothing fetched from elsewhere, so that they work offline."""

from __future__ import annotations

from importlib.resources import files

from fastapi import APIRouter, Request, Response
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse

from meshhook_alerts.entrypoints.api.problems import Problem

router = APIRouter(prefix="/api/alerts/docs", include_in_schema=False)

_ASSETS = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "favicon-32x32.png": "image/png",
}
_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline';"
    " img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'"
)


@router.get("")
async def page(request: Request) -> HTMLResponse:
    """Every operation, to read and to try."""
    assets = request.url.path.rstrip("/")
    shown = get_swagger_ui_html(
        openapi_url=request.app.openapi_url,
        title=request.app.title,
        swagger_js_url=f"{assets}/swagger-ui-bundle.js",
        swagger_css_url=f"{assets}/swagger-ui.css",
        swagger_favicon_url=f"{assets}/favicon-32x32.png",
    )
    shown.headers["Content-Security-Policy"] = _POLICY
    return shown


@router.get("/{name}")
async def asset(name: str) -> Response:
    """A file of the page, from the package that brings it."""
    if name not in _ASSETS:
        raise Problem(404, "not_found", "Nothing can have that name.")
    content = files("fastapi_swagger.resources").joinpath(name).read_bytes()
    return Response(content, media_type=_ASSETS[name], headers={"Cache-Control": "max-age=86400"})
