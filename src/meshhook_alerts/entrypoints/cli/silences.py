"""``meshhook-alerts silence``: one-off mutes, from the command line."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from meshhook_alerts.entrypoints.cli.ending import fail, guarded, run
from meshhook_alerts.entrypoints.cli.opening import id_of
from meshhook_alerts.entrypoints.cli.spans import seconds_of

if TYPE_CHECKING:
    from meshhook_alerts.application.silences import Silences

silence = typer.Typer(help="Silences: mute failures until a moment.", no_args_is_help=True)

Project = Annotated[str, typer.Option(help="Id of the project.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


@silence.command("add")
def add(
    project: Project,
    for_: Annotated[str, typer.Option("--for", help="How long: 30m, 2h, 1d.")],
    reason: Annotated[str, typer.Option(help="Why, for whoever wonders.")],
    workflow: Annotated[list[str], typer.Option(help="Slug or pattern; may be given again.")] = [],  # noqa: B006 - typer's way to say "none"
    node: Annotated[list[str], typer.Option(help="Node id or pattern; may be given again.")] = [],  # noqa: B006
    kind: Annotated[list[str], typer.Option(help="Failure kind; may be given again.")] = [],  # noqa: B006
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what it would do.")] = False,
) -> None:
    """Mute failures from now on. What still fails at the end is told."""
    when = {"workflows": workflow, "nodes": node, "kinds": kind}
    wanted = {
        "project_id": project,
        "for_seconds": seconds_of(for_),
        "reason": reason,
        "when": when,
    }

    async def work() -> None:
        from pydantic import ValidationError

        from meshhook_alerts.application.operator import OPERATOR
        from meshhook_alerts.application.problems import InvalidRequest, NotFound
        from meshhook_alerts.application.silences import SilenceRequest

        try:
            request = SilenceRequest.model_validate(wanted)
            async with _silences() as silences:
                added, seen = await silences.add(request, OPERATOR, only_look=dry_run)
        except ValidationError as problem:
            fail("\n".join(f"{'/'.join(map(str, e['loc']))}: {e['msg']}" for e in problem.errors()))
        except InvalidRequest as problem:
            fail("\n".join(each.message for each in problem.fields))
        except NotFound as problem:
            fail(f"not found: {problem}")
        typer.echo(
            f"{len(seen.open_alerts)} open alerts match; so do {seen.failures} of {seen.of} failures of the last 7 days"
        )
        if added is not None:
            typer.echo(
                f"silence {added.id} until {added.ends_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
            )

    with guarded():
        run(work())


@silence.command("list")
def list_(project: Project, as_json: AsJson = False) -> None:
    """A project's silences, the latest end first."""

    async def work() -> None:
        from dataclasses import asdict

        from meshhook_alerts.application.operator import OPERATOR

        async with _silences() as silences:
            found = await silences.all(id_of(project), OPERATOR)
        if as_json:
            typer.echo(json.dumps([asdict(each) for each in found], indent=2, default=str))
            return
        now = datetime.now(UTC)
        for each in found:
            until = f"{each.ends_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
            typer.echo(
                f"{each.id}  {each.state(now)}, until {until}: {each.reason} {_words(each.when)}"
            )
        if not found:
            typer.echo("no silence yet")

    with guarded():
        run(work())


@silence.command("end")
def end(silence_id: Annotated[str, typer.Argument(help="The silence's id.")]) -> None:
    """End one now; what still fails is told at once."""

    async def work() -> None:
        from meshhook_alerts.application.operator import OPERATOR
        from meshhook_alerts.application.problems import NotFound

        try:
            async with _silences() as silences:
                await silences.end(id_of(silence_id), OPERATOR)
        except NotFound as problem:
            fail(f"not found: {problem}")
        typer.echo("ended")

    with guarded():
        run(work())


def _words(when: dict[str, Any]) -> str:
    parts = [
        f"{name} {', '.join(value)}"
        for name, value in when.items()
        if isinstance(value, list) and value
    ]
    return f"({'; '.join(parts)})" if parts else "(every failure)"


@asynccontextmanager
async def _silences() -> AsyncIterator[Silences]:
    from meshhook_alerts.adapters.postgres.silence_store import PostgresSilenceStore
    from meshhook_alerts.application.silences import Silences
    from meshhook_alerts.bootstrap import DatabaseClock, open_database
    from meshhook_alerts.entrypoints.local import home
    from meshhook_alerts.settings import load_settings

    with home(load_settings()) as place:
        async with open_database(place.settings, place.database_url) as database:
            clock = DatabaseClock()
            yield Silences(PostgresSilenceStore(database.pool, clock.hear), clock)
