"""Addresses as Supabase and Prisma hand them out."""

from __future__ import annotations

import asyncio

import pytest
from psycopg.conninfo import conninfo_to_dict

from meshhook_alerts.adapters.postgres.database import parse_address
from tests.line import Receiver, World, a_service, at_work, eventually

BASE = "postgresql://user:pa%20ss@host:5432/db"


@pytest.mark.parametrize(
    ("query", "pooled"),
    [
        ("?pgbouncer=true&connection_limit=1", True),
        ("?pgbouncer=true&schema=public&sslmode=require", True),
        ("?connection_limit=1&pool_timeout=0&pgbouncer=true", True),
        ("?pgbouncer=false", False),
        ("?supa=base-pooler.x", False),
        ("?sslmode=require&supa=base-pooler.x&schema=other", False),
        ("?schema=public&sslaccept=strict&socket_timeout=3&statement_cache_size=0", False),
        ("?application_name=mine&connect_timeout=30&target_session_attrs=read-write", False),
        ("", False),
    ],
)
def test_what_others_put_into_an_address_is_accepted(query: str, pooled: bool) -> None:
    address = parse_address(BASE + query)
    assert address.pooled is pooled
    assert "pgbouncer" not in address.conninfo
    assert "supa=" not in address.conninfo
    parts = conninfo_to_dict(address.conninfo)
    assert (parts["user"], parts["password"], parts["dbname"]) == ("user", "pa ss", "db")


@pytest.mark.parametrize("query", ["?sslmod=require", "?frobnicate=1", "?pgbouncer=true&sslmod=x"])
def test_an_unknown_parameter_is_named_and_its_value_is_not(query: str) -> None:
    with pytest.raises(ValueError, match=r"sslmod|frobnicate") as refused:
        parse_address(BASE + query)
    assert "pa ss" not in str(refused.value)
    assert "require" not in str(refused.value)


@pytest.mark.postgres
async def test_the_line_runs_with_such_an_address(world: World, receiver: Receiver) -> None:
    url = world.url + "?pgbouncer=true&connection_limit=1&supa=base-pooler.x&schema=public"
    async with a_service(url) as service:
        await world.hook(service, receiver)
        async with at_work(service):
            await world.fail()
            await eventually(lambda: asyncio.sleep(0, len(receiver.ids) >= 1))
