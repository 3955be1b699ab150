"""Commands. Heavy modules are imported inside them, so that ``--help`` answers at once.

Exit codes: 0 done · 1 found something wrong · 2 wrong usage or settings · 3 database unusable.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from meshhook_alerts.entrypoints.cli.alerts import alerts
from meshhook_alerts.entrypoints.cli.channels import channels
from meshhook_alerts.entrypoints.cli.ending import (
    WRONG,
    guarded,
    run,
    write_what_can_be_shown,
)
from meshhook_alerts.entrypoints.cli.existing import tell_existing
from meshhook_alerts.entrypoints.cli.keys import keys
from meshhook_alerts.entrypoints.cli.marks import shown
from meshhook_alerts.entrypoints.cli.platform import platform
from meshhook_alerts.entrypoints.cli.settings_files import settings_files
from meshhook_alerts.entrypoints.cli.silences import silence
from meshhook_alerts.entrypoints.cli.tail import tail
from meshhook_alerts.entrypoints.cli.tokens import sign_in, token

app = typer.Typer(
    name="meshhook-alerts",
    help="Failure alerts for MeshHook: every failed run reaches a person, once, with the reason.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
db = typer.Typer(help="The embedded Postgres.", no_args_is_help=True)
app.add_typer(alerts, name="alerts")
app.add_typer(keys, name="keys")
app.add_typer(db, name="db")
app.add_typer(channels, name="channels")
app.add_typer(platform, name="platform")
app.add_typer(settings_files, name="settings")
app.add_typer(silence, name="silence")
app.command("tell-existing")(tell_existing)
app.command("token")(token)
app.command("sign-in")(sign_in)
app.command("tail")(tail)

Port = Annotated[int | None, typer.Option(help="Port of the API (default 8787).")]
Host = Annotated[str | None, typer.Option(help="Address of the API (default 127.0.0.1).")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


def _say_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"meshhook-alerts {version('meshhook-alerts')}")
        raise typer.Exit


@app.callback()
def before_any_command(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_say_version, is_eager=True, help="Say which version."),
    ] = False,
) -> None:
    """Failure alerts for MeshHook: every failed run reaches a person, once, with the reason."""
    write_what_can_be_shown()


@app.command()
def serve(
    host: Host = None,
    port: Port = None,
    worker: Annotated[bool, typer.Option(help="Run a worker in the same process.")] = True,
) -> None:
    """Run the API and, unless told otherwise, a worker. Without DATABASE_URL an embedded
    Postgres is started."""
    from meshhook_alerts.bootstrap import usable_settings
    from meshhook_alerts.entrypoints.local import home
    from meshhook_alerts.entrypoints.running import bind, run_api

    with guarded():
        settings = usable_settings(api=True, host=host, port=port)
        _log(settings.log_level)
        listener = bind(settings.host, settings.port)
        with listener, home(settings) as place:
            if place.embedded:
                _migrate(place.database_url)
            run(run_api(place, listener, worker, typer.echo))


@app.command("worker")
def worker_() -> None:
    """Run a worker alone: it decides and delivers. Any number, on any hosts."""
    from meshhook_alerts.bootstrap import usable_settings
    from meshhook_alerts.entrypoints.local import home
    from meshhook_alerts.entrypoints.running import run_worker

    with guarded():
        settings = usable_settings(api=False)
        _log(settings.log_level)
        with home(settings) as place:
            run(run_worker(place, lambda name: typer.echo(f"worker {name} at work")))


@app.command()
def migrate(
    uninstall: Annotated[bool, typer.Option(help="Remove everything of ours instead.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before removing.")] = False,
) -> None:
    """Create or update our tables, the queue and the triggers. Safe to run again."""
    from meshhook_alerts.settings import load_settings

    with guarded():
        settings = load_settings()
        if uninstall and not yes:
            typer.confirm("Remove all alert tables, their content, queue and triggers?", abort=True)
        with _database_url(settings) as url:
            _uninstall(url) if uninstall else _migrate(url, say=typer.echo)


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """Say in plain words what is missing in the database, and how to mend it."""
    import json
    from dataclasses import asdict

    from meshhook_alerts.adapters.postgres.doctor import Finding, examine
    from meshhook_alerts.bootstrap import key_ids
    from meshhook_alerts.channels import installed_channels
    from meshhook_alerts.entrypoints.mail_check import mail_server
    from meshhook_alerts.settings import load_settings, misspelt_variables

    findings: list[Finding] = []

    def say(finding: Finding) -> None:
        findings.append(finding)
        if not as_json:
            _show(finding.level, finding.subject, finding.what, finding.mend)

    async def look(url: str) -> None:
        address = _address(url)
        async for finding in examine(
            address.conninfo,
            settings.operator_email,
            pooled=address.pooled,
            key_ids=key_ids(settings),
            kinds=frozenset(installed_channels()),
        ):
            say(finding)
        say(await mail_server(settings))
        for said in misspelt_variables():
            say(Finding("note", "settings", said))

    with guarded():
        settings = load_settings()
        with _database_url(settings) as url:
            run(look(url))
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
    if any(finding.level == "wrong" for finding in findings):
        raise typer.Exit(WRONG)


@db.command("status")
def db_status() -> None:
    """Say whether the embedded Postgres runs, and where its data lie."""
    from meshhook_alerts.adapters.embedded_postgres import default_data_folder, status
    from meshhook_alerts.settings import load_settings

    with guarded():
        data = load_settings().data or default_data_folder()
        found = status(data)
        typer.echo(f"{data}: {found}")


@db.command("stop")
def db_stop() -> None:
    """Stop the embedded Postgres, should it have been left running."""
    from meshhook_alerts.adapters.embedded_postgres import default_data_folder, stop
    from meshhook_alerts.settings import load_settings

    with guarded():
        data = load_settings().data or default_data_folder()
        typer.echo("stopped" if stop(data) else "was not running")


def _migrate(url: str, say: Callable[[str], None] = lambda _: None) -> None:
    from meshhook_alerts.adapters.postgres.migrations import migrate as apply
    from meshhook_alerts.adapters.postgres.migrations import the_past

    async def work() -> None:
        async with await _connect(url) as connection:
            attachments = await apply(connection, say)
            past = await the_past(connection)
        for each in attachments:
            note = "" if each.state == "attached" else f": {each.detail or ''}"
            say(f"trigger on {each.table}: {each.state}{note}")
        say(past)
        say("up to date")

    run(work())


def _uninstall(url: str) -> None:
    from meshhook_alerts.adapters.postgres.uninstall import uninstall

    async def work() -> None:
        async with await _connect(url) as connection:
            await uninstall(connection, typer.echo)
        typer.echo("removed all that was ours")

    run(work())


async def _connect(url: str) -> Any:
    import psycopg

    from meshhook_alerts.adapters.postgres.errors import explain
    from meshhook_alerts.application.ports import StoreUnavailable

    try:
        # A pooler may stand in between, which knows no prepared statements.
        return await psycopg.AsyncConnection.connect(
            _conninfo(url), autocommit=True, prepare_threshold=None
        )
    except psycopg.OperationalError as problem:
        raise StoreUnavailable(f"cannot reach the database: {explain(problem)}") from None


def _conninfo(url: str) -> str:
    return str(_address(url).conninfo)


def _address(url: str) -> Any:
    from meshhook_alerts.adapters.postgres.database import parse_address
    from meshhook_alerts.settings import SettingsError, wrong

    try:
        return parse_address(url)
    except ValueError as problem:
        raise SettingsError(wrong("database_url", str(problem))) from None


@contextmanager
def _database_url(settings: Any) -> Iterator[str]:
    from meshhook_alerts.adapters.embedded_postgres import EmbeddedPostgres, default_data_folder

    if settings.database_url is not None:
        yield settings.database_url.get_secret_value()
    else:
        with EmbeddedPostgres(data=settings.data or default_data_folder()) as server:
            yield server.url


def _log(level: str) -> None:
    import logging

    from meshhook_alerts.entrypoints.logs import set_up_logs
    from meshhook_alerts.settings import misspelt_variables

    set_up_logs(level)
    for said in misspelt_variables():
        logging.getLogger(__name__).warning("%s", said)


_MARKS = {"ok": ("✓", "green"), "note": ("·", "yellow"), "wrong": ("✗", "red")}


def _show(level: str, subject: str, what: str, mend: str | None) -> None:
    mark, colour = _MARKS[level]
    typer.echo(f"{typer.style(shown(mark), fg=colour)} {subject}: {what}")
    if mend:
        typer.echo(f"  {shown('→')} {mend}")
