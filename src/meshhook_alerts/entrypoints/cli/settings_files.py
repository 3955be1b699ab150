"""``meshhook-alerts settings``: a project's settings in a file."""

from __future__ import annotations

import io
import json
import os
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from meshhook_alerts.entrypoints.cli.ending import WRONG, fail, guarded, run

if TYPE_CHECKING:
    from meshhook_alerts.application.settings_file import SettingsFiles
    from meshhook_alerts.application.settings_patch import Change
    from meshhook_alerts.bootstrap import Service

settings_files = typer.Typer(
    help="Settings in a file: export, compare, apply; sensible ones for a start.",
    no_args_is_help=True,
)

Project = Annotated[str, typer.Option(help="Id of the project.")]
File = Annotated[Path, typer.Argument(help="YAML (or JSON); - reads it from standard input.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]

_HEAD = """\
# Settings of MeshHook Alerts. Compare: meshhook-alerts settings diff FILE; make them so: … apply FILE.
# Secrets are not in it; what is left out of a channel's config stays as it is.
# For your editor: meshhook-alerts settings schema > alerts.schema.json
# yaml-language-server: $schema=alerts.schema.json
"""


@settings_files.command("export")
def export(
    project: Project,
    file: Annotated[Path | None, typer.Argument(help="Where to; left out: the screen.")] = None,
) -> None:
    """Write a project's settings as YAML. In a file that is there, comments and order stay."""
    project_id = _id(project)

    async def work() -> None:
        from meshhook_alerts.application.operator import OPERATOR
        from meshhook_alerts.application.problems import NotFound

        async with _files() as files:
            try:
                document = await files.export(project_id, OPERATOR)
            except NotFound as problem:
                fail(f"not found: {problem}")
        text = _written(document, file)
        if file is None:
            typer.echo(text, nl=False)
        else:
            _replace(file, text)
            typer.echo(f"wrote {file}")

    with guarded():
        run(work())


@settings_files.command("diff")
def diff(file: File, as_json: AsJson = False) -> None:
    """Say what applying a file would change. Ends with 0 if nothing, 1 if something, 2 if it is refused."""
    found = _found(file, apply=False)
    _print(found, as_json)
    if found:
        raise typer.Exit(WRONG)


@settings_files.command("apply")
def apply(
    file: File,
    as_json: AsJson = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check and compare only.")] = False,
) -> None:
    """Make a project's settings what a file says. All of it is checked before any of it is saved."""
    found = _found(file, apply=not dry_run)
    _print(found, as_json)
    if not as_json and found:
        typer.echo("nothing was saved (--dry-run)" if dry_run else f"saved: {len(found)} changes")


@settings_files.command("schema")
def schema() -> None:
    """Print the JSON Schema of such a file, for editors."""
    from meshhook_alerts.application.settings_file import SettingsFile

    typer.echo(json.dumps(SettingsFile.model_json_schema(by_alias=True), indent=2))


@settings_files.command("init")
def init(
    project: Project,
    email: Annotated[list[str], typer.Option(help="Address to tell; may be given again.")] = [],  # noqa: B006 - typer's way to say "none"
) -> None:
    """Give a project without settings sensible ones, and say why they are so."""
    project_id = _id(project)

    async def work() -> None:
        from meshhook_alerts.application.operator import OPERATOR
        from meshhook_alerts.application.problems import InvalidRequest, NotFound
        from meshhook_alerts.application.settings_defaults import REASONS, DefaultsRequest

        async with _service() as service:
            try:
                request = DefaultsRequest(to=email)
                made = await service.set_up_defaults(project_id, request, OPERATOR)
            except InvalidRequest as problem:
                fail("\n".join(f"{each.pointer}: {each.message}" for each in problem.fields))
            except NotFound as problem:
                fail(f"not found: {problem}")
        if not made.done:
            typer.echo("this project has settings or channels already; they stay as they are")
            return
        for name, why in REASONS.items():
            typer.echo(f"{name}: {why}")
        typer.echo(made.next)

    with guarded():
        run(work())


def _found(file: Path, *, apply: bool) -> list[Change]:
    document = _read(file)

    async def work() -> list[Change]:
        from meshhook_alerts.application.operator import OPERATOR
        from meshhook_alerts.application.problems import Changed, InvalidRequest, NotFound

        async with _files() as files:
            try:
                if apply:
                    found = await files.apply(document, OPERATOR)
                    for each in await files.warnings(document, OPERATOR):
                        typer.secho(f"! {each.pointer}: {each.message}", fg="yellow", err=True)
                    return found
                return await files.differences(document, OPERATOR)
            except InvalidRequest as problem:
                wrong = [f"  {each.pointer or '/'}: {each.message}" for each in problem.fields]
                fail(f"{file} is refused; nothing was saved:\n" + "\n".join(wrong))
            except (NotFound, Changed) as problem:
                fail(f"{file}: {problem}")

    with guarded():
        return run(work())
    raise AssertionError("unreachable")


def _read(file: Path) -> dict[str, Any]:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    with guarded():
        text = sys.stdin.read() if str(file) == "-" else file.read_text("utf-8")
    try:
        document = YAML(typ="safe", pure=True).load(text)
    except YAMLError as problem:
        mark = getattr(problem, "problem_mark", None)
        where = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        fail(f"{file}{where}: not YAML: {getattr(problem, 'problem', None) or problem}")
    if not isinstance(document, dict):
        fail(f"{file}: settings are a mapping, with project_id in it")
    plain: dict[str, Any] = json.loads(json.dumps(document, default=str))
    return plain


def _written(document: dict[str, Any], file: Path | None) -> str:
    """As YAML; laid into what the file says already, so that its comments and its order stay."""
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.width = 100
    out = io.StringIO()
    there = file.read_text("utf-8") if file is not None and file.exists() else ""
    known = yaml.load(there) if there.strip() else None
    if isinstance(known, dict):
        _lay_into(known, document)
        yaml.dump(known, out)
        return out.getvalue()
    yaml.dump(document, out)
    return _HEAD + out.getvalue()


def _lay_into(known: Any, wanted: dict[str, Any]) -> None:
    for name in [name for name in known if name not in wanted]:
        del known[name]
    for name, value in wanted.items():
        known[name] = _laid(known.get(name), value)


def _laid(known: Any, wanted: Any) -> Any:
    if isinstance(known, dict) and isinstance(wanted, dict):
        _lay_into(known, wanted)
        return known
    if isinstance(known, list) and isinstance(wanted, list):
        by_name = {
            each["name"]: each for each in known if isinstance(each, dict) and "name" in each
        }
        laid = [
            _laid(by_name.get(each.get("name")) if isinstance(each, dict) else None, each)
            for each in wanted
        ]
        if laid != list(known):
            known[:] = laid
        return known
    return known if known == wanted else wanted


def _replace(file: Path, text: str) -> None:
    """Whole or not at all."""
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        out.write(text)
    Path(name).chmod(file.stat().st_mode if file.exists() else 0o644)
    Path(name).replace(file)


def _print(found: list[Change], as_json: bool) -> None:
    if as_json:
        rows = [{"pointer": e.pointer, "before": e.before, "after": e.after} for e in found]
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    if not found:
        typer.echo("no difference")
    for each in found:
        if each.before is None:
            typer.secho(f"+ {each.pointer}: {_short(each.after)}", fg="green")
        elif each.after is None:
            typer.secho(f"- {each.pointer}: {_short(each.before)}", fg="red")
        else:
            typer.secho(
                f"~ {each.pointer}: {_short(each.before)} → {_short(each.after)}", fg="yellow"
            )


def _short(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        fail(f"--project takes an id such as 6f1c2b1e-0000-4000-8000-000000000000, not {text!r}")


@asynccontextmanager
async def _files() -> AsyncIterator[SettingsFiles]:
    async with _service() as service:
        yield service.settings_files


@asynccontextmanager
async def _service() -> AsyncIterator[Service]:
    from meshhook_alerts.bootstrap import open_service, usable_settings
    from meshhook_alerts.entrypoints.local import home

    with home(usable_settings(api=False)) as place:
        async with open_service(place.settings, place.database_url) as service:
            yield service
