"""The line, end to end: a failed run reaches a person."""

from __future__ import annotations

import asyncio

from tests.line import Receiver, World, a_service, at_work, eventually


async def delivered(world: World, number: int) -> None:
    """Waits until so many notifications have been delivered."""

    async def check() -> bool:
        count = await world.value(
            "select count(*) from public.alert_notifications where state = 'delivered'"
        )
        return bool(count >= number)

    await eventually(check)


async def test_a_failed_run_becomes_a_signed_webhook_with_node_and_error(
    world: World, receiver: Receiver
) -> None:
    async with a_service(world.url) as service:
        await world.hook(service, receiver)
        async with at_work(service):
            run_id = await world.fail(error="Error: HTTP 503")
            await delivered(world, 1)
    assert receiver.unsigned == 0
    (content,) = receiver.contents
    assert content["headline"] == "orders › http_call: Error: HTTP 503"
    assert content["node"] == {"id": "http_call", "type": "http_call"}
    assert content["workflow"] == {"slug": "orders", "name": "Orders", "version": 3}
    assert content["failure"]["kind"] == "retries_exhausted"
    assert content["failure"]["attempts"] == 5
    assert content["run"]["id"] == str(run_id)
    assert content["links"]["alert"].startswith("https://alerts.example/alerts/a/")
    ledger = await world.rows(
        "select effect, reason, count, rule, channel from public.alert_logs order by id"
    )
    assert [tuple(row.values()) for row in ledger] == [
        ("told", "first_failure", 1, "Every run that cannot complete", "hook"),
        ("outcome", "delivered", 0, None, "hook"),
    ]


async def test_attempts_that_will_be_retried_are_no_failure(
    world: World, receiver: Receiver
) -> None:
    async with a_service(world.url) as service:
        await world.hook(service, receiver)
        for attempt in (1, 2, 3, 4):
            await world.fail(attempt=attempt)
        async with at_work(service):
            await world.fail(slug="invoices")
            await delivered(world, 1)
    assert await world.value("select count(*) from public.alert_failures") == 1
    assert await world.value("select count(*) from meshhook_alerts.signals") == 0


async def test_a_hundred_failures_of_one_trouble_are_one_message_and_a_count(
    world: World, receiver: Receiver
) -> None:
    async with a_service(world.url) as service:
        await world.hook(service, receiver)
        async with at_work(service):
            await world.fail()
            await delivered(world, 1)
            await asyncio.gather(*(world.fail() for _ in range(30)))

            async def counted() -> bool:
                return bool(await world.value("select sum(count) = 31 from public.alerts"))

            await eventually(counted)
    assert len(receiver.requests) == 1
    folded = "select sum(count) from public.alert_logs where reason = 'cooldown'"
    assert await world.value(folded) == 30
    unanswered = """
        select count(*) from public.alert_failures failure
        where not exists (select 1 from public.alert_logs log where log.fold_id = failure.fold_id)"""
    assert await world.value(unanswered) == 0


async def test_after_the_cooldown_the_next_message_says_how_many_came(
    world: World, receiver: Receiver
) -> None:
    async with a_service(world.url) as service:
        await world.hook(service, receiver, cooldown_seconds=2)
        async with at_work(service):
            await world.fail()
            await delivered(world, 1)
            await world.fail()
            await world.fail()
            await delivered(world, 2)
            await asyncio.sleep(2.5)
            await world.fail()
            await delivered(world, 3)
    assert [content["alert"]["new_failures"] for content in receiver.contents] == [1, 2, 1]
    types = [content["type"] for content in receiver.contents]
    assert types == ["alert.firing", "alert.update", "alert.still_failing"]


async def test_a_run_that_goes_silent_is_found_without_a_trigger(
    world: World, receiver: Receiver
) -> None:
    async with a_service(world.url) as service:
        await world.hook(service, receiver)
        run_id = await world.start_run()
        await world.execute(
            "update public.workflow_runs set started_at = now() - interval '1 hour'"
        )
        await world.event(run_id, "step_started", node={"id": "transform", "type": "transform"})
        await world.execute("update public.workflow_events set ts = now() - interval '6 minutes'")
        fresh = await world.start_run("invoices")
        await world.event(fresh, "step_started", node={"id": "transform", "type": "transform"})
        async with at_work(service):
            await delivered(world, 1)
            await asyncio.sleep(1)
    (content,) = receiver.contents
    assert content["failure"]["kind"] == "step_no_outcome"
    assert content["node"]["id"] == "transform"


async def test_what_trigger_and_sweep_both_see_is_one_failure(
    world: World, receiver: Receiver
) -> None:
    async with a_service(world.url) as service:
        await world.hook(service, receiver)
        await world.fail()
        await world.execute(
            "update public.workflow_runs set started_at = now() - interval '1 hour'"
        )
        async with at_work(service):
            await delivered(world, 1)
            # The event is old now, and the run still open: the sweep looks at it again and again.
            await world.execute(
                "update public.alert_settings set document = document || '{\"stall_after_seconds\": 10}'"
            )
            await asyncio.sleep(1)
    assert await world.value("select count(*) from public.alert_failures") == 1


async def test_a_missed_trigger_is_made_good_by_the_sweep(world: World, receiver: Receiver) -> None:
    await world.execute("alter table public.workflow_events disable trigger all")
    async with a_service(world.url) as service:
        await world.hook(service, receiver)
        await world.fail(error="Error: HTTP 500")
        await world.execute(
            "update public.workflow_runs set started_at = now() - interval '1 hour'"
        )
        await world.execute("update public.workflow_events set ts = now() - interval '10 minutes'")
        async with at_work(service):
            await delivered(world, 1)
    assert receiver.contents[0]["failure"]["kind"] == "retries_exhausted"


async def test_status_failed_and_dead_letters_are_seen_in_one_row(
    world: World, receiver: Receiver
) -> None:
    async with a_service(world.url) as service:
        await world.hook(service, receiver)
        async with at_work(service):
            failed = await world.start_run("invoices")
            await world.execute(
                "update public.workflow_runs set status = 'failed' where id = %s", failed
            )
            dead = await world.start_run("reports")
            await world.execute(
                "insert into public.job_tracking (msg_id, run_id, queue_name, attempt, max_attempts)"
                " values (1, %s, 'workflow_jobs', 3, 3)", dead,
            )  # fmt: skip
            await world.execute(
                "update public.job_tracking set moved_to_dlq_at = now(), error_message = 'Error: boom'"
            )
            await delivered(world, 2)
    kinds = {content["failure"]["kind"]: content for content in receiver.contents}
    assert set(kinds) == {"run_failed", "dead_letter"}
    assert kinds["dead_letter"]["failure"]["error"] == "Error: boom"


async def test_a_receiver_that_fails_is_tried_again_with_the_same_id_and_body(
    world: World, receiver: Receiver
) -> None:
    receiver.answers = [503, 429]
    async with a_service(world.url) as service:
        await world.hook(service, receiver)
        async with at_work(service):
            await world.fail()

            async def first_try_recorded() -> bool:
                return bool(await world.value("select count(*) = 1 from public.alert_attempts"))

            await eventually(first_try_recorded)
            assert await world.value(
                "select next_attempt_at > now() from public.alert_notifications"
            )
            for tries in (2, 3):
                await world.execute("update pgmq.q_meshhook_alerts set vt = now()")

                async def tried(tries: int = tries) -> bool:
                    return bool(
                        await world.value("select count(*) >= %s from public.alert_attempts", tries)
                    )

                await eventually(tried)
            await delivered(world, 1)
    assert len(receiver.requests) == 3
    assert len(set(receiver.requests)) == 1
    outcomes = await world.rows("select outcome, detail from public.alert_attempts order by number")
    assert [row["outcome"] for row in outcomes] == ["try_again", "try_again", "delivered"]
    assert "503" in outcomes[0]["detail"]


async def test_a_receiver_that_refuses_ends_it_with_a_reason(
    world: World, receiver: Receiver
) -> None:
    receiver.answers = [401]
    async with a_service(world.url) as service:
        await world.hook(service, receiver)
        async with at_work(service):
            await world.fail()

            async def ended() -> bool:
                return bool(
                    await world.value(
                        "select count(*) = 1 from public.alert_logs where reason = 'rejected'"
                    )
                )

            await eventually(ended)
    assert await world.value("select count(*) from pgmq.a_meshhook_alerts") == 1
    assert await world.value("select count(*) from pgmq.q_meshhook_alerts") == 0
