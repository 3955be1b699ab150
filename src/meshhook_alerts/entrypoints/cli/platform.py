"""``meshhook-alerts platform``: who hears of failures that belong to no project."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from meshhook_alerts.entrypoints.cli.ending import USAGE, fail, guarded, run

if TYPE_CHECKING:
    from meshhook_alerts.application.operator import OperatorSettings

platform = typer.Typer(
    help="Who hears of failures of the platform: partitions, cron, silent workers, late detection.",
    no_args_is_help=True,
)

Emails = Annotated[
    list[str], typer.Option("--email", help="Address to tell by e-mail; may be given again.")
]
File = Annotated[
    Path | None,
    typer.Option(help="Settings as JSON, as for POST /api/alerts/settings; - reads them."),
]


@platform.command("set")
def set_(
    email: Emails = [],  # noqa: B006 - typer's way to say "none"
    file: File = None,
    no_email: Annotated[bool, typer.Option("--no-email", help="Switch the e-mail off.")] = False,
) -> None:
    """Set up who is told of failures of the platform."""
    if not email and file is None and not no_email:
        fail("say whom to tell: --email ADDRESS, or --file SETTINGS.json for other channels")

    async def work() -> None:
        from meshhook_alerts.application.problems import InvalidRequest

        async with _operator() as operator:
            try:
                if file is not None:
                    await operator.save(_request(file))
                if email or no_email:
                    await operator.mail_to(*email)
            except InvalidRequest as problem:
                fail("\n".join(f"{each.pointer or '/'}: {each.message}" for each in problem.fields))
            _print(await operator.channels())

    with guarded():
        run(work())


@platform.command("show")
def show(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Say who is told of failures of the platform."""

    async def work() -> None:
        async with _operator() as operator:
            channels = await operator.channels()
        if as_json:
            rows = [
                {"name": each.name, "kind": each.kind, "enabled": each.enabled,
                 "config": dict(each.config)}
                for each in channels
            ]  # fmt: skip
            typer.echo(json.dumps(rows, indent=2))
        else:
            _print(channels)

    with guarded():
        run(work())


def _print(channels: list[Any]) -> None:
    if not channels:
        typer.echo(
            "Nobody is told of failures of the platform."
            " `meshhook-alerts platform set --email ADDRESS` sets it up."
        )
    for each in channels:
        where = ", ".join(each.config.get("to", [])) or each.config.get("url", "")
        state = "" if each.enabled else " (switched off)"
        typer.echo(f"{each.name} [{each.kind}] {where}{state}")


def _request(file: Path) -> Any:
    from pydantic import ValidationError

    from meshhook_alerts.application.change_settings import SettingsRequest
    from meshhook_alerts.domain.identifiers import PLATFORM

    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text("utf-8")
        document = json.loads(text)
        if not isinstance(document, dict):
            fail(f"{file}: settings are a JSON object", USAGE)
        return SettingsRequest.model_validate({**document, "project_id": str(PLATFORM)})
    except json.JSONDecodeError as problem:
        fail(f"{file}: not JSON: {problem}", USAGE)
    except ValidationError as problem:
        wrong = [f"{'/'.join(map(str, e['loc']))}: {e['msg']}" for e in problem.errors()]
        fail(f"{file}:\n" + "\n".join(wrong), USAGE)


@asynccontextmanager
async def _operator() -> AsyncIterator[OperatorSettings]:
    from meshhook_alerts.bootstrap import open_service, usable_settings
    from meshhook_alerts.entrypoints.local import home

    settings = usable_settings(api=False)
    with home(settings) as place:
        async with open_service(place.settings, place.database_url) as service:
            yield service.operator
