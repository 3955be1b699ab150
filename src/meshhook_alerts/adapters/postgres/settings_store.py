"""Settings on Postgres. Each transaction takes on the caller's role and claims, as PostgREST does,
so that row-level security decides and a mistake of ours cannot show one tenant to another."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection, sql
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool

from meshhook_alerts.adapters.postgres.encoding import dumps
from meshhook_alerts.adapters.postgres.errors import translated, translating
from meshhook_alerts.adapters.postgres.queries import query
from meshhook_alerts.adapters.postgres.settings_loader import build_policy, limits_of
from meshhook_alerts.application.ports import StoreUnavailable
from meshhook_alerts.application.problems import NotFound
from meshhook_alerts.application.seen_failures import SeenFailures
from meshhook_alerts.application.settings_ports import (
    Caller,
    ChannelChange,
    KeptChannel,
    KeptVersion,
    StoredChannel,
    StoredSecrets,
    StoredSettings,
)
from meshhook_alerts.domain.policy import Channel
from meshhook_alerts.domain.severity import FailureClass, Severity

ROLES = frozenset({"anon", "authenticated", "service_role"})


@asynccontextmanager
async def as_role(
    pool: AsyncConnectionPool, caller: Caller
) -> AsyncIterator[AsyncConnection[TupleRow]]:
    """A transaction in the caller's role, with its claims where our policies read them."""
    if caller.role not in ROLES:
        raise ValueError(f"unknown role {caller.role!r}")
    with translating():
        async with pool.connection() as connection:
            await connection.execute(
                "select set_config('request.jwt.claims', %s, true)", (dumps(dict(caller.claims)),)
            )
            await connection.execute(take_on(caller.role))
            yield connection


def take_on(role: str) -> sql.Composed:
    """The statement that takes on a role for the rest of the transaction."""
    return sql.SQL("set local role {}").format(sql.Identifier(role))


class PostgresSettingsStore:
    """See ``change_settings.SettingsStore``."""

    def __init__(self, pool: AsyncConnectionPool) -> None:
        self._pool = pool

    @translated
    async def sealing_keys(self) -> dict[str, int]:
        """The names of the keys that stored secrets are sealed with, and of how many channels."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(query("delivering/sealing_keys"))
            return dict(await cursor.fetchall())

    @asynccontextmanager
    async def as_caller(self, caller: Caller) -> AsyncIterator[PostgresSettingsTransaction]:
        """A transaction in the caller's role."""
        async with as_role(self._pool, caller) as connection:
            yield PostgresSettingsTransaction(connection, caller.role)


class PostgresSettingsTransaction:
    """See ``change_settings.SettingsTransaction``."""

    def __init__(self, connection: AsyncConnection[TupleRow], role: str) -> None:
        self._connection = connection
        self._role = role

    @translated
    async def workflow_slug(self, project_id: UUID, workflow: str) -> str | None:
        """The slug of a workflow named by slug or id."""
        if not await self._may_read(project_id):
            return None
        row = await self._own_row(
            "settings/workflow_slug", project_id=project_id, workflow=workflow
        )
        return row[0] if row else None

    @translated
    async def read(self, project_id: UUID) -> StoredSettings | None:
        """What is stored, as the caller may see it."""
        if not await self._may_read(project_id):
            return None
        project = await self._own_row("settings/project_name", project_id=project_id)
        if project is None:
            return None
        documents = await self._rows("settings/visible_settings", project_id=project_id)
        visible = await self._rows("settings/visible_channels", project_id=project_id)
        ill = await self._own_rows("settings/channel_health", ids=[row[0] for row in visible])
        troubles = {id_: (since, detail) for id_, since, detail in ill}
        channels = [StoredChannel(*row, *troubles.get(row[0], ())) for row in visible]
        return StoredSettings(
            policy=build_policy(
                project_id,
                version=0,
                project_name=project[0],
                documents={workflow: document for workflow, _, document in documents},
                channels=[
                    Channel(
                        each.id,
                        each.name,
                        each.kind,
                        each.enabled,
                        each.version,
                        limits_of(each.limits),
                    )
                    for each in channels
                ],
            ),
            documents={workflow: document for workflow, _, document in documents},
            versions={workflow: version for workflow, version, _ in documents},
            channels=channels,
        )

    @translated
    async def versions(self, project_id: UUID, workflow: str | None) -> list[KeptVersion]:
        """What a place's settings said, the newest first."""
        rows = await self._rows("settings/kept_versions", project_id=project_id, workflow=workflow)
        return [KeptVersion(*row) for row in rows]

    @translated
    async def channel_versions(self, project_id: UUID) -> list[KeptChannel]:
        """What the project's channels were like, the newest first."""
        rows = await self._rows("settings/channel_versions", project_id=project_id)
        return [KeptChannel(*row) for row in rows]

    @translated
    async def troubles(self, project_id: UUID) -> list[SeenFailures]:
        """Those of the last seven days; the latest thousand."""
        rows = await self._rows("settings/recent_troubles", project_id=project_id)
        return [
            SeenFailures(row[0], FailureClass(row[1]), Severity(row[2]), *row[3:]) for row in rows
        ]

    @translated
    async def workflows(self, project_id: UUID) -> frozenset[str]:
        """The slugs of the project's workflows, if the caller sees the project."""
        if not await self._may_read(project_id):
            return frozenset()
        rows = await self._own_rows("settings/workflow_slugs", project_id=project_id)
        return frozenset(row[0] for row in rows)

    @translated
    async def stored_secrets(
        self, project_id: UUID, channels: Sequence[str]
    ) -> dict[str, StoredSecrets]:
        """Seen by row-level security first, opened by the service itself only then."""
        rows = await self._rows("settings/visible_channels", project_id=project_id)
        seen = [row[0] for row in rows if row[1] in channels]
        if not seen:
            return {}
        found = await self._own_rows("delivering/channel_secrets", ids=seen)
        return {
            name: StoredSecrets(id_, kind, config if isinstance(config, dict) else {}, sealed)
            for name, id_, kind, config, sealed in found
        }

    @translated
    async def lock(self, project_id: UUID) -> None:
        """One change of a project's settings at a time."""
        await self._own_rows("settings/lock_project", project_id=project_id)

    @translated
    async def delete_channel(self, project_id: UUID, name: str) -> None:
        """Deletes a channel."""
        await self._must_edit(project_id)
        await self._connection.execute("reset role")
        parameters = {"project_id": project_id, "name": name}
        await self._connection.execute(query("settings/delete_channel"), parameters)
        await self._connection.execute(take_on(self._role))

    @translated
    async def worker_with_mail(self) -> bool:
        """Whether a worker that is alive has the operator's mail server."""
        return await self._own_row("settings/worker_with_mail") is not None

    @translated
    async def save_document(
        self, project_id: UUID, workflow: str | None, document: Mapping[str, Any], by: UUID | None
    ) -> bool:
        """Creates or replaces a settings document."""
        await self._must_edit(project_id)
        row = await self._own_row(
            "settings/save_settings",
            project_id=project_id,
            workflow=workflow,
            document=dumps(dict(document)),
            by=by,
        )
        if row is None:
            raise StoreUnavailable("the settings were not saved")
        return bool(row[0])

    @translated
    async def save_channel(
        self, project_id: UUID, change: ChannelChange, secret_names: Sequence[str]
    ) -> UUID:
        """Creates or changes a channel, but for its secrets."""
        await self._must_edit(project_id)
        row = await self._own_row(
            "settings/save_channel",
            project_id=project_id,
            name=change.document.name,
            kind=change.document.kind,
            config=dumps(dict(change.public)),
            secret_names=list(secret_names),
            enabled=change.document.enabled,
            limits=dumps([each.model_dump() for each in change.document.limits]),
        )
        if row is None:
            raise StoreUnavailable("the channel was not saved")
        return UUID(str(row[0]))

    @translated
    async def save_secrets(self, channel_id: UUID, sealed: bytes | None) -> None:
        """No caller's role may touch the column; the row was just saved under the caller's own."""
        await self._own_rows("settings/save_secrets", channel_id=channel_id, sealed=sealed)

    async def _may_read(self, project_id: UUID) -> bool:
        """Our own function says, whatever rights MeshHook's tables give: an old one gives none,
        or all."""
        if self._role == "service_role":
            return True
        return await self._row("settings/may_read_project", project_id=project_id) is not None

    async def _must_edit(self, project_id: UUID) -> None:
        """No caller's role may write; the service does, for who has the right to it."""
        if self._role != "service_role" and not await self._row(
            "settings/may_edit_project", project_id=project_id
        ):
            raise NotFound(f"project {project_id}")

    async def _own_row(self, statement: str, /, **parameters: Any) -> TupleRow | None:
        """As `_own_rows`, the first one."""
        return next(iter(await self._own_rows(statement, **parameters)), None)

    async def _own_rows(self, statement: str, /, **parameters: Any) -> list[TupleRow]:
        """Asked as the service itself, with nothing but ids that the caller may see."""
        await self._connection.execute("reset role")
        rows = await self._rows(statement, **parameters)
        await self._connection.execute(take_on(self._role))
        return rows

    async def _row(self, statement: str, /, **parameters: Any) -> TupleRow | None:
        return next(iter(await self._rows(statement, **parameters)), None)

    async def _rows(self, statement: str, /, **parameters: Any) -> list[TupleRow]:
        cursor = await self._connection.execute(query(statement), parameters)
        return await cursor.fetchall()
