"""``meshhook-alerts keys``: what encrypts channel secrets."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from meshhook_alerts.entrypoints.cli.ending import fail, guarded

keys = typer.Typer(help="Keys that encrypt channel secrets.", no_args_is_help=True)


@keys.command("generate")
def keys_generate(
    name: Annotated[
        str | None,
        typer.Argument(
            help="The key's name; stored beside what it encrypts. One of its own if left out."
        ),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option(
            help="Keep the key in this file, for MESHHOOK_ALERTS_KEYS_FILE. A file that is there stays"
            " as it is, so running this twice does no harm."
        ),
    ] = None,
) -> None:
    """Make a key for MESHHOOK_ALERTS_KEYS. To rotate, put a new one in front of the old."""
    from datetime import UTC, datetime

    from meshhook_alerts.adapters.secret_box import generate_key, new_key_id

    try:
        key = generate_key(name or new_key_id(datetime.now(UTC).date()))
    except ValueError as problem:
        fail(str(problem))
    if file is None:
        typer.echo(key)
        return
    with guarded():
        typer.echo(_kept(file, key))


def _kept(file: Path, key: str) -> str:
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return f"{file} is there already and stays as it is"
    with os.fdopen(handle, "w", encoding="utf-8") as opened:
        opened.write(key + "\n")
    return (
        f"{file} holds a new key; keep a copy: without it stored channel secrets cannot be opened"
    )
