"""The first hour on somebody's real MeshHook, as the pages tell it: install, attach, watch, be told.

Everything runs from a wheel in a bare environment, against a database whose past holds 3,000 stuck runs.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest

from meshhook_alerts.demo.meshhook import install_meshhook
from tests.commands import environment
from tests.line import JWT_SECRET, a_receiver, arrived
from tests.mail_server import Post, running
from tests.serving import serving

pytestmark = pytest.mark.postgres

ROOT = Path(__file__).parents[2]
WORKFLOWS, RUNS_EACH = 30, 100

_PAST = """
insert into public.projects (id, owner, name) values (%(project)s, %(owner)s, 'Shop');
insert into public.workflow_definitions (id, project_id, slug, version, definition, name, status, user_id)
select gen_random_uuid(), %(project)s, 'flow-' || number, 1, '{"nodes": [], "edges": []}', 'Flow ' || number,
       'published', %(owner)s
from generate_series(1, %(workflows)s) as number;
insert into public.workflow_runs (id, project_id, workflow_id, status, started_at)
select gen_random_uuid(), %(project)s, definition.id, 'running', now() - interval '20 days' * random() - interval '1 hour'
from public.workflow_definitions definition, generate_series(1, %(runs)s);
insert into public.workflow_events (run_id, type, payload, ts)
select run.id, kind, payload::jsonb, run.started_at + interval '1 second' * place
from public.workflow_runs run, (values
  ('step_started', '{"node": {"id": "call", "type": "http_call"}}', 1),
  ('step_failed', '{"node": {"id": "call", "type": "http_call"}, "attempt": 5, "error": "Error: HTTP 503"}', 2)
) as event (kind, payload, place);
"""
_FAILURE = """
with flow as (select id from public.workflow_definitions where slug = 'flow-1'),
run as (insert into public.workflow_runs (id, project_id, workflow_id, status)
        select gen_random_uuid(), %(project)s, flow.id, 'running' from flow returning id)
insert into public.workflow_events (run_id, type, payload)
select id, 'step_failed', '{"node": {"id": "call", "type": "http_call"}, "attempt": 5, "error": "Error: HTTP 401"}'::jsonb
from run
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command of a wheel in an environment that holds nothing else."""
    folder = tmp_path_factory.mktemp("first-hour")
    for command in (
        [
            sys.executable,
            "-m",
            "pip",
            "wheel",
            "-q",
            "--no-deps",
            "--wheel-dir",
            str(folder),
            str(ROOT),
        ],
        [sys.executable, "-m", "venv", str(folder / "bare")],
    ):
        subprocess.run(command, check=True, timeout=240, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    pip = [str(folder / "bare" / "bin" / "python"), "-m", "pip", "install", "-q", str(wheel)]
    subprocess.run(pip, check=True, timeout=400, capture_output=True)
    return folder / "bare" / "bin" / "meshhook-alerts"


async def said(program: Path, *arguments: str, env: dict[str, str], code: int = 0) -> str:
    process = await asyncio.create_subprocess_exec(
        program,
        *arguments,
        env=env,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == code, out.decode()
    return out.decode()


def environment_of(url: str, mail_port: int, folder: Path) -> dict[str, str]:
    return environment(
        DATABASE_URL=url,
        SUPABASE_JWT_SECRET=JWT_SECRET,
        MESHHOOK_ALERTS_KEYS_FILE=str(folder / "alerts.keys"),
        MESHHOOK_ALERTS_SMTP_URL=f"smtp+plain://127.0.0.1:{mail_port}",
        MESHHOOK_ALERTS_OUTBOUND_ALLOW="127.0.0.0/8",
        MESHHOOK_ALERTS_SWEEP_SECONDS="0.5",
        PATH=os.environ["PATH"],
    )


async def a_past(url: str) -> UUID:
    """MeshHook with 3,000 runs that nothing has ended in up to 20 days."""
    project = uuid4()
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await install_meshhook(connection)
        await connection.execute("alter table public.workflow_events disable trigger user")
        cursor = psycopg.AsyncClientCursor(connection)
        await cursor.execute(
            _PAST,
            {"project": project, "owner": uuid4(), "workflows": WORKFLOWS, "runs": RUNS_EACH},
        )
        await connection.execute("alter table public.workflow_events enable trigger user")
    return project


async def fail(url: str, project: UUID) -> None:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await connection.execute(_FAILURE, {"project": project})


async def test_from_the_wheel_to_the_first_message(
    installed: Path, database_url: str, tmp_path: Path
) -> None:
    project = await a_past(database_url)
    post, log = Post(), tmp_path / "serve.log"
    async with running(post), a_receiver() as receiver:
        env = environment_of(database_url, post.port, tmp_path)
        await said(installed, "keys", "generate", "--file", str(tmp_path / "alerts.keys"), env=env)
        migrated = await said(installed, "migrate", env=env)
        assert "told to nobody" in migrated
        before = await said(installed, "doctor", env=env, code=1)  # no worker yet, and says so
        assert "✗ workers: none at work" in before
        assert "✓ mail server: 127.0.0.1" in before

        async with (
            serving(log, env, [installed]) as base,
            httpx.AsyncClient(base_url=base) as client,
        ):
            token = (await said(installed, "token", env=env)).strip()
            client.headers["authorization"] = f"Bearer {token}"
            assert (await client.get("/api/alerts/health/ready")).status_code == 200
            page = await client.get("/alerts/")
            script = re.findall(r"/alerts/_app/immutable/entry/start\S+?\.js", page.text)[0]
            assert (await client.get(script)).status_code == 200  # the wheel carries the pages
            known = await until_known(client, project)
            assert known["runs"] == WORKFLOWS * RUNS_EACH

            saved = await client.post("/api/alerts/settings", json=settings(project, receiver))
            assert saved.status_code == 201, saved.text
            await asyncio.sleep(3)  # settings that come late change nothing of it
            assert (receiver.requests, post.messages) == ([], [])

            await fail(database_url, project)
            await arrived(receiver, 1)
            await asyncio.sleep(2)
            doctor = await said(installed, "doctor", env=env)
            assert "3,000 runs in 30 workflows had failed or gone silent" in doctor
            tried = await said(installed, "channels", "test", "hook", env=env)
            assert "✓ result: The channel accepted the message" in tried
    assert [each["type"] for each in receiver.contents] == ["alert.firing", "alert.test"]
    assert receiver.contents[0]["failure"]["http_status"] == 401
    assert receiver.unsigned == 0
    assert len(post.messages) == 1
    lines = log.read_text()
    assert lines.count("3,000 runs in 30 workflows") == 1
    assert "Traceback" not in lines
    assert not [line for line in lines.splitlines() if '"level": "error"' in line]


async def until_known(client: httpx.AsyncClient, project: UUID) -> dict[str, Any]:
    """The baseline once the whole past has been walked."""
    before = -1
    for _ in range(60):
        found: dict[str, Any] = (await client.get(f"/api/alerts/baseline/{project}")).json()
        if found["runs"] and found["runs"] == before:
            return found
        before = found["runs"]
        await asyncio.sleep(1)
    raise AssertionError(json.dumps(found))


def settings(project: UUID, receiver: Any) -> dict[str, Any]:
    hook = {"url": receiver.url, "secret": receiver.secret}
    return {
        "project_id": str(project),
        "channels": [
            {"name": "hook", "kind": "webhook", "config": hook},
            {"name": "mail", "kind": "email", "config": {"to": ["oncall@example.com"]}},
        ],
    }
