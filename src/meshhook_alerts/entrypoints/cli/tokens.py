"""``meshhook-alerts token``: a token for a first try of the API."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from meshhook_alerts.entrypoints.cli.ending import fail, guarded, run

if TYPE_CHECKING:
    from meshhook_alerts.settings import Settings


def token(
    service: Annotated[
        bool, typer.Option(help="For the service role instead of an owner.")
    ] = False,
    project: Annotated[
        str | None, typer.Option(help="With DATABASE_URL: for the owner of the project of this id.")
    ] = None,
) -> None:
    """Print a token for calling the API (12 hours): of the embedded default's local owner or, with
    DATABASE_URL, of a project's owner, signed with SUPABASE_JWT_SECRET."""
    from meshhook_alerts.adapters.embedded_postgres import default_data_folder
    from meshhook_alerts.entrypoints.local import LocalOwner, local_owner
    from meshhook_alerts.settings import load_settings

    role = "service_role" if service else "authenticated"
    with guarded():
        settings = load_settings()
        if settings.database_url is None:
            owner = local_owner(settings.data or default_data_folder())
        else:
            secret = _secret(settings)
            owner = LocalOwner(UUID(int=0) if service else run(_owner(settings, project)), secret)
        typer.echo(owner.token(datetime.now(UTC), role))


def sign_in() -> None:
    """Print a link by which the embedded default's local owner signs in to the dashboard: good once, for a quarter of
    an hour."""
    from meshhook_alerts.adapters.embedded_postgres import default_data_folder
    from meshhook_alerts.entrypoints.local import sign_in_links
    from meshhook_alerts.settings import load_settings

    with guarded():
        settings = load_settings()
        if settings.database_url is not None:
            fail(
                "with DATABASE_URL, people sign in at MeshHook; `meshhook-alerts token` makes a token"
            )
        links = sign_in_links(settings.data or default_data_folder())
        base = settings.base_url or f"http://{settings.host}:{settings.port}"
        typer.echo(f"{base.rstrip('/')}/alerts/sign-in?once={links.make()}")


def _secret(settings: Settings) -> str:
    if settings.supabase_jwt_secret is None:
        fail("set SUPABASE_JWT_SECRET, which signs the token: the one that `serve` has")
    return settings.supabase_jwt_secret.get_secret_value()


async def _owner(settings: Settings, project: str | None) -> UUID:
    """The owner of a project; of the only one if none is named."""
    from meshhook_alerts.bootstrap import open_database

    assert settings.database_url is not None
    url = settings.database_url.get_secret_value()
    async with (
        open_database(settings, url) as database,
        database.pool.connection() as connection,
    ):
        cursor = await connection.execute(
            "select id, name, owner from public.projects order by name limit 100"
        )
        rows = await cursor.fetchall()
    found = [row for row in rows if project is None or str(row[0]) == project.lower()]
    if len(found) != 1:
        there = (
            "\n".join(f"  --project {id_}  ({name})" for id_, name, _ in rows)
            or "  there is none yet"
        )
        fail(f"say whose: the projects of this database are\n{there}")
    return UUID(str(found[0][2]))
