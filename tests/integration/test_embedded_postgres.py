"""The embedded Postgres' life: started by the first, shared, stopped by the last."""

from __future__ import annotations

import contextlib
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

import meshhook_alerts
from meshhook_alerts.adapters.embedded_postgres import EmbeddedPostgres, status, stop

pytestmark = [pytest.mark.postgres, pytest.mark.slow]

SOURCES = Path(meshhook_alerts.__path__[0]).parent
USER = """
import sys
from meshhook_alerts.adapters.embedded_postgres import EmbeddedPostgres
with EmbeddedPostgres(sys.argv[1], durable=False) as server:
    try:
        print("up", flush=True)
        sys.stdin.read()
    except KeyboardInterrupt:
        print("interrupted, server runs:", server.running(), flush=True)
"""


class Users:
    """Starts other processes that use the same data folder."""

    def __init__(self) -> None:
        self._processes: list[subprocess.Popen[str]] = []

    def start(self, data: Path) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", USER, str(data)],
            env=os.environ | {"PYTHONPATH": os.pathsep.join([str(SOURCES), *sys.path])},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._processes.append(process)
        return process

    def end(self) -> None:
        for process in self._processes:
            with process, contextlib.suppress(ProcessLookupError):
                process.kill()


@pytest.fixture
def users() -> Iterator[Users]:
    made = Users()
    yield made
    made.end()


@pytest.fixture
def data(open_folder: Path) -> Iterator[Path]:
    """A data folder that must be left without any process."""
    folder = open_folder / "data"
    yield folder
    wait_for(lambda: not processes_of(folder))


def processes_of(data: Path) -> list[str]:
    """Every process with the data folder on its command line, for systems with /proc."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            found.append(file.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
    return [line for line in found if str(data / "postgres") in line]


def wait_for(condition: Callable[[], object], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def wait_until_up(user: subprocess.Popen[str]) -> None:
    assert user.stdout
    assert user.stdout.readline() == "up\n"


def execute(server: EmbeddedPostgres, query: str) -> object:
    with psycopg.connect(server.url, autocommit=True) as connection:
        cursor = connection.execute(query)
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


def test_first_start_creates_and_later_starts_keep(data: Path) -> None:
    with EmbeddedPostgres(data) as server:
        assert server.url.endswith("/meshhook_alerts")
        assert execute(server, "select current_user") == "meshhook_alerts"
        assert execute(server, "show fsync") == "on"
        execute(server, "create table kept as select 42 as answer")
    assert not server.running()
    with EmbeddedPostgres(data) as server:
        assert execute(server, "select answer from kept") == 42


def test_only_this_machine_with_the_password_gets_in(data: Path) -> None:
    with EmbeddedPostgres(data, durable=False, conf={"max_connections": 17}) as server:
        assert execute(server, "show listen_addresses") == "127.0.0.1"
        assert not execute(server, "show unix_socket_directories")
        assert execute(server, "show max_connections") == "17"
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(server.url, password="a guess")
    password = data / "postgres" / "password"
    assert stat.S_IMODE(password.stat().st_mode) == 0o600
    assert password.stat().st_uid == os.geteuid()


def test_the_last_of_several_processes_stops_the_server(data: Path, users: Users) -> None:
    first, *others = [users.start(data) for _ in range(4)]
    for user in (first, *others):
        wait_until_up(user)
    pid = status(data).pid
    first.communicate("")
    assert status(data).state == "running"
    with EmbeddedPostgres(data, durable=False):
        for user in others:
            user.communicate("")
        assert status(data).pid == pid
    assert status(data).state == "stopped"
    assert [user.returncode for user in (first, *others)] == [0, 0, 0, 0]


def test_after_its_only_user_was_killed_the_next_one_takes_over(data: Path, users: Users) -> None:
    user = users.start(data)
    wait_until_up(user)
    before = status(data)
    user.kill()
    user.wait()
    wait_for(lambda: not status(data).in_use)
    with EmbeddedPostgres(data, durable=False):
        assert status(data).pid == before.pid
    assert status(data).state == "stopped"


def test_interrupted_creation_is_made_good(data: Path, users: Users) -> None:
    user = users.start(data)
    wait_for(lambda: list(data.glob("postgres/new-*/cluster/PG_VERSION")))
    user.kill()
    user.wait()
    with EmbeddedPostgres(data, durable=False) as server:
        assert execute(server, "select 1") == 1
    wait_for(lambda: not processes_of(data))
    with EmbeddedPostgres(data, durable=False):
        assert not list(data.glob("postgres/new-*"))


def test_ctrl_c_reaches_the_user_but_not_the_server(data: Path, users: Users) -> None:
    user = users.start(data)
    wait_until_up(user)
    os.killpg(user.pid, signal.SIGINT)
    assert "server runs: True" in user.communicate("")[0]
    assert status(data).state == "stopped"


def test_left_over_pid_that_another_program_now_has(data: Path) -> None:
    with EmbeddedPostgres(data, durable=False) as server:
        pid_file = data / "postgres/cluster/postmaster.pid"
        _, *rest = pid_file.read_text().splitlines()
        owner = pid_file.stat()
        server.stop_server()
    other = subprocess.Popen(["sleep", "60"], user=owner.st_uid, group=owner.st_gid)
    try:
        pid_file.write_text("\n".join([str(other.pid), *rest, ""]))
        os.chown(pid_file, owner.st_uid, owner.st_gid)
        assert status(data).state == "stopped"
        with EmbeddedPostgres(data, durable=False) as server:
            assert execute(server, "select 1") == 1
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_crashed_server_comes_back_at_the_same_address(data: Path) -> None:
    with EmbeddedPostgres(data) as server:
        execute(server, "create table kept as select 42 as answer")
        address, pid = server.url, status(data).pid
        assert pid
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: len(processes_of(data)) == 0 and not server.running())
        server.start_server()
        assert server.url == address
        assert execute(server, "select answer from kept") == 42


def test_status_and_stop_from_outside(data: Path) -> None:
    assert status(data).state == "absent"
    assert not stop(data)
    assert not data.exists()
    with EmbeddedPostgres(data, durable=False) as server:
        now = status(data)
        assert (now.state, now.in_use) == ("running", True)
        assert f":{now.port}/" in server.url
        assert str(now) == f"running, process {now.pid}, port {now.port}, in use"
        assert stop(data, "immediate")
        assert status(data).state == "stopped"
    assert not status(data).in_use
