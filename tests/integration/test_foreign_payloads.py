"""Events as nobody promised they would not be: nothing is lost, and nothing stops the worker."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from tests.line import Receiver, World, a_service, at_work, eventually

pytestmark = pytest.mark.postgres

NODE = {"id": "http_call", "type": "http_call"}
DEEP = '{"deeper":[' * 1500 + "]}" * 1500
ESCAPES = "\\u0001\\u001b[31m\\u0085\\u2028\\u202e\\u2066\\u200f\\ufeff"
SECRET = "sk_live_4eC39HqLyjWDarjtT1zdp7dc"

TOLD_AT_ONCE: dict[str, Any] = {
    "attempt 1e30": {"node": NODE, "attempt": 1e30, "error": "Error: a"},
    "attempt of 300 digits": {"node": NODE, "attempt": int("9" * 300), "error": "Error: b"},
    "attempt as a text": {"node": NODE, "attempt": "5", "error": "Error: c"},
    "error an object": {"node": NODE, "attempt": 5, "error": {"message": "d", "token": SECRET}},
    "error a number": {"node": NODE, "attempt": 5, "error": 12345678901234567890},
    "error null": {"node": NODE, "attempt": 5, "error": None},
    "error missing": {"node": NODE, "attempt": 5},
    "error of 1 MB": {"node": NODE, "attempt": 5, "error": f"token={SECRET} " + "x" * 2**20},
    "node missing": {"attempt": 5, "error": "Error: e"},
    "node a text": {"node": "http", "attempt": 5, "error": "Error: f"},
    "node an array": {"node": [1, 2], "attempt": 5, "error": "Error: g"},
    "node id an object": {"node": {"id": {"a": "b" * 5000}, "type": 7}, "attempt": 5, "error": "h"},
    "node id a secret": {"node": {"id": f"Bearer {SECRET}", "type": SECRET}, "attempt": 5, "error": "i"},
    "node id of 1 MB": {"node": {"id": "n" * 2**20, "type": "t" * 2**20}, "attempt": 5, "error": "j"},
}  # fmt: skip
FOUND_LATER: dict[str, Any] = {
    "attempt negative": {"node": NODE, "attempt": -1},
    "attempt an array": {"node": NODE, "attempt": [5]},
    "attempt a word": {"node": NODE, "attempt": "fifth"},
    "attempt missing": {"node": NODE, "error": "Error: k"},
    "payload a text": "step failed",
    "payload a number": 5,
    "payload null": None,
    "payload an array": [{"node": NODE, "attempt": 5}],
    "payload empty": {},
}
RAW = {
    "error nested deeply": f'{{"attempt": 5, "error": {DEEP}}}',
    "payload nested deeply": f'{{"attempt": 5, "node": {{"id": {DEEP}}}}}',
    "control characters": f'{{"node": {{"id": "a{ESCAPES}b", "type": "{ESCAPES}"}},'
    f' "attempt": 5, "error": "x{ESCAPES}y\\r\\nSubject: z"}}',
    "a pair of surrogates": '{"attempt": 5, "error": "\\ud83d\\ude00 Error"}',
}


async def happened(world: World, type_: str, payload: str, ago: str = "0 s") -> UUID:
    run_id = await world.start_run()
    await world.execute(
        "insert into public.workflow_events (run_id, type, payload, ts)"
        " values (%s, %s, %s::jsonb, now() - %s::interval)",
        run_id, type_, payload, ago,
    )  # fmt: skip
    return run_id


def texts(value: Any) -> Iterator[str]:
    """Every text in a row or message, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from (key, *texts(each))
    elif isinstance(value, list):
        for each in value:
            yield from texts(each)


def assert_fit_to_read(where: str, value: Any) -> None:
    for text in texts(value):
        assert len(text) <= 1000, f"{where}: {len(text)} characters"
        assert SECRET not in text, where
        bad = [c for c in text if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")]
        assert set(bad) <= {"\n", "\t"}, f"{where}: {bad!r} in {text[:80]!r}"


TABLES = ("alerts", "alert_folds", "alert_failures", "alert_logs", "alert_notifications")


async def test_whatever_an_event_holds_is_told_short_clean_and_redacted(
    world: World, receiver: Receiver
) -> None:
    later = {await happened(world, "step_failed", json.dumps(each), "10 minutes")
             for each in FOUND_LATER.values()}  # fmt: skip
    at_once = {
        await happened(world, "step_failed", json.dumps(each)) for each in TOLD_AT_ONCE.values()
    }
    at_once |= {await happened(world, "step_failed", each) for each in RAW.values()}
    other = await happened(world, f"a{'b' * 3000}", json.dumps({"error": SECRET}), "10 minutes")
    async with a_service(world.url) as service:
        await world.hook(service, receiver)
        async with at_work(service):
            expected = at_once | later | {other}

            async def all_recorded() -> bool:
                rows = await world.rows("select run_id from public.alert_failures")
                return {row["run_id"] for row in rows} == expected

            async def all_sent() -> bool:
                return bool(await world.value(
                    "select bool_and(state = 'delivered') from public.alert_notifications"))  # fmt: skip

            await eventually(all_recorded)
            await eventually(all_sent)
    for content in receiver.contents:
        assert_fit_to_read("a message", content)
        assert "\n" not in content["headline"]
    for table in TABLES:
        for row in await world.rows(f"select to_jsonb(t) as row from public.{table} t"):
            assert_fit_to_read(table, row["row"])
    kinds = await world.rows(
        "select kind, sum(count)::int as n from public.alert_folds group by 1 order by 1"
    )
    assert {row["kind"]: row["n"] for row in kinds} == {
        "retries_exhausted": len(at_once), "stalled": len(later) + 1, "unknown_event": 1,
    }  # fmt: skip


@pytest.mark.parametrize("half", ['"\\ud800"', '"\\udc00 x"', '"\\u0000"'])
async def test_what_the_database_refuses_it_refuses_to_meshhook_too(
    world: World, half: str
) -> None:
    run_id = await world.start_run()
    with pytest.raises(Exception, match="Unicode"):
        await world.execute(
            "insert into public.workflow_events (run_id, type, payload) values (%s, 'step_failed', %s::jsonb)",
            run_id, f'{{"attempt": 5, "error": {half}}}',
        )  # fmt: skip
    assert await world.value("select count(*) from meshhook_alerts.signals") == 0


async def test_odd_error_texts_and_slugs_elsewhere_pass_the_same_gate(
    world: World, receiver: Receiver
) -> None:
    odd = f"odd\u202e\x1b[31m\n{'s' * 300}"
    await world.execute(
        "update public.workflow_definitions set slug = slug || %s, name = %s", odd, odd
    )
    await world.execute("update public.projects set name = %s", odd)
    async with a_service(world.url) as service:
        await world.hook(service, receiver)
        run_id = await world.start_run()
        await world.execute(
            "insert into public.job_tracking (msg_id, run_id, queue_name) values (1, %s, 'q')",
            run_id,
        )
        await world.execute(
            "update public.job_tracking set moved_to_dlq_at = now(), error_message = %s",
            f"password={SECRET}\x07 " + "z" * 9000,
        )
        async with at_work(service):

            async def sent() -> bool:
                return len(receiver.requests) == 1

            await eventually(sent)
    assert_fit_to_read("a message", receiver.contents)
    for table in TABLES:
        for row in await world.rows(f"select to_jsonb(t) as row from public.{table} t"):
            assert_fit_to_read(table, row["row"])
