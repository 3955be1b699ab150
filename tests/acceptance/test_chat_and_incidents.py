"""The whole line to a chat and to an incident tool: one thread, one incident, from the first failure to the end."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest

from meshhook_alerts.application.acts import AcknowledgeRequest
from meshhook_alerts.domain.life import ActKind
from tests.contract import harness_pagerduty, harness_slack_bot
from tests.line import World, a_service, at_rest, at_work, eventually

pytestmark = pytest.mark.postgres


async def recover(world: World) -> None:
    """A run of the workflow ends clean."""
    run_id = await world.start_run()
    await world.event(run_id, "run_completed")
    await world.execute(
        "update public.workflow_runs set status = 'succeeded', finished_at = now() where id = %s",
        run_id,
    )


async def test_one_thread_and_one_incident_from_the_first_failure_to_the_end(world: World) -> None:
    async with (
        harness_slack_bot.open_harness() as slack,
        harness_pagerduty.open_harness() as pagerduty,
        a_service(world.url) as service,
    ):
        channels = [
            {"name": "chat", "kind": "slack_bot", "config": slack.config},
            {"name": "pager", "kind": "pagerduty", "config": pagerduty.config},
        ]
        await world.configure(service, channels=channels, reminders_seconds=[])

        async def states(*expected: str) -> None:
            async def check() -> bool:
                return tuple(pagerduty.incidents.values()) == expected

            await eventually(check)

        async with at_work(service):
            await world.fail()
            await states("trigger")
            await at_rest(world)
            alert_id: UUID = await world.value("select id from public.alerts")
            await service.acts(ActKind.ACKNOWLEDGE, [alert_id], AcknowledgeRequest(), world.caller)
            await states("acknowledge")
            await at_rest(world)
            await asyncio.sleep(1.1)
            await recover(world)
            await states("resolve")
            await eventually(lambda: _length(slack, 3))
    assert list(pagerduty.incidents) == [str(alert_id)]
    first, reply, update = [each.json for each in slack.requests]
    assert "thread_ts" not in first
    assert reply["thread_ts"] == update["ts"] == slack.messages[0]
    ledger = await world.rows(
        "select reason, channel from public.alert_logs where effect = 'told' order by id"
    )
    assert [(row["reason"], row["channel"]) for row in ledger if row["channel"] == "pager"] == [
        ("first_failure", "pager"),
        ("taken", "pager"),
        ("recovered", "pager"),
    ]


async def _length(slack: harness_slack_bot.SlackApi, number: int) -> bool:
    return len(slack.requests) == number
