"""A mail for many: each recipient has an outcome of its own."""

from __future__ import annotations

from pydantic import SecretStr

from tests.line import World, a_service, at_work, eventually
from tests.mail_server import Post, running

_FIRST, _SECOND = "first@example.com", "second@example.net"


async def test_who_was_put_off_gets_it_later_and_who_had_it_not_twice(world: World) -> None:
    async def put_off() -> bool:
        return bool(await world.value("select count(*) from public.alert_attempts"))

    async def delivered() -> bool:
        states = await world.rows("select state from public.alert_notifications")
        return [row["state"] for row in states] == ["delivered"]

    async with running(Post(by_recipient={_SECOND: "450 4.2.0 Greylisted"})) as post:
        address = SecretStr(f"smtp+plain://127.0.0.1:{post.port}")
        async with a_service(world.url, smtp_url=address) as service:
            channel = {"name": "mail", "kind": "email", "config": {"to": [_FIRST, _SECOND]}}
            await world.configure(service, channels=[channel])
            async with at_work(service):
                await world.fail()
                await eventually(put_off)
            assert post.recipients == [_FIRST]
            assert await world.value("select done from public.alert_notifications") == [_FIRST]
            post.by_recipient.clear()
        # Another worker goes on where the first one stopped.
        async with a_service(world.url, smtp_url=address) as service, at_work(service):
            await eventually(delivered)
    assert post.recipients == [_FIRST, _SECOND]
    tries = await world.rows("select outcome, detail from public.alert_attempts order by number")
    assert [row["outcome"] for row in tries] == ["try_again", "delivered"]
    assert "Accepted for 1 of 2; 1 put off (450 4.2.0 Greylisted)" in tries[0]["detail"]
    ids = {
        line for raw in post.messages for line in raw.splitlines() if line.startswith(b"Message-ID")
    }
    assert len(post.messages) == 2
    assert len(ids) == 1
