"""How commands run and end: a message and an exit code instead of a traceback.

Exit codes: 0 done · 1 found something wrong · 2 wrong usage or settings · 3 database unusable.
"""

from __future__ import annotations

import asyncio
import io
import os
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn, TypeVar

import typer

T = TypeVar("T")

WRONG, USAGE, DATABASE = 1, 2, 3


def write_what_can_be_shown() -> None:
    """A terminal that lacks a letter shows a question mark in its place, instead of an error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def can_be_shown(text: str) -> bool:
    """Whether the terminal, or whatever reads us, knows all letters of ``text``."""
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True


def fail(message: str, code: int = USAGE) -> NoReturn:
    """Ends the command with a message instead of a traceback."""
    typer.echo(f"meshhook-alerts: {message}", err=True)
    raise typer.Exit(code)


@contextmanager
def guarded() -> Iterator[None]:
    """Turns what can be expected to go wrong into a message and an exit code."""
    import psycopg

    from meshhook_alerts.adapters.embedded_postgres import EmbeddedPostgresError
    from meshhook_alerts.adapters.postgres.errors import explain
    from meshhook_alerts.adapters.postgres.migrations import MigrationError
    from meshhook_alerts.application.ports import StoreUnavailable
    from meshhook_alerts.entrypoints.running import PortInUse
    from meshhook_alerts.settings import SettingsError

    try:
        yield
    except (typer.Exit, typer.Abort):
        raise
    except SettingsError as problem:
        fail(f"settings cannot be used:\n{problem}")
    except PortInUse as problem:
        fail(str(problem))
    except (EmbeddedPostgresError, MigrationError, StoreUnavailable) as problem:
        fail(str(problem), DATABASE)
    except psycopg.Error as problem:
        fail(f"the database cannot be used: {explain(problem)}", DATABASE)
    except OSError as problem:
        fail(f"{problem.filename or type(problem).__name__}: {problem.strerror or problem}", WRONG)
    except Exception as problem:
        if os.environ.get("MESHHOOK_ALERTS_LOG_LEVEL") == "debug":
            raise
        fail(
            f"this should not have happened: {type(problem).__name__}: {problem}\n"
            "Set MESHHOOK_ALERTS_LOG_LEVEL=debug to see where, and report it.",
            WRONG,
        )


def run(work: Coroutine[Any, Any, T]) -> T:
    """Runs a coroutine on the fastest loop there is."""
    factory: Callable[[], asyncio.AbstractEventLoop] | None = None
    if sys.platform != "win32":
        import uvloop

        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(work)
