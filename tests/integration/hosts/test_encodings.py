"""Databases that are not in UTF-8: said plainly by whoever meets one first."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import psycopg
import pytest

from meshhook_alerts.adapters.postgres.migrations import MigrationError
from tests.commands import complete, invoke
from tests.installing import advice, meshhook, migrated

pytestmark = pytest.mark.postgres


@pytest.fixture(params=["LATIN1", "SQL_ASCII", "WIN1252"])
def odd_url(request: pytest.FixtureRequest, postgres_server: str) -> Iterator[str]:
    name = f"test_odd_{request.param.lower()}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"drop database if exists {name} with (force)".encode())
        connection.execute(
            f"create database {name} template template0 encoding '{request.param}'"
            " lc_collate 'C' lc_ctype 'C' locale_provider libc".encode()
        )
    yield urlsplit(postgres_server)._replace(path=f"/{name}").geturl()
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"drop database if exists {name} with (force)".encode())


async def test_an_encoding_that_cannot_keep_every_text_is_refused_with_what_is_needed(
    odd_url: str,
) -> None:
    await meshhook(odd_url)
    with pytest.raises(MigrationError, match="UTF8"):
        await migrated(odd_url)
    said = await advice(odd_url, "database")
    assert "UTF8" in said
    assert "wrong" in said


def test_the_commands_say_so_without_a_traceback(odd_url: str) -> None:
    for command, code in (("migrate", 3), ("serve", 3), ("worker", 3), ("doctor", 1)):
        ended = invoke(command, env=complete(odd_url, MESHHOOK_ALERTS_PORT="0"))
        assert "UTF8" in ended.said, command
        assert ended.code == code, command
