"""2,000 failing steps whose errors hold secrets in every notation; none may be found in any webhook,
mail, row of ours, log line or provider's answer that we keep."""

from __future__ import annotations

import email
import logging
from email import policy

import psycopg
import pytest
from psycopg import sql
from pydantic import SecretStr

from tests.line import Receiver, World, a_service, at_work, eventually
from tests.mail_server import Post, running
from tests.unit.redaction.secrets_made import hexadecimal, password, token, web_token
from tests.unit.redaction.test_where_secrets_stand import NOTATIONS

pytestmark = pytest.mark.postgres

STEPS = 2_000
_BARE = (
    lambda: f"Error: answered 403 for {token(32)}",
    lambda: f"Error: {hexadecimal(40)} was refused",
    lambda: f"TypeError: Invalid value ghp_{token(36)}",
    lambda: f"Error: unexpected {web_token()}",
)


def _planted(number: int) -> tuple[str, str]:
    """An error text and the secret in it."""
    if number % 5 == 0:
        text = _BARE[number // 5 % len(_BARE)]()
        return text, max(text.split(), key=len)
    secret = f"{password()}{number:04}x"
    return NOTATIONS[number % len(NOTATIONS)].format(s=secret), secret


async def _all_rows(url: str) -> str:
    """Everything in the tables we write, as one text."""
    parts = list[str]()
    async with await psycopg.AsyncConnection.connect(url) as connection:
        tables = await (
            await connection.execute(
                "select table_schema, table_name from information_schema.tables where table_type = 'BASE TABLE'"
                " and (table_name like 'alert%' or table_schema in ('meshhook_alerts', 'pgmq'))"
            )
        ).fetchall()
        for schema, table in tables:
            cursor = await connection.execute(
                sql.SQL("select coalesce(string_agg(row::text, E'\n'), '') from {} row").format(
                    sql.Identifier(schema, table)
                )
            )
            parts.extend(str(row[0]) for row in await cursor.fetchall())
    return "\n".join(parts)


async def test_no_planted_secret_comes_out(
    world: World, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="meshhook_alerts")
    planted = [_planted(number) for number in range(STEPS)]
    async with running(Post()) as post:
        address = SecretStr(f"smtp+plain://127.0.0.1:{post.port}")
        async with a_service(world.url, smtp_url=address) as service:
            hook = {"url": receiver.url, "secret": receiver.secret}
            mail = {"to": ["on-call@example.com"]}
            channels = [
                {"name": "hook", "kind": "webhook", "config": hook},
                {"name": "mail", "kind": "email", "config": mail},
            ]
            await world.configure(service, channels=channels, storm_summaries=False)
            for number, (error, _) in enumerate(planted):
                await world.fail(error=error, node=f"step-{number}")

            async def told() -> bool:
                count = await world.value(
                    "select count(*) from public.alert_notifications where state = 'delivered'"
                )
                return bool(count == 2 * STEPS)

            async with at_work(service):
                await eventually(told, within=300)
    assert receiver.unsigned == 0
    mails = [email.message_from_bytes(raw, policy=policy.default) for raw in post.messages]
    assert len(mails) == STEPS
    bodies = [
        part.get_content() for each in mails for part in each.walk() if not part.is_multipart()
    ]
    everything = {
        "webhooks": "\n".join(body.decode() for _, body in receiver.requests),
        "mails": "\n".join([*(str(each["Subject"]) for each in mails), *bodies]),
        "rows": await _all_rows(world.url),
        "log": caplog.text,
    }
    for place, text in everything.items():
        left = [(error, secret) for error, secret in planted if secret in text]
        assert not left, f"{len(left)} secrets in the {place}, the first of {left[0][0]!r}"
