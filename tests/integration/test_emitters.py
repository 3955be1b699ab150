"""The JavaScript emitters against the real endpoint, and their own tests."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from meshhook_alerts.domain.identifiers import NOBODY
from meshhook_alerts.entrypoints.api import create_app
from meshhook_alerts.entrypoints.running import bind, serving
from tests.line import JWT_SECRET, Receiver, World, a_service, at_work, eventually

ROOT = Path(__file__).parents[2]
HOST = Path(__file__).parent / "emitters" / "host.mjs"
SECRET = secrets.token_urlsafe(48)


@pytest.fixture(scope="module")
def node() -> str:
    """Node's program; without it these tests do not run, which must not go unnoticed."""
    if program := shutil.which("node"):
        return program
    missing = "NODE IS MISSING, so the emitters are NOT TESTED (Debian: apt-get install nodejs)"
    if os.environ.get("CI"):
        pytest.fail(missing)
    pytest.skip(missing)


@asynccontextmanager
async def program(
    node: str, *arguments: str, **environment: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A Node process with nothing of ours in its environment but what is given."""
    process = await asyncio.create_subprocess_exec(
        node, *arguments, cwd=ROOT, env={"PATH": os.environ["PATH"], **environment},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def host(node: str, what: str, port: int, **environment: str) -> dict[str, Any]:
    """Plays a scene of ``host.mjs``; returns its emitter's figures."""
    async with program(node, str(HOST), what, **reporting_to(port), **environment) as process:
        said, _ = await asyncio.wait_for(process.communicate(), 60)
        assert process.returncode == 0, said.decode()
        figures: dict[str, Any] = json.loads(said.decode().splitlines()[-1])
        return figures


def reporting_to(port: int, secret: str = SECRET) -> dict[str, str]:
    return {
        "MESHHOOK_ALERTS_URL": f"http://127.0.0.1:{port}/",
        "MESHHOOK_ALERTS_TRIGGER_SECRET": secret,
    }


@asynccontextmanager
async def a_site(
    world: World, receiver: Receiver, listener: socket.socket | None = None
) -> AsyncIterator[int]:
    """API and worker on a real port, telling ``receiver``; yields the port."""
    listener = listener or bind("127.0.0.1", 0)
    with listener:
        async with a_service(world.url, trigger_secret=SecretStr(SECRET)) as service:
            await world.hook(service, receiver)
            async with serving(create_app(service, JWT_SECRET), listener), at_work(service):
                yield listener.getsockname()[1]


async def failures(world: World, count: int) -> list[dict[str, Any]]:
    """The folds, once so many failures have been recorded. Sweeps add some of their own."""
    reported = "from public.alert_failures where source_ref like 'api:%%'"

    async def recorded() -> bool:
        return bool(
            await world.value(f"select count(*) >= %s {reported}", count)
            and not await world.value("select count(*) from meshhook_alerts.signals")
        )

    await eventually(recorded)
    assert await world.value(f"select count(*) {reported}") == count
    return await world.rows(
        f"select * from public.alert_folds where id in (select fold_id {reported})"
        " order by workflow, http_status"
    )


async def test_the_emitters_own_tests_pass(node: str) -> None:
    files = sorted(str(each) for each in (ROOT / "integrations/meshhook/test").glob("*.test.js"))
    assert files
    async with program(node, "--test", *files) as process:
        said, _ = await asyncio.wait_for(process.communicate(), 120)
        assert process.returncode == 0, said.decode()


async def test_rejected_deliveries_become_failures_and_messages(
    node: str, world: World, receiver: Receiver
) -> None:
    async with a_site(world, receiver) as port:
        figures = await host(node, "intake", port)
        assert (figures["reported"], figures["delivered"], figures["unattributed"]) == (16, 16, 1)
        folds = await failures(world, 5)

        async def told() -> bool:
            return len(receiver.requests) >= 4

        await eventually(told)
    found = [(each["workflow"], each["http_status"], each["labels"]["reason"]) for each in folds]
    assert found == [
        ("invoices", 413, "payload"),
        ("no-such-flow", 404, "unknown_slug"),
        ("orders", 401, "signature"),
        ("orders", 500, "exception"),
        ("reports", 403, "framework"),
    ]
    assert folds[2]["labels"]["count"] == "12"
    assert folds[1]["project_id"] == NOBODY
    ledger = await world.rows(
        "select effect, reason from public.alert_logs where fold_id = %s", folds[1]["id"]
    )
    assert [tuple(row.values()) for row in ledger] == [("blocked", "no_settings")]
    assert sorted(content["headline"] for content in receiver.contents) == [
        "invoices: Delivery rejected with HTTP 413: the body is too large",
        "orders: Delivery rejected with HTTP 401: the signature does not fit",
        "orders: Delivery rejected with HTTP 500: Error: connect ECONNREFUSED 10.0.0.7:5432",
        "reports: Delivery rejected with HTTP 403: the web framework refused it, as it does forms of another origin",
    ]
    assert "not-for-alerts" not in str(receiver.requests)


async def test_a_handlers_exception_is_told_with_run_and_node(
    node: str, world: World, receiver: Receiver
) -> None:
    run_id = await world.start_run()
    async with a_site(world, receiver) as port:
        await host(node, "handler", port, RUN_ID=str(run_id))
        await failures(world, 1)

        async def told() -> bool:
            return bool(receiver.requests)

        await eventually(told)
    (content,) = receiver.contents
    assert content["headline"] == "orders › charge: Error: HTTP 503"
    assert content["failure"]["kind"] == "handler_exception"
    assert content["run"]["id"] == str(run_id)
    assert content["workflow"] == {"slug": "orders", "name": "Orders", "version": 3}


async def test_what_was_reported_while_the_service_was_down_arrives(
    node: str, world: World, receiver: Receiver
) -> None:
    with bind("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
    async with program(node, str(HOST), "early", **reporting_to(port)) as process:
        assert process.stdout is not None
        line = (await asyncio.wait_for(process.stdout.readline(), 20)).decode()
        assert "cannot be used (ECONNREFUSED)" in line
        async with a_site(world, receiver, bind("127.0.0.1", port)):
            said, _ = await asyncio.wait_for(process.communicate(), 60)
            back, figures = said.decode().splitlines()
            assert "is back" in back
            assert json.loads(figures)["delivered"] == 150
            await failures(world, 150)


async def test_reports_whose_answer_was_lost_count_once(
    node: str, world: World, receiver: Receiver
) -> None:
    async with a_site(world, receiver) as port:
        figures = await host(node, "deaf", port)
        assert (figures["delivered"], figures["failedRequests"]) == (2, 2)
        assert figures["duplicates"] == 2
        await failures(world, 2)
        counted = "select sum(count) from public.alerts where project_id = %s"
        assert await world.value(counted, world.project_id) == 2


async def test_another_secret_reports_nothing_and_loses_nothing(
    node: str, world: World, receiver: Receiver
) -> None:
    async with a_site(world, receiver) as port:
        other = reporting_to(port, secrets.token_urlsafe(48))
        async with program(node, str(HOST), "stranger", **other) as process:
            said, _ = await asyncio.wait_for(process.communicate(), 60)
        figures = json.loads(said.decode().splitlines()[-1])
        assert (figures["state"], figures["problem"]) == ("away", "it answered 401")
        assert (figures["delivered"], figures["dropped"]) == (0, 1)
        assert await world.value("select count(*) from meshhook_alerts.signals") == 0
