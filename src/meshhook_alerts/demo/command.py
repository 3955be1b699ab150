"""``meshhook-alerts demo``."""

from __future__ import annotations

from typing import Annotated

import typer

from meshhook_alerts.entrypoints.cli import fail, guarded


def add_demo(app: typer.Typer) -> None:
    """Adds the command to the command line."""
    app.command("demo")(demo)


def demo(
    once: Annotated[
        bool,
        typer.Option("--once", help="Without a person: wait for alerts to arrive, sum up, exit."),
    ] = False,
    alerts: Annotated[
        int, typer.Option(min=1, max=15, help="With --once: how many alerts must arrive.")
    ] = 8,
    timeout: Annotated[
        int, typer.Option(min=10, max=3600, help="With --once: seconds until it counts as failed.")
    ] = 180,
    fresh: Annotated[bool, typer.Option("--fresh", help="Begin anew instead of going on.")] = False,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port of the page and the API.")
    ] = 8787,
    pace: Annotated[float, typer.Option(min=0.1, max=50, help="Runs begun per second.")] = 2.0,
) -> None:
    """Show the whole line at work: a sample MeshHook whose runs fail, and the alerts that follow.

    Needs nothing: Postgres, mail server and webhook receiver are its own, on this machine only.
    """
    try:
        import aiosmtpd.smtp  # noqa: F401
    except ImportError:
        fail("the demo needs its extra parts: pip install 'meshhook-alerts[demo]'")
    from meshhook_alerts.demo.play import DemoFailed, Play

    with guarded():
        try:
            Play(
                once=alerts if once else None, timeout=timeout, fresh=fresh, port=port, pace=pace
            )()
        except DemoFailed as problem:
            fail(str(problem), code=1)
