"""``meshhook-alerts tell-existing``: what was lost before alerts were attached, told when asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from meshhook_alerts.entrypoints.cli.ending import fail, guarded, run

if TYPE_CHECKING:
    from meshhook_alerts.application.tell_existing import Existing

Project = Annotated[str | None, typer.Option(help="Id of the project; all of them if left out.")]


def tell_existing(
    project: Project = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before telling.")] = False,
) -> None:
    """Tell each channel, in one message, of the runs that were lost before alerts were attached.
    Without this nobody hears of them. A channel is told once, however often this is run."""
    project_id = _id(project)

    async def work() -> None:
        from meshhook_alerts.adapters.postgres.existing_store import PostgresExistingStore
        from meshhook_alerts.application.tell_existing import TellExisting
        from meshhook_alerts.bootstrap import open_database
        from meshhook_alerts.entrypoints.local import home
        from meshhook_alerts.settings import load_settings

        with home(load_settings()) as place:
            async with open_database(place.settings, place.database_url) as database:
                tell = TellExisting(PostgresExistingStore(database.pool))
                found = await tell.find(project_id)
                if not _shown(found):
                    return
                if not yes:
                    typer.confirm("Tell each of these channels in one message?", abort=True)
                told = sum([await tell(each) for each in found])
        typer.echo(
            f"{told} message(s) queued; a worker sends them"
            if told
            else "all had been told already"
        )

    with guarded():
        run(work())


def _id(project: str | None) -> UUID | None:
    try:
        return UUID(project) if project else None
    except ValueError:
        fail(
            f"--project: {project!r} is no project's id, such as 3f0c2b1e-9a2d-4f61-9d9a-30aa71c2e0b4"
        )


def _shown(found: Sequence[Existing]) -> bool:
    """Says what there is; whether anybody can be told of it."""
    for each in found:
        typer.echo(f"{each.headline}; {len(each.channels)} channel(s)")
    if not found:
        typer.echo("nothing had been lost before alerts were attached, or no worker has looked yet")
        return False
    if not any(each.channels for each in found):
        typer.echo("there is no channel yet: set one up first (POST /api/alerts/settings)")
        return False
    return True
