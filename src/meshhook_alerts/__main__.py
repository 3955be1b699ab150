"""``python -m meshhook_alerts`` and the command ``meshhook-alerts``."""

from __future__ import annotations

import signal
import sys

from meshhook_alerts.demo.command import add_demo
from meshhook_alerts.entrypoints.cli import app

add_demo(app)


def main() -> None:
    """The command line. SIGTERM ends a command the ordinary way, so that what it started stops."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    app()


if __name__ == "__main__":
    main()
