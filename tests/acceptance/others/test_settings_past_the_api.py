"""Settings that a tenant writes or shapes to harm others harm nobody."""

from __future__ import annotations

import asyncio
import json
import time
from uuid import uuid4

import psycopg
import pytest

from meshhook_alerts.application.problems import InvalidRequest
from tests.databases import as_role, connect
from tests.line import Receiver, World, a_service, at_work, eventually, open_world

pytestmark = pytest.mark.postgres

CALL = {"id": "http_call", "type": "http_call"}
DOCUMENTS = [
    '{"stall_after_seconds": 1e300}',
    '{"stall_after_seconds": 1e12}',
    '{"stall_after_seconds": 1e400}',
    '{"stall_after_seconds": "soon"}',
    '{"grace_seconds": -1e13, "deadline_seconds": 1e300, "poison_reads": 1e30}',
    '{"detect": "everything", "expected": 5, "failure_rate": [1], "consecutive": 1e99}',
    "[1, 2]",
    '"text"',
    "null",
]


async def silent_run(world: World) -> None:
    """One that went silent long ago."""
    run_id = await world.start_run()
    await world.event(run_id, "step_started", node=CALL)
    await world.execute(
        "update public.workflow_events set ts = ts - interval '2 h' where run_id = %s", run_id
    )


async def is_told(receiver: Receiver, number: int = 1, within: float = 20) -> None:
    async def enough() -> bool:
        return len(receiver.requests) >= number

    await eventually(enough, within)


@pytest.mark.parametrize("document", DOCUMENTS)
async def test_a_document_that_is_there_however_it_came_stops_no_sweep(
    world: World, receiver: Receiver, document: str
) -> None:
    other = await open_world(world.url)
    await world.execute(
        "insert into public.alert_settings (project_id, document) values (%s, %s::jsonb)",
        other.project_id, document,
    )  # fmt: skip
    await silent_run(other)
    async with a_service(world.url) as service:
        await world.hook(service, receiver)
        await silent_run(world)
        async with at_work(service):
            await is_told(receiver)
    troubled = await world.rows(
        "select name, trouble from meshhook_alerts.sweeps where failures > 0"
    )
    assert troubled == []


@pytest.mark.parametrize("table", ["alert_settings", "alert_channels"])
@pytest.mark.parametrize("role", ["authenticated", "service_role"])
@pytest.mark.parametrize("statement", ["insert", "update", "delete"])
async def test_settings_cannot_be_written_past_the_api(
    world: World, receiver: Receiver, table: str, role: str, statement: str
) -> None:
    async with a_service(world.url) as service:
        await world.hook(service, receiver)
    text = {
        "insert": {
            "alert_settings": "insert into public.alert_settings (project_id, workflow, document)"
            f" values ('{world.project_id}', 'x', '{{}}')",
            "alert_channels": "insert into public.alert_channels (project_id, name, kind)"
            f" values ('{world.project_id}', 'x', 'webhook')",
        },
        "update": {
            "alert_settings": "update public.alert_settings set document = '5'",
            "alert_channels": "update public.alert_channels set config = '5'",
        },
        "delete": {
            each: f"delete from public.{each}" for each in ("alert_settings", "alert_channels")
        },
    }[statement][table]
    claims = json.dumps({"sub": str(world.owner), "role": role})
    async with as_role(world.url, role, claims) as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await connection.execute(text.encode())


def rules(number: int, patterns: int, channels: int = 0) -> list[dict[str, object]]:
    """Rules that agree with nothing, at the price of looking at each pattern."""
    return [
        {
            "name": f"r{rule}",
            "when": {"workflows": [f"*{rule:x}*{each:x}*?*" for each in range(patterns)]},
            "channels": [f"c{each}" for each in range(channels)],
        }
        for rule in range(number)
    ]


async def test_more_patterns_than_can_be_looked_at_are_refused(world: World) -> None:
    async with a_service(world.url) as service:
        with pytest.raises(InvalidRequest) as refused:
            await world.configure(service, rules=rules(1000, 100))
    assert "/rules" in {each.pointer for each in refused.value.fields}
    assert "patterns" in refused.value.fields[0].message


async def test_more_messages_for_one_failure_than_anybody_wants_are_refused(world: World) -> None:
    hooks = [
        {"name": f"c{each}", "kind": "webhook",
         "config": {"url": f"http://127.0.0.1:9999/{each}", "secret": "whsec_" + "A" * 43 + "="}}
        for each in range(100)
    ]  # fmt: skip
    async with a_service(world.url) as service:
        await world.configure(service, channels=hooks)
        with pytest.raises(InvalidRequest) as refused:
            await world.configure(service, rules=[{"name": f"r{each}"} for each in range(1000)])
        assert "/rules" in {each.pointer for each in refused.value.fields}
        # Each document is small enough; together they are not.
        await world.configure(service, rules=[{"name": f"r{each}"} for each in range(10)])
        with pytest.raises(InvalidRequest):
            await world.configure(
                service, workflow="orders", rules=[{"name": f"w{each}"} for each in range(995)]
            )


async def test_a_document_that_is_too_large_all_the_same_holds_up_nobody(
    world: World, receiver: Receiver
) -> None:
    """As one saved by an earlier version, or put there by hand."""
    other = await open_world(world.url)
    await world.execute(
        "insert into public.alert_settings (project_id, document) values (%s, %s::jsonb)",
        other.project_id, json.dumps({"rules": rules(1000, 100)}),
    )  # fmt: skip
    async with a_service(world.url) as service:
        await world.hook(service, receiver)
        async with at_work(service):
            await world.fail(node="warm")
            await is_told(receiver)
            for each in range(10):
                await other.fail(node=f"n{each}", error=f"Error: {uuid4()}")
            await world.fail(node="timed")
            started, longest, told_after = time.monotonic(), 0.0, None
            while await others_wait(other) or told_after is None:
                before = time.monotonic()
                await asyncio.sleep(0.01)
                longest = max(longest, time.monotonic() - before)
                if told_after is None and len(receiver.requests) >= 2:
                    told_after = time.monotonic() - started
                assert time.monotonic() - started < 15
    assert longest < 0.5, "the loop of the whole process was held"
    assert told_after < 2
    assert await world.value(
        "select count(*) from public.alert_logs where project_id = %s and reason = 'too_many_rules'",
        other.project_id,
    )


async def others_wait(other: World) -> bool:
    """Whether the other's failures are still to be decided on."""
    return bool(
        await other.value(
            "select count(*) < 10 from public.alert_failures where project_id = %s",
            other.project_id,
        )
    )


async def test_a_hundred_thousand_ledger_rows_do_not_follow_one_failure(
    world: World, receiver: Receiver
) -> None:
    other = await open_world(world.url)
    await world.execute(
        "insert into public.alert_settings (project_id, document) values (%s, %s::jsonb)",
        other.project_id, json.dumps({"rules": [{"name": f"r{each}"} for each in range(1000)]}),
    )  # fmt: skip
    async with await connect(world.url) as connection:
        for each in range(100):
            await connection.execute(
                "insert into public.alert_channels (project_id, name, kind, config)"
                " values (%s, %s, 'webhook', '{}')",
                (other.project_id, f"c{each}"),
            )
    async with a_service(world.url) as service:
        await world.hook(service, receiver)
        async with at_work(service):
            await other.fail()
            await world.fail()
            await is_told(receiver)

            async def decided() -> bool:
                return bool(
                    await world.value(
                        "select count(distinct project_id) = 2 from public.alert_failures"
                    )
                )

            await eventually(decided)
    rows = await world.value(
        "select count(*) from public.alert_logs where project_id = %s", other.project_id
    )
    assert 0 < rows <= 10_000
    # It is said that not all of it was looked at.
    assert await world.value(
        "select count(*) from public.alert_logs where project_id = %s and reason = 'too_many_rules'",
        other.project_id,
    )
