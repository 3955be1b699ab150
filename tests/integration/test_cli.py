"""The command line: no tracebacks, exit codes that mean something, every wrong setting at once."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import psycopg
import pytest
from typer.main import get_command
from typer.testing import CliRunner

from meshhook_alerts.adapters.embedded_postgres import EmbeddedPostgres
from meshhook_alerts.entrypoints.cli import app
from tests.api_client import a_client, bearing, owner_of
from tests.commands import command, complete, environment, invoke, line_of, running
from tests.line import World, a_service, build_line, eventually, open_world

pytestmark = pytest.mark.postgres

PASSWORD = "p4ssw0rd-of-mine"
GARBAGE = ["garbage", f"mysql://user:{PASSWORD}@host/db", f"postgres://u:{PASSWORD}@[::1/db",
           f"postgresql://u:{PASSWORD}@host:port/db", f"postgresql://u:{PASSWORD}@host:99999/db",
           f"postgresql://u:{PASSWORD}@host/db?nonsense=1", f"host=x {PASSWORD}"]  # fmt: skip


def paths(group: Any, *names: str) -> Iterator[tuple[str, ...]]:
    yield names
    for name, each in getattr(group, "commands", {}).items():
        yield from paths(each, *names, name)


@pytest.mark.parametrize("path", list(paths(get_command(app))), ids=" ".join)
def test_every_command_explains_itself(path: tuple[str, ...]) -> None:
    ended = CliRunner().invoke(app, [*path, "--help"])
    assert ended.exit_code == 0
    assert "Usage:" in ended.output
    assert len(ended.output.splitlines()) > 4


@pytest.mark.parametrize("name", ["doctor", "serve", "worker", "migrate"])
@pytest.mark.parametrize("url", GARBAGE)
def test_an_address_that_is_none_is_a_wrong_setting_and_is_not_repeated(
    url: str, name: str
) -> None:
    ended = invoke(name, env=complete(url))
    assert (ended.code, ended.out) == (2, "")
    assert "DATABASE_URL: not a Postgres address" in ended.said
    assert "Example: DATABASE_URL=postgresql://user:password@host:5432/postgres" in ended.said
    assert PASSWORD not in ended.said


@pytest.mark.parametrize("arguments", [["migrate"], ["migrate", "--uninstall", "--yes"]])
def test_a_database_out_of_reach_ends_migrate_with_3(arguments: list[str]) -> None:
    env = environment(DATABASE_URL=f"postgresql://u:{PASSWORD}@127.0.0.1:1/db")
    ended = invoke(*arguments, env=env)
    assert ended.code == 3
    assert "cannot reach the database" in ended.said
    assert "refused" in ended.said
    assert PASSWORD not in ended.said


def exists(url: str, table: str) -> bool:
    with psycopg.connect(url) as connection:
        return connection.execute("select to_regclass(%s) is not null", (table,)).fetchone() == (
            True,
        )


def test_migrate_says_what_it_did_and_uninstall_asks_first(database_url: str) -> None:
    env = environment(DATABASE_URL=database_url)
    ended = invoke("migrate", env=env)
    assert ended.code == 0
    assert (
        "trigger on workflow_runs: absent: table public.workflow_runs does not exist" in ended.said
    )
    assert ended.out.endswith("up to date\n")
    refused = invoke("migrate", "--uninstall", env=env)
    assert refused.code == 1
    assert "Remove all alert tables" in refused.said
    assert exists(database_url, "public.alerts")
    removed = invoke("migrate", "--uninstall", "--yes", env=env)
    assert removed.code == 0
    assert "removed pgmq" in removed.said
    assert not exists(database_url, "public.alerts")


async def test_every_wrong_setting_is_named_at_once_with_an_example(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    wrong = {
        "DATABASE_URL": "garbage",
        "SUPABASE_JWT_SECRET": "short",
        "MESHHOOK_ALERTS_KEYS": "k1:not-base64!",
        "MESHHOOK_ALERTS_OUTBOUND_ALLOW": "10.0.0.0/33,elsewhere",
        "MESHHOOK_ALERTS_SMTP_URL": f"http://u:{PASSWORD}@mail.example.org",
        "MESHHOOK_ALERTS_PORT": "99999",
        "MESHHOOK_ALERTS_POOLED": "perhaps",
        "MESHHOOK_ALERTS_SWEEP_SECONDS": "soon",
        "MESHHOOK_ALERTS_LOG_LEVEL": "loud",
    }
    files = {
        "MESHHOOK_ALERTS_BASE_URL_FILE": str(tmp_path / "missing"),
        "MESHHOOK_ALERTS_MESHHOOK_URL_FILE": str(tmp_path / "binary"),
    }
    ended = await command("serve", env=environment(**wrong, **files))
    assert ended.code == 2
    lines = ended.said.splitlines()
    for name in wrong:
        (line,) = [line for line in lines if line.startswith(f"{name}: ")]
        assert f"Example: {name}=" in line
    for name in files:
        assert any(line.startswith(f"{name}: {tmp_path}") for line in lines)
    assert PASSWORD not in ended.said
    assert len(lines) == 1 + len(wrong) + len(files)


MISSING = {
    "DATABASE_URL": "postgresql://u:p@127.0.0.1:1/db",
    "MESHHOOK_ALERTS_SMTP_URL": "smtp://mail.example.org:port",
}


def test_what_a_process_does_not_need_it_does_not_ask_for() -> None:
    serve, worker = (
        invoke("serve", env=environment(**MISSING)),
        invoke("worker", env=environment(**MISSING)),
    )
    assert (serve.code, worker.code) == (2, 2)
    names = ["MESHHOOK_ALERTS_KEYS", "SUPABASE_JWT_SECRET", "MESHHOOK_ALERTS_SMTP_URL"]
    assert [name in serve.said for name in names] == [True, True, True]
    assert [name in worker.said for name in names] == [True, False, True]


NOWHERE = "postgresql://u:p@127.0.0.1:1/db"


def test_options_are_checked_as_settings_are() -> None:
    ended = invoke("serve", "--port", "70000", env=complete(NOWHERE))
    assert ended.code == 2
    assert "MESHHOOK_ALERTS_PORT" in ended.said


def test_a_port_in_use_is_said_before_anything_starts() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = invoke("serve", "--port", port, env=complete(NOWHERE))
    assert ended.code == 2
    assert f"port {port} on 127.0.0.1 is in use" in ended.said
    assert "--port" in ended.said


@pytest.mark.parametrize("host", ["no-such-host.invalid", "203.0.113.1"])
def test_an_address_that_is_not_ours_cannot_be_listened_on(host: str) -> None:
    ended = invoke("serve", "--host", host, "--port", "0", env=complete(NOWHERE))
    assert ended.code == 2
    assert f"cannot listen on {host}" in ended.said


def test_keys_and_tokens_are_made_or_refused(tmp_path: Path) -> None:
    made = invoke("keys", "generate", "spring", env=environment())
    assert (made.code, made.said[:7]) == (0, "spring:")
    bad = invoke("keys", "generate", "not a name!", env=environment())
    assert (bad.code, "cannot be a key's id" in bad.said) == (2, True)
    token = invoke("token", env=environment(MESHHOOK_ALERTS_DATA=str(tmp_path / "data")))
    assert (token.code, token.said.count(".")) == (0, 2)
    file = tmp_path / "alerts.keys"
    first = invoke("keys", "generate", "--file", str(file), env=environment())
    assert (first.code, "holds a new key" in first.said) == (0, True)
    kept = file.read_text()
    again = invoke("keys", "generate", "--file", str(file), env=environment())
    assert (again.code, "stays as it is" in again.said, file.read_text()) == (0, True, kept)
    assert kept.strip() not in first.said + again.said
    assert file.stat().st_mode & 0o077 == 0
    denied = invoke("token", env=environment(DATABASE_URL=NOWHERE))
    assert (denied.code, "set SUPABASE_JWT_SECRET" in denied.said) == (2, True)


@pytest.mark.parametrize(
    "arguments", [["token"], ["doctor"], ["migrate"], ["db", "status"], ["db", "stop"]]
)
def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "file").write_text("in the way")
    ended = invoke(*arguments, env=environment(MESHHOOK_ALERTS_DATA=str(tmp_path / "file")))
    assert ended.code in (1, 3) or ended.said.endswith(("absent\n", "was not running\n"))
    assert str(tmp_path) in ended.said or ended.code == 0


def test_what_should_not_happen_is_no_traceback_either(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(**_: object) -> None:
        raise ZeroDivisionError("the inner workings")

    monkeypatch.setattr("meshhook_alerts.settings.load_settings", broken)
    ended = invoke("doctor", env=environment(DATABASE_URL=NOWHERE))
    assert ended.code == 1
    assert "ZeroDivisionError: the inner workings" in ended.said
    with pytest.raises(ZeroDivisionError):
        invoke("doctor", env=environment(DATABASE_URL=NOWHERE, MESHHOOK_ALERTS_LOG_LEVEL="debug"))


async def test_serve_answers_and_stops_when_asked(world: World) -> None:
    async with running("serve", "--port", "0", "--no-worker", env=complete(world.url)) as process:
        base = (await line_of(process)).removeprefix("API: ").removesuffix("/docs")
        async with httpx.AsyncClient(headers=owner_of(world)) as client:
            answer = await client.get(f"{base}/settings/{world.project_id}")
            assert answer.status_code == 200
            assert (await client.get(f"{base}/openapi.json")).status_code == 200


@pytest.fixture
def server(open_folder: Path) -> Iterator[EmbeddedPostgres]:
    """A Postgres of one's own, to be stopped and started."""
    with EmbeddedPostgres(open_folder, durable=False) as started:
        yield started


async def test_serve_outlives_a_database_that_is_down_at_its_start(
    server: EmbeddedPostgres,
) -> None:
    await build_line(server.url)
    world = await open_world(server.url)
    await asyncio.to_thread(server.stop_server)
    async with running("serve", "--port", "0", env=complete(server.url)) as process:
        base = (await line_of(process)).removeprefix("API: ").removesuffix("/docs")
        async with httpx.AsyncClient(base_url=base, headers=owner_of(world), timeout=20) as client:
            assert (await client.get("/health/live")).status_code == 200
            ready = await client.get("/health/ready")
            assert (ready.status_code, ready.json()["code"]) == (503, "database_unavailable")
            assert process.stderr is not None
            log = (await asyncio.wait_for(process.stderr.readline(), 20)).decode()
            assert {"event", "level", "timestamp"} <= json.loads(log).keys()
            assert str(urlsplit(server.url).password) not in log
            await asyncio.to_thread(server.start_server)

            async def well() -> bool:
                return (await client.get("/health/ready")).status_code == 200

            await eventually(well)
            assert (await client.get(f"/settings/{world.project_id}")).status_code == 200
            await world.fail()

            async def decided() -> Any:
                return await world.value(
                    "select count(*) from public.alert_failures where project_id = %s",
                    world.project_id,
                )

            assert await eventually(decided) == 1


async def test_a_worker_alone_says_when_it_is_at_work(world: World) -> None:
    env = complete(world.url, SUPABASE_JWT_SECRET=None)
    async with running("worker", env=env) as process:
        assert "at work" in await line_of(process)


def test_it_says_its_version() -> None:
    ended = invoke("--version", env=environment())
    assert (ended.code, ended.out) == (0, f"meshhook-alerts {version('meshhook-alerts')}\n")


async def test_a_misspelt_variable_is_named_with_what_was_meant(line_url: str) -> None:
    env = environment(DATABASE_URL=line_url, MESHHOOK_ALERTS_SMPT_URL="smtp://mail.example.org")
    ended = await command("doctor", env=env)
    assert (
        "MESHHOOK_ALERTS_SMPT_URL is no setting; did you mean MESHHOOK_ALERTS_SMTP_URL?"
        in ended.said
    )


async def test_a_token_for_a_first_try_is_the_owners(world: World) -> None:
    env = complete(world.url)
    made = await command("token", "--project", str(world.project_id), env=env)
    async with a_service(world.url) as service, a_client(service) as client:
        path = f"/api/alerts/settings/{world.project_id}"
        assert (await client.get(path, headers=bearing(made.out.strip()))).status_code == 200
        other = await command("token", "--project", str(uuid4()), env=env)
        assert other.code == 2
        assert f"--project {world.project_id}  (Shop)" in other.said
        service_role = await command("token", "--service", env=env)
        assert (await client.get(path, headers=bearing(service_role.out.strip()))).is_success
