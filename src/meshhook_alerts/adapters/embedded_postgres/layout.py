"""Where things lie inside a data folder."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from .errors import EmbeddedPostgresError

_UNSAFE_IN_A_SHELL = frozenset('"$`\\\n')


def default_data_folder() -> Path:
    """$MESHHOOK_ALERTS_DATA, else /var/lib for root, else the user's XDG data folder."""
    if named := os.environ.get("MESHHOOK_ALERTS_DATA"):
        return Path(named).expanduser().absolute()
    if os.geteuid() == 0:
        return Path("/var/lib/meshhook-alerts")
    xdg = Path(os.environ.get("XDG_DATA_HOME", ""))
    return (xdg if xdg.is_absolute() else Path.home() / ".local/share") / "meshhook-alerts"


@dataclass(frozen=True, slots=True)
class Layout:
    """The paths in one data folder. All of the server's own lie in its subfolder `postgres`."""

    data: Path

    @classmethod
    def of(cls, data: Path | str | None) -> Layout:
        folder = (Path(data) if data else default_data_folder()).expanduser().resolve()
        if _UNSAFE_IN_A_SHELL.intersection(str(folder)):
            raise EmbeddedPostgresError(
                f'The data folder {folder} has a quote, "$", "`", "\\" or line break in its name, '
                "which Postgres' start program cannot handle. Name another folder."
            )
        return cls(folder)

    @property
    def home(self) -> Path:
        return self.data / "postgres"

    @property
    def cluster(self) -> Path:
        return self.home / "cluster"

    @property
    def postmaster_pid(self) -> Path:
        return self.cluster / "postmaster.pid"

    @property
    def password(self) -> Path:
        return self.home / "password"

    @property
    def configuration(self) -> Path:
        return self.home / "postgresql.conf"

    @property
    def log(self) -> Path:
        return self.home / "server.log"

    @property
    def binaries(self) -> Path:
        return self.home / "binaries"

    @property
    def start_lock(self) -> Path:
        return self.home / "start.lock"

    @property
    def users_lock(self) -> Path:
        return self.home / "users.lock"

    def create(self) -> None:
        """Make the missing folders. Root's can be walked through by the server's own user."""
        mode = 0o711 if os.geteuid() == 0 else 0o700
        missing = [folder for folder in (self.home, *self.home.parents) if not folder.exists()]
        for folder in reversed(missing):
            folder.mkdir(exist_ok=True)
            folder.chmod(mode)
