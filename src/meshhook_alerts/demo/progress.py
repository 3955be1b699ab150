"""What the demo says on the terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

import typer

_WIDTH = 28


class Progress:
    """Steps with their time, a bar while waiting, and what to do next."""

    def __init__(self) -> None:
        self._began = 0.0
        self._step = ""
        self._terminal = sys.stdout.isatty()

    def say(self, text: str) -> None:
        """A line of its own."""
        typer.echo(text)

    def begin(self, step: str) -> None:
        """Names what is being done."""
        self._began, self._step = time.monotonic(), step
        if self._terminal:
            typer.echo(f"  … {step}", nl=False)

    def done(self, note: str) -> None:
        """Says that it is done, how long it took, and what came of it."""
        took = time.monotonic() - self._began
        start = "\r" if self._terminal else ""
        tick = typer.style("✓", fg="green")
        detail = typer.style(f"({note}, {took:.1f} s)", dim=True)
        typer.echo(f"{start}  {tick} {self._step} {detail}")

    def bar(self, done: int, of: int) -> None:
        """How far the waiting has come."""
        if not self._terminal:
            return
        filled = _WIDTH * done // of
        typer.echo(f"\r  {'█' * filled}{'·' * (_WIDTH - filled)} {done} of {of}", nl=done == of)

    def welcome(self, address: str, pace: float, dashboard: str | None) -> None:
        """Where to look, and how to end it."""
        typer.echo("")
        if dashboard:
            typer.echo("  Watch runs fail and alerts come and go; the link signs you in, once:")
            typer.echo("  " + typer.style(dashboard, bold=True))
        typer.echo("  Read the e-mails and webhooks that arrive:")
        typer.echo("  " + typer.style(f"{address}/demo/", bold=True))
        typer.echo("")
        typer.echo(
            f"  About {pace:g} runs begin per second; some retry, some fail, some go silent."
        )
        typer.echo("  Ctrl-C ends the demo. Start it again to go on, with --fresh to begin anew.")

    def summary(self, counters: Mapping[str, Any], alerts: Sequence[Mapping[str, Any]]) -> None:
        """What there is in the end."""
        typer.echo("")
        for alert in alerts[:12]:
            where = " › ".join(part for part in (alert["workflow"], alert["node_id"]) if part)
            told = ", ".join(
                f"{each['channel']} {_mark(each['state'])}" for each in alert["told_channels"]
            )
            state = "over" if alert["status"] == "resolved" else alert["severity"]
            typer.echo(
                f"  {typer.style(f'{state:<8}', fg=_COLOURS[state])} {where}: {alert['what'][:60]}  ×{alert['count']}  → {told}"
            )
        delay = counters["delay"]
        typer.echo("")
        typer.echo(
            f"  {counters['runs']} runs, {counters['failures']} failures found, {counters['alerts']} alerts"
            f" ({counters['alerts'] - counters['open']} of them over by now),"
            f" {counters['delivered']} messages delivered, {counters['lost']} lost;"
            f" failure to accepted message: median {float(delay or 0) * 1000:.0f} ms"
        )


_COLOURS = {
    "critical": "magenta",
    "error": "red",
    "warning": "yellow",
    "info": "blue",
    "over": "green",
}


def _mark(state: str | None) -> str:
    return {"delivered": "✓", "pending": "…"}.get(state or "", "✗")
