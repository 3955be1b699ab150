"""`meshhook-alerts alerts` and `tail`, as people type them."""

from __future__ import annotations

import json

import pytest

from tests.commands import command, complete, line_of, running
from tests.line import Receiver, World, a_service, arrived, at_rest, at_work

pytestmark = pytest.mark.postgres


@pytest.fixture
async def env(world: World, receiver: Receiver) -> dict[str, str]:
    async with a_service(world.url) as service:
        await world.hook(service, receiver)
        async with at_work(service):
            await world.fail(node="charge", error="Error: card declined")
            await world.fail("invoices", node="print", error="Error: no paper")
            await arrived(receiver, 2)
            await at_rest(world)
    return complete(world.url)


async def test_alerts_are_listed_shown_and_acted_on(world: World, env: dict[str, str]) -> None:
    listed = await command("alerts", "list", env=env)
    assert listed.code == 0, listed.said
    assert "orders › charge: Error: card declined" in listed.out
    rows = json.loads((await command("alerts", "list", "--text", "paper", "--json", env=env)).out)
    (id_,) = [row["id"] for row in rows]
    done = await command(
        "alerts", "ack", id_[:8], "--for", "2h", "--note", "fetching paper", env=env
    )
    assert (done.code, "Acknowledged until" in done.out) == (0, True), done.said
    again = await command("alerts", "ack", id_, env=env)
    assert (again.code, "Nothing was changed" in again.out) == (0, True)
    said = json.loads((await command("alerts", "ack", id_, "--json", env=env)).out)
    assert [each["outcome"] for each in said] == ["already"]
    shown = await command("alerts", "show", id_[:8], env=env)
    assert "fetching paper" in shown.out
    assert "hook: 1 message, takes it for open" in shown.out
    assert (await command("alerts", "snooze", id_, "--for", "1d", env=env)).code == 0
    assert (await command("alerts", "resolve", id_, env=env)).code == 0
    over = await command("alerts", "snooze", id_, "--for", "1d", env=env)
    assert (over.code, "ended at" in over.out) == (1, True)
    assert (await command("alerts", "list", "--state", "resolved", env=env)).out.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("snooze", "abcdef12"), 2, "say until when"),
        (("snooze", "abcdef12", "--for", "soon"), 2, "no length of time"),
        (("ack", "abc"), 2, "no alert's id"),
        (("ack", "abcdef"), 1, "none of the latest 200"),
        (("snooze", "abcdef12", "--failures", "0"), 2, "--failures"),
        (("show", "3f0c2b1e-9a2d-4f61-9d9a-30aa71c2e0b4"), 1, "no alert is called"),
    ],
)
async def test_what_cannot_be_is_said(
    env: dict[str, str], arguments: tuple[str, ...], code: int, said: str
) -> None:
    ended = await command("alerts", *arguments, env=env)
    assert ended.code == code, ended.said
    assert said in ended.said


async def test_tail_shows_what_was_and_follows(world: World, env: dict[str, str]) -> None:
    async with running("tail", "-n", "4", "--json", env=env) as process:
        before = [json.loads(await line_of(process)) for _ in range(4)]
        assert {each["reason"] for each in before} == {"first_failure", "delivered"}
        await world.execute(
            "insert into public.alert_logs (project_id, at, alert_id, effect, reason, count, severity)"
            " values (%s, now(), gen_random_uuid(), 'held', 'quiet_period', 3, 'error')",
            world.project_id,
        )
        assert json.loads(await line_of(process))["reason"] == "quiet_period"
