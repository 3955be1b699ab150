"""Running the command line as people do: a process of its own, with an environment of its own."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from typer.testing import CliRunner

import meshhook_alerts.__main__  # noqa: F401 - adds the demo's command
from meshhook_alerts.entrypoints.cli import app
from tests.line import JWT_SECRET, KEY

PATIENCE = 60


@dataclass(frozen=True, slots=True)
class Ended:
    """What a command said, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """Everything; never with a traceback."""
        assert "Traceback" not in self.out + self.err, self.err
        return self.out + self.err


def environment(**settings: str | None) -> dict[str, str]:
    """This process's environment without our settings, and with ``settings``."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("MESHHOOK_ALERTS_", "PG"))
        and name not in ("DATABASE_URL", "SUPABASE_JWT_SECRET")
    }
    return kept | {name: value for name, value in settings.items() if value is not None}


def complete(url: str, **settings: str | None) -> dict[str, str]:
    """All that `serve` needs on the database at ``url``."""
    needed = {"DATABASE_URL": url, "SUPABASE_JWT_SECRET": JWT_SECRET, "MESHHOOK_ALERTS_KEYS": KEY}
    return environment(**{**needed, **settings})


async def command(*arguments: str, env: dict[str, str]) -> Ended:
    """Runs a command to its end."""
    process = await _start(*arguments, env=env)
    out, err = await asyncio.wait_for(process.communicate(), PATIENCE)
    return Ended(process.returncode or 0, out.decode(), err.decode())


def invoke(*arguments: str, env: dict[str, str]) -> Ended:
    """Runs a command in this process, which is quicker; what it does not catch is raised."""
    gone: dict[str, str | None] = dict.fromkeys(os.environ.keys() - env.keys())
    ended = CliRunner().invoke(app, arguments, env={**gone, **env}, catch_exceptions=False)
    return Ended(ended.exit_code, ended.stdout, ended.stderr)


@asynccontextmanager
async def running(
    *arguments: str, env: dict[str, str]
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A command that goes on until told to stop; it must then end well."""
    process = await _start(*arguments, env=env)
    try:
        yield process
        process.terminate()
        out, err = await asyncio.wait_for(process.communicate(), PATIENCE)
        assert Ended(process.returncode or 0, out.decode(), err.decode()).said is not None
        assert process.returncode == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def line_of(process: asyncio.subprocess.Process) -> str:
    """The next line a running command prints."""
    assert process.stdout is not None
    return (await asyncio.wait_for(process.stdout.readline(), PATIENCE)).decode().strip()


async def _start(*arguments: str, env: dict[str, str]) -> asyncio.subprocess.Process:
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "meshhook_alerts", *arguments,
        env=env, stdin=asyncio.subprocess.DEVNULL, stdout=pipe, stderr=pipe,
    )  # fmt: skip
