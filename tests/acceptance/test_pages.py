"""Every command that a page names is run as it stands there, in one shell per page, against the real thing.

What stands for a reader's own value (an address, a secret) is put in first, and nothing else is changed. The
few lines that another test runs are named here with that test.
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
import secrets
import shutil
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from meshhook_alerts.adapters.secret_box import generate_key
from tests.commands import complete, line_of, running
from tests.line import JWT_SECRET, Receiver, World
from tests.mail_server import Post
from tests.mail_server import running as mail_running

pytestmark = pytest.mark.postgres

ROOT = Path(__file__).parents[2]
PAGES = [
    path
    for path in sorted(
        [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "integrations").rglob("*.md")]
    )
    if "```console" in path.read_text("utf-8")
]
_BLOCK = re.compile(r"^( *)```console\n(.*?)^\1```", re.MULTILINE | re.DOTALL)

TRIGGER = base64.b64encode(secrets.token_bytes(48)).decode()

RUN_BY = {
    "script/demo": "tests/e2e/test_demo.py",
    "script/test": ".ci/run",
    "python3 -m venv alerts && . alerts/bin/activate": "tests/acceptance/test_first_hour.py",
    "pip install .": "tests/acceptance/test_first_hour.py",
    "pip install -e examples/ntfy-channel": "tests/acceptance/test_example_channel.py",
    "pytest tests/contract -k ntfy": "tests/acceptance/test_example_channel.py",
    "meshhook-alerts serve": "tests/acceptance/test_first_hour.py",
    "meshhook-alerts worker": "tests/integration/test_cli.py",
    "meshhook-alerts sign-in": "tests/integration/test_sessions.py",
    'meshhook-alerts channels test "team chat"': "tests/integration/test_try_channel.py",
    "meshhook-alerts channels test phones --dry-run": "tests/integration/test_preview.py",
}
"""Lines that are not run here, each with what runs it."""


def lines_of(page: Path) -> Iterator[str]:
    """The lines of all its console blocks, without what is run elsewhere."""
    for indent, block in _BLOCK.findall(page.read_text("utf-8")):
        for line in block.splitlines():
            command = line.removeprefix(indent)
            if command.partition(" #")[0].strip() not in RUN_BY:
                yield command


@dataclass(frozen=True, slots=True)
class Place:
    """A reader's own values."""

    world: World
    receiver: Receiver
    post: Post
    address: str
    home: Path

    def own(self, script: str) -> str:
        """A page's lines with them put in."""
        given = {
            "postgresql://postgres:…@db.example.supabase.co:5432/postgres": self.world.url,
            "DATABASE_URL=…": f"DATABASE_URL='{self.world.url}'",
            "SUPABASE_JWT_SECRET=…": f"SUPABASE_JWT_SECRET='{JWT_SECRET}'",
            "SUPABASE_JWT_SECRET='…'": f"SUPABASE_JWT_SECRET='{JWT_SECRET}'",
            "smtp://user:password@mail.example.org:587": f"smtp+plain://127.0.0.1:{self.post.port}",
            "http://127.0.0.1:8787": self.address,
            "https://app.example.org/hooks/alerts": self.receiver.url,
            "whsec_…": self.receiver.secret,
            "settings/PROJECT_ID": f"settings/{self.world.project_id}",
            "MESHHOOK_ALERTS_URL=https://alerts.example.org": f"MESHHOOK_ALERTS_URL={self.address}",
            "/path/it/named": str(self.home),
            ".venv/bin/meshhook-alerts": "meshhook-alerts",
            "2026-11-23T09:15:02Z": datetime.now(UTC).isoformat(),
        }
        for theirs, ours in given.items():
            script = script.replace(theirs, ours)
        assert "…" not in script, script
        return script

    @property
    def env(self) -> dict[str, str]:
        """The shell's environment: nothing of ours but what a page before this one had set."""
        env = complete(
            self.world.url,
            MESHHOOK_ALERTS_SMTP_URL=f"smtp+plain://127.0.0.1:{self.post.port}",
            MESHHOOK_ALERTS_OUTBOUND_ALLOW="127.0.0.0/8",
            MESHHOOK_ALERTS_URL=self.address,
            MESHHOOK_ALERTS_TRIGGER_SECRET=TRIGGER,
            PROJECT_ID=str(self.world.project_id),
        )
        return env | {
            "HOME": str(self.home),
            "PATH": f"{Path(sys.executable).parent}:{env['PATH']}",
        }


@asynccontextmanager
async def a_place(world: World, receiver: Receiver, home: Path) -> AsyncIterator[Place]:
    """A service at work, a mail server and a receiver."""
    post = Post()
    async with mail_running(post):
        before = Place(world, receiver, post, "", home)
        async with running("serve", "--port", "0", env=before.env) as process:
            while not (found := re.search(r"(http://\S+)/api/alerts/docs", await line_of(process))):
                pass
            yield Place(world, receiver, post, found[1], home)


BEFORE = """
SILENCE_ID=$(meshhook-alerts silence add --project "$PROJECT_ID" --for 1h --reason first --workflow quiet | sed -n "s/^silence \\([^ ]*\\) .*/\\1/p")
"""
"""What stands at a page's reader already: settings, a silence."""


def _script(page: Path, place: Place) -> str:
    """The page's lines; each is shown as it is run, and the first that fails ends it."""
    own = place.own("\n".join(lines_of(page)))
    return f"set -eu -o pipefail\nNEW={generate_key('new')} OLD={generate_key('old')}\n{BEFORE}\nset -x\n{own}\n"


@pytest.mark.skipif(
    not shutil.which("curl") or not shutil.which("openssl"), reason="needs curl and openssl"
)
@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
async def test_every_command_of_a_page_runs_as_it_stands(
    page: Path, world: World, receiver: Receiver, tmp_path: Path
) -> None:
    (tmp_path / ".curlrc").write_text("fail-with-body\nsilent\nshow-error\n")
    operators = {"name": "Operators", "kind": "email", "config": {"to": ["ops@example.org"]}}
    (tmp_path / "platform.json").write_text(json.dumps({"channels": [operators]}))
    async with a_place(world, receiver, tmp_path) as place:
        shell = await asyncio.create_subprocess_exec(
            "bash", "-c", _script(page, place), env=place.env, cwd=tmp_path,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        said, _ = await asyncio.wait_for(shell.communicate(), 120)
    assert shell.returncode == 0, said.decode()
    assert "Traceback" not in said.decode()


def test_what_runs_the_other_lines_is_there() -> None:
    everything = "".join(page.read_text("utf-8") for page in PAGES)
    for line, test in RUN_BY.items():
        assert line in everything
        assert (ROOT / test).exists()
