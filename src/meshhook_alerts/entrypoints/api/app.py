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
    act_page,
    act_routes,
    alert_page,
    alert_routes,
    channel_routes,
    dashboard_routes,
    detection_routes,
    docs_routes,
    health_routes,
    history_routes,
    project_routes,
    receipt_routes,
    session_routes,
    settings_routes,
    silence_routes,
    stream_routes,
    trigger_routes,
)
from meshhook_alerts.entrypoints.api.dashboard import Dashboard
from meshhook_alerts.entrypoints.api.identity import TokenReader
from meshhook_alerts.entrypoints.api.key_set import KeySet
from meshhook_alerts.entrypoints.api.limits import RequestLimits
from meshhook_alerts.entrypoints.api.openapi import describe_channels
from meshhook_alerts.entrypoints.api.problems import (
    Problem,
    add_problem_handlers,
    answer,
)
from meshhook_alerts.entrypoints.api.rates import RateLimits, Rates
from meshhook_alerts.entrypoints.api.sessions import LocalSignIn
from meshhook_alerts.entrypoints.api.signatures import SignatureCheck
from meshhook_alerts.entrypoints.api.supabase_auth import SupabaseAuth

_log = logging.getLogger(__name__)

_REQUEST_ID = re.compile(r"[\w.-]{1,64}")


def create_app(
    service: Service, jwt_secret: str, local_sign_in: LocalSignIn | None = None
) -> FastAPI:
    """The API over the parts of ``service``; tokens are checked with ``jwt_secret``. ``local_sign_in``: how the embedded
    default's owner gets a session."""
    app = FastAPI(
        title="MeshHook Alerts",
        version="0.1.0",
        description="Failure alerts for MeshHook workflows.",
        docs_url=None,  # the framework's own page fetches its script from elsewhere
        redoc_url=None,
        openapi_url="/api/alerts/openapi.json",
        redirect_slashes=False,  # the place to go on would be made of whatever Host was sent
    )
    app.state.service = service
    app.state.tokens = TokenReader(jwt_secret, _key_set(service))
    app.state.cursor_secret = jwt_secret or service.cursor_secret
    app.state.local_sign_in = local_sign_in
    app.state.supabase_auth = _supabase_auth(service)
    app.state.dashboard = Dashboard.found()
    secret = service.settings.trigger_secret
    app.state.signatures = SignatureCheck.of(secret.get_secret_value()) if secret else None
    for routes in (
        session_routes,
        alert_page,
        act_page,
        act_routes,
        history_routes,  # before what takes any word for a workflow
        settings_routes,
        silence_routes,
        channel_routes,
        receipt_routes,
        trigger_routes,
        detection_routes,
        health_routes,
        docs_routes,
        project_routes,
        alert_routes,
        stream_routes,
        dashboard_routes,  # last: it takes whatever lies below /alerts
    ):
        app.include_router(routes.router)
    describe_channels(app, service.channels)
    add_problem_handlers(app)
    app.add_middleware(RequestLimits)
    app.state.rates = Rates(service.settings.requests_per_minute)
    app.add_middleware(RateLimits, rates=app.state.rates)
    app.middleware("http")(_around)
    return app


def _key_set(service: Service) -> KeySet | None:
    """The keys of the Supabase project that is named, if one is."""
    address = service.settings.supabase_url
    return KeySet(f"{address.rstrip('/')}/auth/v1", service.tools.http.get) if address else None


def _supabase_auth(service: Service) -> SupabaseAuth | None:
    """MeshHook's own sign-in, if the project and its public key are named."""
    address, key = service.settings.supabase_url, service.settings.supabase_anon_key
    if not address or key is None:
        return None
    return SupabaseAuth(address, key.get_secret_value(), service.tools.http.post)


async def _around(
    request: Request, call_next: Callable[[Request], Awaitable[Response]]
) -> Response:
    """Gives each request an id that its log lines and errors bear."""
    asked = request.headers.get("x-request-id", "")
    request.state.request_id = asked if _REQUEST_ID.fullmatch(asked) else uuid4().hex
    with structlog.contextvars.bound_contextvars(request_id=request.state.request_id):
        try:
            response = await call_next(request)
        except Exception:
            _log.exception("%s %s failed", request.method, request.url.path)
            detail = "Something went wrong here; the request's id leads to it in our logs."
            response = answer(Problem(500, "internal_error", detail), request)
    response.headers["X-Request-ID"] = request.state.request_id
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers.setdefault("Cache-Control", "no-store")
    return response
