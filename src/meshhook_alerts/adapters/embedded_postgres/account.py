"""Which operating system user runs the server. Postgres refuses to run as root."""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from .errors import EmbeddedPostgresError
from .layout import Layout


@dataclass(frozen=True, slots=True)
class Account:
    uid: int
    gid: int

    def may_enter(self, folder: Path) -> bool:
        facts = folder.stat()
        if facts.st_uid == self.uid:
            return bool(facts.st_mode & 0o100)
        return bool(facts.st_mode & (0o010 if facts.st_gid == self.gid else 0o001))


def server_account(layout: Layout) -> Account | None:
    """None: run as ourselves. For root: whoever owns the data, and `nobody` for new data."""
    if os.geteuid() != 0:
        return None
    if layout.cluster.exists() and (owner := layout.cluster.stat()).st_uid != 0:
        return Account(owner.st_uid, owner.st_gid)
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        raise EmbeddedPostgresError(
            "Postgres does not run as root, and this system has no user `nobody` to run it as. "
            "Start as another user, or set DATABASE_URL."
        ) from None
    return Account(nobody.pw_uid, nobody.pw_gid)


def check_reachable(layout: Layout, account: Account | None) -> None:
    """Stop early if the server's user cannot walk to its data. We never open others' folders."""
    if account is None:
        return
    for folder in reversed((layout.home, *layout.home.parents)):
        if not account.may_enter(folder):
            raise EmbeddedPostgresError(
                f"Postgres does not run as root but as an unprivileged user (uid {account.uid}), "
                f"who cannot enter {folder}. Allow it with `chmod o+x '{folder}'`, or name "
                "another data folder in MESHHOOK_ALERTS_DATA."
            )
