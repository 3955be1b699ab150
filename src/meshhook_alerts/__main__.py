"""``python -m meshhook_alerts`` and the command ``meshhook-alerts``."""

from __future__ import annotations

from meshhook_alerts.demo.command import add_demo
from meshhook_alerts.entrypoints.cli import app

add_demo(app)


def main() -> None:
    """The command line."""
    app()


if __name__ == "__main__":
    main()
