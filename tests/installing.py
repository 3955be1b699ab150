"""MeshHook databases to install us in, and the ways in and out."""

from __future__ import annotations

from collections.abc import Sequence

from meshhook_alerts.adapters.postgres.doctor import examine
from meshhook_alerts.adapters.postgres.migrations import Attachment, migrate, migration_files
from meshhook_alerts.adapters.postgres.uninstall import uninstall
from meshhook_alerts.demo.meshhook import install_meshhook
from tests.databases import connect

MIGRATIONS = len(list(migration_files()))
ATTACHED = {"workflow_events": "attached", "workflow_runs": "attached", "job_tracking": "attached"}


async def meshhook(url: str) -> None:
    """Template: today's MeshHook."""
    async with await connect(url) as connection:
        await install_meshhook(connection)


async def old_meshhook(url: str) -> None:
    """Template: the older, simplified one."""
    async with await connect(url) as connection:
        await install_meshhook(connection, version="old")


async def unqueued_meshhook(url: str) -> None:
    """Template: today's, without pgmq."""
    async with await connect(url) as connection:
        await install_meshhook(connection, with_pgmq=False)


async def migrated(url: str, said: list[str] | None = None) -> Sequence[Attachment]:
    """Migrates; collects what is said in ``said``."""
    async with await connect(url) as connection:
        return await migrate(connection, said.append if said is not None else lambda _: None)


async def states(url: str) -> dict[str, str]:
    """Migrates; says which table has our trigger."""
    return {each.table: each.state for each in await migrated(url)}


async def uninstalled(url: str) -> list[str]:
    """Takes everything of ours away; returns what was said."""
    said: list[str] = []
    async with await connect(url) as connection:
        await uninstall(connection, said.append)
    return said


async def advice(url: str, subject: str) -> str:
    """What doctor says about a subject, in one text."""
    found = [each async for each in examine(url) if each.subject == subject]
    return "\n".join(f"{each.level}: {each.what} → {each.mend}" for each in found)
