"""Puts the dashboard's built pages into a wheel, if they have been built."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class DashboardPages(BuildHookInterface):  # type: ignore[misc]
    """See hatchling's build hooks."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Adds the folder; an editable install finds it in the checkout."""
        build = Path(self.root, "dashboard", "build")
        if version != "editable" and (build / "index.html").exists():
            build_data["force_include"][str(build)] = "meshhook_alerts/dashboard_build"
