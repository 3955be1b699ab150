"""The specification, with what only a running service knows: the settings of each installed kind of channel."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import FastAPI

from meshhook_alerts.application.channel_document import ChannelDocument
from meshhook_alerts.application.ports import ChannelPlugin
from meshhook_alerts.entrypoints.api.problems import schema_of
from meshhook_alerts.entrypoints.api.sessions import COOKIE


def with_channels(
    make: Callable[[], dict[str, Any]], channels: Mapping[str, ChannelPlugin]
) -> Callable[[], dict[str, Any]]:
    """``make``, with ``config`` described kind by kind wherever a channel may be sent."""
    kinds = [
        {
            "title": plugin.title,
            "properties": {
                "kind": {"const": kind},
                "config": schema_of(plugin.config_model),
            },
        }
        for kind, plugin in sorted(channels.items())
    ]

    def specification() -> dict[str, Any]:
        whole = make()
        _describe(whole, kinds)
        whole["components"]["securitySchemes"] = {
            "token": {
                "type": "http",
                "scheme": "bearer",
                "bearerFormat": "JWT",
                "description": "A user's token as Supabase signs it, or `meshhook-alerts token`.",
            }
        }
        whole["components"]["securitySchemes"]["session"] = {
            "type": "apiKey", "in": "cookie", "name": COOKIE,
            "description": "A session of the dashboard; it changes things for this server's own pages only.",
        }  # fmt: skip
        whole["security"] = [{"token": []}, {"session": []}]
        _say_how_problems_look(whole)
        return whole

    return specification


_PROBLEM: dict[str, Any] = {
    "title": "Problem",
    "description": "What went wrong (RFC 9457).",
    "type": "object",
    "required": ["type", "title", "status", "code", "detail", "request_id"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "For programs: not_found, invalid_fields, …"},
        "detail": {"type": "string", "description": "For people."},
        "request_id": {
            "type": ["string", "null"],
            "description": "Leads to it in the service's log.",
        },
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "detail"],
                "properties": {"pointer": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}


def _say_how_problems_look(whole: dict[str, Any]) -> None:
    """Every operation may answer with a problem, and in no other form: the framework's own is never sent."""
    schemas = whole["components"].setdefault("schemas", {})
    schemas["Problem"] = _PROBLEM
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for operations in whole["paths"].values():
        for operation in operations.values():
            responses = operation["responses"]
            responses.pop("422", None)
            responses["default"] = {"description": "A problem.", "content": content}


def describe_channels(app: FastAPI, channels: Mapping[str, ChannelPlugin]) -> None:
    """Makes the app's specification say what each kind of channel takes."""
    app.openapi = with_channels(app.openapi, channels)  # type: ignore[method-assign]


def _describe(part: Any, kinds: list[dict[str, Any]]) -> None:
    if isinstance(part, dict):
        if part.get("title") == ChannelDocument.__name__:
            part["anyOf"] = kinds
            return
        for each in part.values():
            _describe(each, kinds)
    elif isinstance(part, list):
        for each in part:
            _describe(each, kinds)
