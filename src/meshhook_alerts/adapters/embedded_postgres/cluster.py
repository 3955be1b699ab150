"""The database cluster on disk: its password, its creation, its configuration."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from .account import Account
from .binaries import Binaries
from .commands import run
from .errors import EmbeddedPostgresError, command_failed, disk_full
from .layout import Layout

USER = "meshhook_alerts"
ROOM_FOR_A_CLUSTER = 100 * 1024 * 1024

Setting = str | int | bool

_ALWAYS: Mapping[str, Setting] = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "wal_level": "logical",
    "shared_buffers": "32MB",
    "max_connections": 100,
    # Without the customary "$user": our user and our schema bear one name, and what MeshHook
    # creates without naming a schema must not end up there.
    "search_path": "public",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
}
_FORGETFUL: Mapping[str, Setting] = {
    "fsync": False,
    "synchronous_commit": False,
    "full_page_writes": False,
}


def read_password(layout: Layout) -> str:
    try:
        return layout.password.read_text().strip()
    except FileNotFoundError:
        raise EmbeddedPostgresError(
            f"The password file {layout.password} is missing, and the data beside it cannot be "
            f"opened without it. Put it back from a backup, or remove {layout.home} to start "
            "with an empty database."
        ) from None


def ensure_cluster(
    layout: Layout, binaries: Binaries, account: Account | None, *, durable: bool
) -> None:
    """Create the cluster if there is none. What an interrupted try left behind is removed."""
    for leftover in layout.home.glob("new-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    if layout.cluster.exists():
        _check_version(layout, binaries)
        read_password(layout)
        return
    if shutil.disk_usage(layout.home).free < ROOM_FOR_A_CLUSTER:
        raise EmbeddedPostgresError(disk_full(layout.data))
    _ensure_password(layout.password)
    nursery = Path(tempfile.mkdtemp(prefix="new-", dir=layout.home))
    try:
        _initdb(layout, binaries, account, nursery, durable=durable)
        (nursery / "cluster").rename(layout.cluster)
    finally:
        shutil.rmtree(nursery, ignore_errors=True)


def _check_version(layout: Layout, binaries: Binaries) -> None:
    found = (layout.cluster / "PG_VERSION").read_text().strip()
    if found != str(binaries.major):
        raise EmbeddedPostgresError(
            f"The data in {layout.data} were written by Postgres {found}; the one installed is "
            f"{binaries.major}, which cannot read them. Install the earlier version again and "
            "carry the data over with pg_dump, or name another folder in MESHHOOK_ALERTS_DATA."
        )


def _ensure_password(target: Path) -> None:
    """Written whole and unreadable to others from its first moment on, before any data exist."""
    if not target.exists():
        write_private(target, secrets.token_hex(24))


def write_private(target: Path, text: str, account: Account | None = None) -> None:
    handle, name = tempfile.mkstemp(prefix=".", dir=target.parent)  # mode 0600
    try:
        with os.fdopen(handle, "w") as file:
            file.write(text)
            if account:
                os.fchown(file.fileno(), account.uid, account.gid)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _initdb(
    layout: Layout, binaries: Binaries, account: Account | None, nursery: Path, *, durable: bool
) -> None:
    password = nursery / "password"
    write_private(password, read_password(layout), account)
    if account:
        os.chown(nursery, account.uid, account.gid)
    places = ["-D", str(nursery / "cluster"), f"--pwfile={password}"]
    access = ["-U", USER, "-A", "scram-sha-256"]
    locale = ["-E", "UTF8", "--locale-provider=builtin", "--locale=C.UTF-8"]
    sync = [] if durable else ["--no-sync"]
    code, output = run([binaries.folder / "initdb", *places, *access, *locale, *sync], account)
    if code:
        raise command_failed("The database could not be created.", output, layout.data)


def write_configuration(
    layout: Layout, port: int, extra: Mapping[str, Setting], *, durable: bool
) -> None:
    """Written anew at each start, outside the folder that the server's user may change."""
    settings = {**_ALWAYS, **({} if durable else _FORGETFUL), **extra, "port": port}
    lines = [f"{name} = {_quoted(name, value)}\n" for name, value in settings.items()]
    write_private(layout.configuration, "# Written at each start.\n" + "".join(lines))
    layout.configuration.chmod(0o644)


def _quoted(name: str, value: Setting) -> str:
    if not re.fullmatch(r"[a-z_.]+", name) or "\n" in str(value):
        raise ValueError(f"not a Postgres setting: {name} = {value!r}")
    if isinstance(value, bool):
        return "on" if value else "off"
    return "'" + str(value).replace("\\", "\\\\").replace("'", "''") + "'"
