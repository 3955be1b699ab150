"""The command line: ``meshhook-alerts``."""

from meshhook_alerts.entrypoints.cli.app import app
from meshhook_alerts.entrypoints.cli.ending import fail, guarded, run

__all__ = ["app", "fail", "guarded", "run"]
