"""The embedded Postgres as its users see it."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from . import database
from .account import check_reachable, server_account
from .binaries import usable_binaries
from .cluster import Setting, ensure_cluster, write_configuration
from .errors import EmbeddedPostgresError, StillStartingError, explained
from .layout import Layout
from .postmaster import (
    Postmaster,
    find_running,
    free_port,
    launch,
    shut_down,
    wait_until_settled,
)
from .sharing import Membership, alone, has_members

StopMode = Literal["fast", "immediate"]
State = Literal["absent", "stopped", "starting", "running"]

_SIGNALS = {"fast": signal.SIGINT, "immediate": signal.SIGQUIT}
_STOP_TIMEOUT = 30.0


class EmbeddedPostgres:
    """A Postgres shared by all processes that name the same data folder.

    The first to enter starts it, with its own `durable` and `conf`; the last to leave stops it.
    A killed process counts as gone; if it was the last, the next user or `stop` ends the server.
    `durable=False` trades the data's safety for speed, for tests.
    """

    def __init__(
        self,
        data: Path | str | None = None,
        *,
        durable: bool = True,
        conf: Mapping[str, Setting] | None = None,
        start_timeout: float = 120,
    ) -> None:
        self._layout = Layout.of(data)
        self._durable = durable
        self._conf = dict(conf or {})
        self._timeout = start_timeout
        self._membership: Membership | None = None
        self._port = 0

    @property
    def data(self) -> Path:
        return self._layout.data

    @property
    def url(self) -> str:
        """The address of the database `meshhook_alerts`, password included: keep it private."""
        if not self._port:
            raise EmbeddedPostgresError("The embedded Postgres is used outside its `with` block.")
        return database.url(self._layout, self._port)

    def __enter__(self) -> Self:
        with explained(self.data):
            self._layout.create()
            with alone(self._layout.start_lock):
                self._join()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with explained(self.data), alone(self._layout.start_lock):
            self._leave(stop_if_last=True)

    def running(self) -> bool:
        return find_running(self._layout) is not None

    def stop_server(self, mode: StopMode = "fast") -> bool:
        """Stop the server under its users' feet; False if it did not run."""
        return stop(self.data, mode)

    def start_server(self) -> None:
        """Start it again after `stop_server` or a crash, on the same port if that is free."""
        with explained(self.data), alone(self._layout.start_lock):
            self._port = self._ensure_running().port

    def _join(self) -> None:
        if self._membership:
            raise EmbeddedPostgresError("This EmbeddedPostgres object is in use already.")
        self._membership = Membership(self._layout.users_lock)
        try:
            self._port = self._ensure_running().port
            database.prepare_database(self._layout, self._port, durable=self._durable)
        except BaseException as error:
            self._leave(stop_if_last=not isinstance(error, StillStartingError))
            raise

    def _leave(self, *, stop_if_last: bool) -> None:
        membership, self._membership, self._port = self._membership, None, 0
        if membership:
            try:
                if stop_if_last and membership.is_last():
                    shut_down(self._layout, signal.SIGINT, _STOP_TIMEOUT)
            finally:
                membership.leave()

    def _ensure_running(self) -> Postmaster:
        if found := wait_until_settled(self._layout, self._timeout):
            return found
        account = server_account(self._layout)
        check_reachable(self._layout, account)
        binaries = usable_binaries(self._layout, account)
        ensure_cluster(self._layout, binaries, account, durable=self._durable)
        for port in (self._port or free_port(), free_port(), free_port()):
            write_configuration(self._layout, port, self._conf, durable=self._durable)
            try:
                return launch(self._layout, binaries, account, self._timeout)
            except EmbeddedPostgresError as error:
                if "Address already in use" not in str(error):
                    raise
                failed = error
        raise failed


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """`in_use`: some live process holds the server, so stopping it would hurt."""

    data: Path
    state: State
    pid: int | None = None
    port: int | None = None
    in_use: bool = False

    def __str__(self) -> str:
        where = [f"process {self.pid}, port {self.port}"] if self.pid else []
        return ", ".join([self.state, *where, *(["in use"] if self.in_use else [])])


def status(data: Path | str | None = None) -> ServerStatus:
    """How it stands, without changing or starting anything."""
    layout = Layout.of(data)
    with explained(layout.data):
        if not layout.start_lock.exists():
            return ServerStatus(layout.data, "absent")
        try:
            with alone(layout.start_lock, wait=False):
                return _settled_status(layout)
        except BlockingIOError:
            return ServerStatus(layout.data, "starting", in_use=True)


def _settled_status(layout: Layout) -> ServerStatus:
    in_use = has_members(layout.users_lock)
    if not (found := find_running(layout)):
        known = layout.cluster.exists()
        return ServerStatus(layout.data, "stopped" if known else "absent", in_use=in_use)
    state: State = "running" if found.state == "ready" else "starting"
    return ServerStatus(layout.data, state, found.pid, found.port or None, in_use)


def stop(data: Path | str | None = None, mode: StopMode = "fast") -> bool:
    """Stop the server whoever uses it (ask `status` first); False if it did not run."""
    layout = Layout.of(data)
    with explained(layout.data):
        if not layout.start_lock.exists():
            return False
        with alone(layout.start_lock):
            return shut_down(layout, _SIGNALS[mode], _STOP_TIMEOUT)
