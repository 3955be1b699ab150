"""The FastAPI application."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable
from uuid import uuid4

import structlog
from fastapi import FastAPI, Request, Response

from meshhook_alerts.bootstrap import Service
from meshhook_alerts.entrypoints.api import (
    detection_routes,
    health_routes,
    settings_routes,
    trigger_routes,
)
from meshhook_alerts.entrypoints.api.identity import TokenReader
from meshhook_alerts.entrypoints.api.problems import (
    WITH_BODY,
    Problem,
    add_problem_handlers,
    answer,
)
from meshhook_alerts.entrypoints.api.signatures import SignatureCheck

_log = logging.getLogger(__name__)

BODY_LIMIT = 2 * 1024 * 1024
"""Bytes of a request's body; a larger one is refused before it is read."""

_JSON = re.compile(r"(?i)\s*application/(?:[\w.-]+\+)?json\s*(?:;.*)?")
_OTHER_FORMS = frozenset({"/api/alerts/trigger"})
"""Paths that take more than JSON, and say themselves what they take."""
_REQUEST_ID = re.compile(r"[\w.-]{1,64}")


def create_app(service: Service, jwt_secret: str) -> FastAPI:
    """The API over the parts of ``service``; tokens are checked with ``jwt_secret``."""
    app = FastAPI(
        title="MeshHook Alerts",
        version="0.1.0",
        description="Failure alerts for MeshHook workflows.",
        docs_url="/api/alerts/docs",
        redoc_url=None,
        openapi_url="/api/alerts/openapi.json",
        redirect_slashes=False,  # the place to go on would be made of whatever Host was sent
    )
    app.state.service = service
    app.state.tokens = TokenReader(jwt_secret)
    secret = service.settings.trigger_secret
    app.state.signatures = SignatureCheck.of(secret.get_secret_value()) if secret else None
    for routes in (settings_routes, trigger_routes, detection_routes, health_routes):
        app.include_router(routes.router)
    add_problem_handlers(app)
    app.middleware("http")(_around)
    return app


async def _around(
    request: Request, call_next: Callable[[Request], Awaitable[Response]]
) -> Response:
    """Gives each request an id that its log lines and errors bear, and bounds its body."""
    asked = request.headers.get("x-request-id", "")
    request.state.request_id = asked if _REQUEST_ID.fullmatch(asked) else uuid4().hex
    with structlog.contextvars.bound_contextvars(request_id=request.state.request_id):
        try:
            response = await _bounded(request, call_next)
        except Exception:
            _log.exception("%s %s failed", request.method, request.url.path)
            detail = "Something went wrong here; the request's id leads to it in our logs."
            response = answer(Problem(500, "internal_error", detail), request)
    response.headers["X-Request-ID"] = request.state.request_id
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers.setdefault("Cache-Control", "no-store")
    return response


async def _bounded(
    request: Request, call_next: Callable[[Request], Awaitable[Response]]
) -> Response:
    length = request.headers.get("content-length", "")
    if request.method in WITH_BODY:
        if request.url.path not in _OTHER_FORMS and not _JSON.fullmatch(
            request.headers.get("content-type", "")
        ):
            detail = "Send JSON: Content-Type: application/json."
            return answer(Problem(415, "unsupported_media_type", detail), request)
        if not length.isdecimal():
            return answer(
                Problem(411, "length_required", "Send the body's Content-Length."), request
            )
        if int(length) > BODY_LIMIT:
            detail = f"The body may be {BODY_LIMIT} bytes long; send less at once."
            return answer(Problem(413, "too_large", detail), request)
    return await call_next(request)
