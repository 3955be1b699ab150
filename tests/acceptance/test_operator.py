"""Failures of the platform reach its operator; where there is none, that is said."""

from __future__ import annotations

import pytest

from tests.commands import complete, environment, invoke
from tests.line import Receiver, World, a_service, at_work, eventually
from tests.operating import operator_hook

pytestmark = pytest.mark.postgres


async def drop_partitions(world: World) -> None:
    """Nothing covers the days ahead."""
    for name in await world.rows(
        "select inhrelid::regclass::text as name from pg_inherits"
        " where inhparent = 'public.workflow_events'::regclass order by 1 desc limit 3"
    ):
        await world.execute(f"drop table {name['name']}")


async def test_the_operator_is_told_of_a_missing_partition(
    world: World, receiver: Receiver
) -> None:
    await drop_partitions(world)
    async with a_service(world.url) as service:
        await operator_hook(service, receiver)
        async with at_work(service):

            async def told() -> bool:
                return "partition_runway" in {
                    content["failure"]["kind"] for content in receiver.contents
                }

            await eventually(told)
    assert {content["project"]["name"] for content in receiver.contents} == {"MeshHook"}
    assert "maintenance_broken" not in {
        content["failure"]["kind"] for content in receiver.contents
    }  # pg_cron was never used here


def test_doctor_says_that_nobody_hears_of_platform_failures_and_platform_set_mends_it(
    line_url: str,
) -> None:
    env = complete(line_url, MESHHOOK_ALERTS_SMTP_URL="smtp+plain://127.0.0.1:9")
    before = invoke("doctor", env=env).said
    assert "operator: nobody is told of failures of the platform" in before
    done = invoke("platform", "set", "--email", "ops@example.com", env=env)
    assert done.code == 0, done.err
    assert "ops@example.com" in invoke("platform", "show", env=env).said
    assert "operator: told by" in invoke("doctor", env=env).said


def test_one_variable_is_enough(line_url: str) -> None:
    env = environment(DATABASE_URL=line_url, MESHHOOK_ALERTS_OPERATOR_EMAIL="ops@example.com")
    assert "operator: told by MESHHOOK_ALERTS_OPERATOR_EMAIL" in invoke("doctor", env=env).said
    bad = environment(DATABASE_URL=line_url, MESHHOOK_ALERTS_OPERATOR_EMAIL="ops")
    found = invoke("worker", env=bad)
    assert found.code != 0
    assert "MESHHOOK_ALERTS_OPERATOR_EMAIL" in found.said + found.err


async def test_what_was_set_by_hand_stays_when_a_worker_starts_and_the_variable_goes_with_it(
    world: World,
) -> None:
    async def told(**settings: str) -> dict[str, bool]:
        async with a_service(world.url, **settings) as service:
            await service.set_up_operator()
            return {each.name: each.enabled for each in await service.operator.channels()}

    async with a_service(world.url) as service:
        await service.operator.mail_to("by-hand@example.com")
    assert await told() == {"operator e-mail": True}
    both = await told(operator_email="variable@example.com")
    assert both == {"operator e-mail": True, "operator e-mail, from the environment": True}
    after = await told()
    assert after == {"operator e-mail": True, "operator e-mail, from the environment": False}


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ((), "say whom to tell"),
        (("--email", "ops"), "/channels"),
        (("--file", "/no/such/file"), "No such file"),
    ],
)
def test_bad_words_are_refused(line_url: str, arguments: tuple[str, ...], complaint: str) -> None:
    ended = invoke("platform", "set", *arguments, env=complete(line_url))
    assert ended.code != 0
    assert complaint in ended.said
