"""The trigger endpoint as a failure source: what callers report is what it is."""

from meshhook_alerts.sources.reported.judge import judge

__all__ = ["judge"]
