"""MeshHook's tables as a failure source: triggers (in the migrations) and sweeps feed the inbox;
``judge`` says what a signal means."""

from meshhook_alerts.sources.meshhook.judge import judge

__all__ = ["judge"]
