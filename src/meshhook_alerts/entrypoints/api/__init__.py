"""The HTTP API under ``/api/alerts``."""

from meshhook_alerts.entrypoints.api.app import create_app

__all__ = ["create_app"]
