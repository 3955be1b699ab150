"""``meshhook-alerts tail``: the ledger as it grows."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from typing import Annotated

import typer

from meshhook_alerts.entrypoints.cli.alert_lines import log_line
from meshhook_alerts.entrypoints.cli.ending import guarded, run
from meshhook_alerts.entrypoints.cli.opening import id_of, opened

Project = Annotated[str | None, typer.Option(help="Id of a project; left out: all of them.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
_LOOK_SECONDS = 0.2


def tail(
    project: Project = None,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, max=200, help="Lines of before.")] = 10,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Follow the ledger: every decision and every outcome, with its reason. Ends with Ctrl-C."""

    async def work() -> None:
        from meshhook_alerts.application.operator import OPERATOR
        from meshhook_alerts.application.read_alerts import Page, RowFilter

        wanted, ending = RowFilter(id_of(project) if project else None), _Ending()
        async with opened() as service:
            feed = service.change_feed
            place = await feed.here()
            if lines:
                before = await service.alert_reader.rows("logs", OPERATOR, wanted, Page(lines))
                for row in reversed(before):
                    typer.echo(log_line(row, as_json=as_json))
            only = frozenset({wanted.project_id}) if wanted.project_id else None
            while not await ending.within(_LOOK_SECONDS):
                batch = await feed.between(place, None, only)
                place = batch.place
                if batch.changes is None:
                    typer.echo("… more than can be shown; the alert log has it all", err=True)
                logs = [each.document for each in batch.changes or () if each.what == "log"]
                for document in sorted(logs, key=lambda each: each["id"]):
                    typer.echo(log_line(document, as_json=as_json))

    with guarded():
        run(work())


class _Ending:
    """Whether the command was told to end, by Ctrl-C or politely."""

    def __init__(self) -> None:
        self._told = asyncio.Event()
        for each in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(each, self._told.set)

    async def within(self, seconds: float) -> bool:
        """Waits so long; whether it was told to end."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._told.wait(), seconds)
        return self._told.is_set()
