"""A real PgBouncer in transaction mode in front of the tests' Postgres."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

PGBOUNCER = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")

_SETTINGS = """
[databases]
* = host={host} port={port} user={user} password={password}

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {own}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 15
max_client_conn = 300
logfile = {folder}/pgbouncer.log
"""


@contextmanager
def a_pooler(server: str, folder: Path) -> Iterator[int]:
    """A pooler before the server of that address; its port. ``folder`` must be open to all."""
    assert PGBOUNCER is not None
    parts = urlsplit(server)
    own = _free_port()
    settings = folder / "pgbouncer.ini"
    settings.write_text(
        _SETTINGS.format(
            host=parts.hostname, port=parts.port, user=parts.username,
            password=unquote(parts.password or ""), own=own, folder=folder,
        )
    )  # fmt: skip
    settings.chmod(0o644)
    folder.chmod(0o777)
    who = {"user": "nobody"} if os.geteuid() == 0 else {}
    process = subprocess.Popen([PGBOUNCER, "-q", str(settings)], **who)  # type: ignore[call-overload]
    try:
        _wait_for(own)
        yield own
    finally:
        process.terminate()
        process.wait(10)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _wait_for(port: int) -> None:
    end = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            assert time.monotonic() < end, "PgBouncer does not answer"
            time.sleep(0.05)
