"""``meshhook-alerts channels``: which there are, which kinds, and trying one."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from meshhook_alerts.entrypoints.cli.ending import WRONG, fail, guarded, run
from meshhook_alerts.entrypoints.cli.marks import shown

if TYPE_CHECKING:
    from meshhook_alerts.adapters.postgres.channel_tests import PostgresChannelTests
    from meshhook_alerts.adapters.postgres.database import Database
    from meshhook_alerts.application.preview_channel import PreviewChannel, Previewed
    from meshhook_alerts.application.try_channel import Step
    from meshhook_alerts.settings import Settings

channels = typer.Typer(
    help="Channels: list them, try one, see which kinds there are.", no_args_is_help=True
)

Project = Annotated[str | None, typer.Option(help="Id of the project; all of them if left out.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


@channels.command("list")
def list_(project: Project = None, as_json: AsJson = False) -> None:
    """Every channel, and whether it takes messages."""

    async def work() -> None:
        async with _tests() as tests:
            found = await tests.named(None, _id(project))
        if as_json:
            typer.echo(json.dumps(found, indent=2, default=str))
            return
        if not found:
            typer.echo("there is no channel yet: set one up with POST /api/alerts/settings")
        for each in found:
            typer.echo(_line(each))

    with guarded():
        run(work())


@channels.command("test")
def try_(
    name: Annotated[str, typer.Argument(help="The channel's name.")],
    project: Project = None,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Send nothing: show what the last 20 failures would have sent, and its cost.",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Send a test message over the real way and show every step. Ends with 1 unless the channel
    accepted it."""
    if dry_run:
        _preview(name, project, as_json)
        return

    async def work() -> bool:
        from dataclasses import asdict

        from meshhook_alerts.application.operator import OPERATOR
        from meshhook_alerts.application.try_channel import TooSoon, TryChannel

        def say(step: Step) -> None:
            typer.echo(json.dumps(asdict(step)) if as_json else _shown(step))

        async with _tests() as tests:
            channel = _the_one(await tests.named(name, _id(project)), name)
            trying = TryChannel(tests)
            try:
                notification_id, begun = await trying.begin(channel["id"], OPERATOR)
            except TooSoon as problem:
                fail(str(problem))
            for step in begun:
                say(step)
            async for step in trying.watch(notification_id):
                say(step)
        return step.ok is True

    with guarded():
        if not run(work()):
            raise typer.Exit(WRONG)


@channels.command("kinds")
def kinds() -> None:
    """Which kinds of channel are installed, and what each needs."""
    from meshhook_alerts.channels import installed_channels

    for kind, plugin in sorted(installed_channels().items()):
        typer.echo(f"{kind}: {plugin.title}")
        schema = plugin.config_model.model_json_schema()
        for name, each in schema["properties"].items():
            needed = "" if name in schema.get("required", ()) else " (optional)"
            typer.echo(f"  {name}{needed}: {each.get('description', '')}")


def _preview(name: str, project: str | None, as_json: bool) -> None:
    async def work() -> None:
        async with _opened() as (database, settings):
            channel = _the_one(await _tests_of(database).named(name, _id(project)), name)
            found = await _previewing(database, settings)(channel["id"], OPERATOR)
        if as_json:
            typer.echo(json.dumps([_row(each) for each in found], indent=2))
        elif not found:
            typer.echo("nothing has failed yet, so there is nothing to show; nothing was sent")
        else:
            _print_previews(found)

    from meshhook_alerts.application.operator import OPERATOR

    with guarded():
        run(work())


def _print_previews(found: list[Previewed]) -> None:
    worst = found[0]
    typer.echo(
        f"Worst case of the last {len(found)} failures: {worst.preview.note}. Nothing was sent."
    )
    for each in found:
        typer.echo(f"\n{each.at:%Y-%m-%d %H:%M} UTC  {typer.style(each.preview.note, bold=True)}")
        typer.echo(f"  {shown(each.preview.text)}")


def _row(each: Previewed) -> dict[str, Any]:
    return {
        "at": each.at.isoformat(),
        "headline": each.headline,
        "text": each.preview.text,
        "size": each.preview.size,
        "note": each.preview.note,
    }


def _previewing(database: Database, settings: Settings) -> PreviewChannel:
    from meshhook_alerts.adapters.link_seal import LinkSeals
    from meshhook_alerts.adapters.postgres.channel_tests import PostgresPastFailures
    from meshhook_alerts.application.preview_channel import PreviewChannel
    from meshhook_alerts.bootstrap import links
    from meshhook_alerts.channels import installed_channels, subject_of

    seals = LinkSeals.from_text(settings.keys.get_secret_value() if settings.keys else "")
    past = PostgresPastFailures(database.pool)
    return PreviewChannel(past, installed_channels(), links(settings, seals), subject_of)


def _the_one(found: list[dict[str, Any]], name: str) -> dict[str, Any]:
    if not found:
        fail(f"no channel is called {name!r}; `meshhook-alerts channels list` shows all")
    if len(found) > 1:
        projects = "\n".join(
            f"  --project {each['project_id']}  ({each['project']})" for each in found
        )
        fail(f"several projects have a channel {name!r}; say which:\n{projects}")
    return found[0]


def _id(project: str | None) -> UUID | None:
    try:
        return UUID(project) if project else None
    except ValueError:
        fail(
            f"--project: {project!r} is no project's id; `meshhook-alerts channels list` shows them"
        )


def _line(channel: dict[str, Any]) -> str:
    state = "on" if channel["enabled"] else "off"
    if channel["failing_since"]:
        state = f"takes no messages since {channel['failing_since']:%Y-%m-%d %H:%M %Z}: {channel['detail']}"
    return f"{channel['project']}: {channel['name']} ({channel['kind']}), {state}"


def _shown(step: Step) -> str:
    mark, colour = {True: ("✓", "green"), False: ("✗", "red"), None: ("·", "yellow")}[step.ok]
    return f"{typer.style(shown(mark), fg=colour)} {step.step}: {step.detail}"


def _tests_of(database: Database) -> PostgresChannelTests:
    from meshhook_alerts.adapters.postgres.channel_tests import PostgresChannelTests

    return PostgresChannelTests(database.pool)


@asynccontextmanager
async def _tests() -> AsyncIterator[PostgresChannelTests]:
    async with _opened() as (database, _):
        yield _tests_of(database)


@asynccontextmanager
async def _opened() -> AsyncIterator[tuple[Database, Settings]]:
    from meshhook_alerts.bootstrap import open_database
    from meshhook_alerts.entrypoints.local import home
    from meshhook_alerts.settings import load_settings

    with home(load_settings()) as place:
        async with open_database(place.settings, place.database_url) as database:
            yield database, place.settings
