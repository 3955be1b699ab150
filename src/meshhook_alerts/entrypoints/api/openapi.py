"""The specification, with what only a running service knows: the settings of each installed kind of channel."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import FastAPI

from meshhook_alerts.application.channel_document import ChannelDocument
from meshhook_alerts.application.ports import ChannelPlugin
from meshhook_alerts.entrypoints.api.problems import schema_of


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
        whole["security"] = [{"token": []}]
        return whole

    return specification


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
