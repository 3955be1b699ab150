"""Each plot leaves in the tables what MeshHook leaves, and nothing else."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from meshhook_alerts.demo.meshhook import (
    SAMPLE_WORKFLOWS,
    NodeIds,
    Plot,
    SampleEngine,
    install_meshhook,
    shared,
)

pytestmark = pytest.mark.postgres

Connection = psycopg.AsyncConnection[tuple[Any, ...]]

ACCEPTED = ["run_created"]
MAPPED = [*ACCEPTED, "step_started mapLead", "step_succeeded mapLead"]
HANDED_OVER = [*MAPPED, "step_started createContact"]
BOOKED = ["http_attempted createContact 200", "step_succeeded createContact"]
CLOSED = ["step_started terminate", "run_completed"]


def answered(status: int, attempts: int = 5) -> list[str]:
    return [
        event
        for attempt in range(1, attempts + 1)
        for event in (
            f"http_attempted createContact {status}",
            f"step_failed createContact {attempt}",
        )
    ]


UNANSWERED = [f"step_failed createContact {attempt}" for attempt in range(1, 6)]

EVENTS = {
    Plot.SUCCEEDS: [*HANDED_OVER, *BOOKED, *CLOSED],
    Plot.RETRIES_THEN_SUCCEEDS: [*HANDED_OVER, *answered(503, 2), *BOOKED, *CLOSED],
    Plot.SERVER_ERROR: [*HANDED_OVER, *answered(503)],
    Plot.CLIENT_ERROR: [*HANDED_OVER, *answered(404)],
    Plot.UNAUTHORIZED: [*HANDED_OVER, *answered(401)],
    Plot.CONNECTION_REFUSED: [*HANDED_OVER, *UNANSWERED],
    Plot.DNS_FAILURE: [*HANDED_OVER, *UNANSWERED],
    Plot.TIMEOUT: [*HANDED_OVER, *UNANSWERED],
    Plot.CERTIFICATE: [*HANDED_OVER, *UNANSWERED],
    Plot.UNSTORABLE_RESPONSE: [*HANDED_OVER, *answered(200)],
    Plot.SECRET_IN_ERROR: [*HANDED_OVER, *UNANSWERED],
    Plot.NEVER_STARTED: ACCEPTED,
    Plot.WORKER_DIES: HANDED_OVER,
    Plot.NOT_ADVANCED: MAPPED,
    Plot.NO_EVENTS: [],
    Plot.DEAD_LETTERED: ACCEPTED,
    Plot.MARKED_FAILED: MAPPED,
}
ERRORS = {
    Plot.CLIENT_ERROR: "Error: HTTP 404",
    Plot.UNAUTHORIZED: "Error: HTTP 401",
    Plot.CONNECTION_REFUSED: "Error: connect ECONNREFUSED 192.0.2.",
    Plot.DNS_FAILURE: "Error: getaddrinfo ENOTFOUND warehouse.example",
    Plot.TIMEOUT: "HeadersTimeoutError: Headers Timeout Error",
    Plot.CERTIFICATE: "Error: self-signed certificate",
    Plot.UNSTORABLE_RESPONSE: "error: unsupported Unicode escape sequence",
    Plot.SECRET_IN_ERROR: "Error: request to https://",
}
RETRIED = "Error: HTTP 503"
STATUSES = {
    Plot.SUCCEEDS: ("succeeded", True),
    Plot.RETRIES_THEN_SUCCEEDS: ("succeeded", True),
    Plot.MARKED_FAILED: ("failed", False),
}


@pytest.fixture
async def meshhook_conn(database_url: str) -> AsyncIterator[Connection]:
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as conn:
        await install_meshhook(conn)
        yield conn


@pytest.fixture
async def engine(meshhook_conn: Connection) -> SampleEngine:
    made = SampleEngine(shared(meshhook_conn), time_scale=0, rng=random.Random(7))
    await made.seed("Shop", uuid4(), SAMPLE_WORKFLOWS)
    return made


async def rows(conn: Connection, query: str, *values: object) -> list[Any]:
    """The rows of an answer; of those with one column, the bare values."""
    found = await (await conn.execute(query.encode(), values or None)).fetchall()
    return [row[0] if len(row) == 1 else row for row in found]


async def events_of(conn: Connection, run_id: UUID) -> list[str]:
    return await rows(
        conn,
        "select concat_ws(' ', type, payload #>> '{node,id}',"
        " coalesce(payload ->> 'attempt', payload ->> 'status'))"
        " from workflow_events where run_id = %s order by ts, id",
        run_id,
    )


@pytest.mark.parametrize("plot", Plot)
async def test_a_plot_leaves_its_events_errors_and_status(
    meshhook_conn: Connection, engine: SampleEngine, plot: Plot
) -> None:
    run_id = await engine.run("order-intake", plot)
    assert await events_of(meshhook_conn, run_id) == EVENTS[plot]
    errors = await rows(meshhook_conn, "select payload ->> 'error' from workflow_events")
    assert all(each.startswith(ERRORS.get(plot, RETRIED)) for each in errors if each)
    state = await rows(meshhook_conn, "select status, finished_at is not null from workflow_runs")
    assert state == [STATUSES.get(plot, ("running", False))]


async def test_the_first_event_holds_all_that_the_sender_sent(
    meshhook_conn: Connection, engine: SampleEngine
) -> None:
    await engine.intake("crm-contacts")
    (payload,) = await rows(meshhook_conn, "select payload from workflow_events")
    assert {"authorization", "cookie", "x-signature"} <= payload["headers"].keys()
    assert payload["headers"].keys() == {name.lower() for name in payload["headers"]}
    assert "@customers.example" in payload["body"]


async def test_an_unknown_slug_leaves_nothing(
    meshhook_conn: Connection, engine: SampleEngine
) -> None:
    with pytest.raises(LookupError):
        await engine.intake("no-such-workflow")
    assert await rows(meshhook_conn, "select id from workflow_runs") == []


async def test_a_run_and_its_first_event_are_two_commits(
    meshhook_conn: Connection, engine: SampleEngine
) -> None:
    await engine.intake("order-intake")
    query = "select r.xmin::text, e.xmin::text from workflow_runs r, workflow_events e"
    ((run, event),) = await rows(meshhook_conn, query)
    assert run != event


@pytest.mark.parametrize(
    ("slug", "reason", "at_once"),
    [("invoice-sync", None, True), ("order-intake", "terminated", False)],
)
async def test_only_the_orchestrator_closes_a_run_in_one_commit(
    meshhook_conn: Connection, engine: SampleEngine, slug: str, reason: str | None, at_once: bool
) -> None:
    await engine.run(slug, Plot.SUCCEEDS)
    query = (
        "select e.payload ->> 'reason', e.xmin::text = r.xmin::text"
        " from workflow_events e join workflow_runs r on r.id = e.run_id"
        " where e.type = 'run_completed'"
    )
    assert await rows(meshhook_conn, query) == [(reason, at_once)]


async def test_a_later_engine_names_the_definitions_nodes(meshhook_conn: Connection) -> None:
    engine = SampleEngine(shared(meshhook_conn), time_scale=0, node_ids=NodeIds.DEFINITION)
    await engine.seed("Shop", uuid4(), SAMPLE_WORKFLOWS)
    await engine.run("crm-contacts", Plot.SUCCEEDS)
    query = "select payload -> 'node' from workflow_events where type = 'step_started' order by id"
    assert await rows(meshhook_conn, query) == [
        {"id": "to-contact", "type": "transform"},
        {"id": "create-contact", "type": "http_call"},
        {"id": "greet-contact", "type": "http_call"},
        {"id": "end", "type": "terminate"},
    ]


async def test_a_dead_letter_leaves_the_trace_of_the_queue_library(
    meshhook_conn: Connection, engine: SampleEngine
) -> None:
    run_id = await engine.run("order-intake", Plot.DEAD_LETTERED)
    tracked = await rows(
        meshhook_conn,
        "select attempt, max_attempts, started_at is not null, moved_to_dlq_at is not null,"
        " error_message, completed_at, failed_at from job_tracking order by msg_id",
    )
    open_rows = [(attempt, 5, True, False, None, None, None) for attempt in (1, 2)]
    assert tracked == [*open_rows, (3, 5, True, True, "HTTP 503", None, None)]
    assert await rows(meshhook_conn, "select msg_id from pgmq.q_workflow_jobs") == []
    archived = "select read_ct, (message ->> 'attempt')::int from pgmq.a_workflow_jobs order by 2"
    assert await rows(meshhook_conn, archived) == [(1, 1), (1, 2), (1, 3)]
    (letter,) = await rows(meshhook_conn, "select message from pgmq.q_workflow_jobs_dlq")
    assert letter["run_id"] == str(run_id)
    assert (letter["original_msg_id"], letter["error_message"]) == (3, "HTTP 503")


async def test_without_the_queue_only_the_tracking_tells(database_url: str) -> None:
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as conn:
        await install_meshhook(conn, with_pgmq=False)
        engine = SampleEngine(shared(conn), time_scale=0)
        await engine.seed("Shop", uuid4(), SAMPLE_WORKFLOWS)
        await engine.run("order-intake", Plot.DEAD_LETTERED)
        moved = "select count(*), count(moved_to_dlq_at) from job_tracking"
        assert await rows(conn, moved) == [(3, 1)]


async def test_seeding_again_finds_what_is_there(
    meshhook_conn: Connection, engine: SampleEngine
) -> None:
    owner = uuid4()
    first = await engine.seed("Second shop", owner, SAMPLE_WORKFLOWS[:2])
    again = await engine.seed("Second shop", owner, SAMPLE_WORKFLOWS)
    assert again.id == first.id
    assert first.workflow_ids.items() <= again.workflow_ids.items()
    assert len(again.workflow_ids) == len(SAMPLE_WORKFLOWS)
    statuses = "select distinct status from workflow_definitions"
    assert await rows(meshhook_conn, statuses) == ["published"]
