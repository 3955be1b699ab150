"""The sample engine's parts that need no database."""

from __future__ import annotations

import asyncio
import random
from contextlib import AbstractAsyncContextManager
from itertools import islice
from typing import Any
from uuid import UUID

import psycopg
import pytest

from meshhook_alerts.demo.meshhook import (
    SAMPLE_WORKFLOWS,
    NodeIds,
    Plot,
    SampleEngine,
    SampleNode,
    SampleWorkflow,
    Traffic,
)
from meshhook_alerts.demo.meshhook.calls import calls_of
from meshhook_alerts.demo.meshhook.pace import Pace
from meshhook_alerts.demo.meshhook.requests import made_up_request
from meshhook_alerts.demo.meshhook.steps import steps_of


def no_connection() -> AbstractAsyncContextManager[psycopg.AsyncConnection[Any]]:
    raise AssertionError("no statement is expected")


class Listener(SampleEngine):
    """Notes the runs it is asked for and plays none."""

    def __init__(self) -> None:
        super().__init__(no_connection)
        self.asked: list[tuple[str, Plot]] = []

    async def run(self, slug: str, plot: Plot) -> UUID:
        self.asked.append((slug, plot))
        return UUID(int=len(self.asked))


async def asked_of(seed: int) -> list[tuple[str, Plot]]:
    engine = Listener()
    traffic = Traffic(engine, ["a", "b"], pace=5000, seed=seed)
    stop = asyncio.Event()
    playing = asyncio.create_task(traffic.play(stop))
    while len(engine.asked) < 50:
        await asyncio.sleep(0)
    stop.set()
    await playing
    return engine.asked[:50]


async def test_the_same_seed_plays_the_same_runs() -> None:
    assert await asked_of(1) == await asked_of(1)
    assert await asked_of(1) != await asked_of(2)


async def test_traffic_that_cannot_go_on_says_so() -> None:
    class Broken(Listener):
        async def run(self, slug: str, plot: Plot) -> UUID:
            raise ZeroDivisionError

    with pytest.raises(ExceptionGroup):
        await Traffic(Broken(), ["a"], pace=1000).play(asyncio.Event())


@pytest.mark.parametrize("plot", [Plot.SECRET_IN_ERROR, Plot.CONNECTION_REFUSED, Plot.TIMEOUT])
def test_a_failed_call_says_the_same_at_every_attempt(plot: Plot) -> None:
    calls = list(islice(calls_of(plot, "crm.example", random.Random(1)), 5))
    assert len({call.error for call in calls}) == 1
    assert all(call.status is None for call in calls)


def test_a_secret_in_an_error_differs_from_run_to_run() -> None:
    first, second = (
        next(calls_of(Plot.SECRET_IN_ERROR, "crm.example", random.Random(seed))).error
        for seed in (1, 2)
    )
    assert first != second


def test_a_made_up_request_is_the_same_for_the_same_dice() -> None:
    one, two = (made_up_request("orders", random.Random(4)) for _ in range(2))
    assert one == two
    assert one.headers["content-length"] == str(len(one.body))


def test_today_every_workflow_runs_the_same_nodes() -> None:
    ids = {
        tuple(step.id for step in steps_of(workflow.definition(), NodeIds.HARD_CODED)[:2])
        for workflow in SAMPLE_WORKFLOWS
    }
    assert ids == {("mapLead", "createContact")}


def test_node_types_the_worker_does_not_know_leave_no_step() -> None:
    nodes = SAMPLE_WORKFLOWS[0].definition()
    nodes["nodes"].append({"id": "nap", "data": {"type": "delay"}})
    assert "nap" not in [step.id for step in steps_of(nodes, NodeIds.DEFINITION)]


def test_a_workflow_that_no_fault_can_strike_is_refused() -> None:
    with pytest.raises(ValueError, match="HTTP node"):
        SampleWorkflow("idle", "Idle", "Does nothing.", (SampleNode("end", "terminate", "Done"),))


def test_the_queue_counts_whole_seconds() -> None:
    assert Pace(0.05).whole_seconds(2) == 0
    assert Pace(1.0).whole_seconds(2) == 2
