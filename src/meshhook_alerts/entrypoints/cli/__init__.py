"""The command line: ``meshhook-alerts``."""

from meshhook_alerts.entrypoints.cli.app import app, fail, guarded

__all__ = ["app", "fail", "guarded"]
