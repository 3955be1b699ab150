"""Talking to the server over its own connection."""

from __future__ import annotations

import psycopg
from psycopg import sql

from .cluster import USER, read_password
from .errors import EmbeddedPostgresError
from .layout import Layout

DATABASE = "meshhook_alerts"
_STARTING_UP = "57P03"


def url(layout: Layout, port: int, database: str = DATABASE) -> str:
    return f"postgresql://{USER}:{read_password(layout)}@127.0.0.1:{port}/{database}"


def answers(layout: Layout, port: int) -> bool:
    """Whether our server listens there: it knows our password, or says it is starting."""
    try:
        psycopg.connect(url(layout, port, "postgres"), connect_timeout=5).close()
    except psycopg.OperationalError as error:
        return error.sqlstate == _STARTING_UP
    return True


def prepare_database(layout: Layout, port: int, *, durable: bool) -> None:
    """Create our database if it is not there, and see that the server keeps what it is told."""
    with _connect(layout, port) as connection:
        if durable and connection.execute("show fsync").fetchone() == ("off",):
            raise EmbeddedPostgresError(
                f"The server in {layout.data} was started without durability, for tests. "
                "Let its users end first, or name another folder in MESHHOOK_ALERTS_DATA."
            )
        known = connection.execute("select from pg_database where datname = %s", [DATABASE])
        if not known.rowcount:
            connection.execute(sql.SQL("create database {}").format(sql.Identifier(DATABASE)))


def _connect(layout: Layout, port: int) -> psycopg.Connection[tuple[object, ...]]:
    try:
        return psycopg.connect(url(layout, port, "postgres"), autocommit=True, connect_timeout=30)
    except psycopg.OperationalError as error:
        raise EmbeddedPostgresError(
            f"The server in {layout.data} runs but lets us not in: {error}. If the password file "
            f"{layout.password} was changed, put the former one back."
        ) from error
