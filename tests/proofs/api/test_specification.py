"""The whole specification, asked by a generator as each role: no answer is a server's error, and every answer is one that
the specification names."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_schema_conformance,
)

from tests.api_client import token
from tests.commands import complete
from tests.line import World, a_service, at_work
from tests.members import members_of
from tests.serving import serving

pytestmark = pytest.mark.postgres

CHECKS = [not_a_server_error, content_type_conformance, response_schema_conformance]
EXAMPLES = 15
"""Requests made up for each operation and role."""
ENDLESS = ("/api/alerts/stream",)
PLENTY = {"MESHHOOK_ALERTS_REQUESTS_PER_MINUTE": "1000000"}
SLOW = ("/test",)  # waits for a message to be delivered


@contextmanager
def a_server(world: World, folder: Path) -> Iterator[str]:
    """`serve`, from another thread: the generator's own requests are not asynchronous."""
    ready, over = threading.Event(), threading.Event()
    found: list[str] = []

    async def run() -> None:
        async with serving(folder / "serve.log", complete(world.url, **PLENTY)) as address:
            found.append(address)
            ready.set()
            while not over.is_set():
                await asyncio.sleep(0.1)

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    assert ready.wait(60)
    try:
        yield found[0]
    finally:
        over.set()
        thread.join(60)


@pytest.mark.parametrize("role", ["anonymous", "stranger", "viewer", "editor", "owner", "service"])
async def test_every_operation_keeps_its_word(world: World, tmp_path: Path, role: str) -> None:
    viewer, editor = await members_of(world)
    bearer = {
        "stranger": token(uuid4()), "viewer": token(viewer), "editor": token(editor),
        "owner": token(world.owner), "service": token(role="service_role"),
    }  # fmt: skip
    headers = {"Authorization": f"Bearer {bearer[role]}"} if role in bearer else {}
    await asyncio.to_thread(_ask_everything, world, tmp_path, headers, await _ids(world))


async def _ids(world: World) -> dict[str, str]:
    """One of everything, so that not all that is made up is nowhere to be found."""
    async with a_service(world.url) as service, at_work(service):
        mail = {"name": "mail", "kind": "email", "config": {"to": ["ana@example.com"]}}
        await world.configure(service, channels=[mail], cooldown_seconds=90)
        await world.fail()
        await world.until("select count(*) = 1 from public.alerts")
    silence = (
        "insert into public.alert_silences (project_id, matchers, ends_at, reason)"
        " values (%s, '{}', now() + interval '1 h', 'r') returning id"
    )
    return {
        "project_id": str(world.project_id),
        "workflow": "orders",
        "version": "1",
        "alert_id": str(await world.value("select id from public.alerts")),
        "channel_id": str(await world.value("select id from public.alert_channels")),
        "silence_id": str(await world.value(silence, world.project_id)),
    }


def _ask_everything(
    world: World, folder: Path, headers: dict[str, str], ids: dict[str, str]
) -> None:
    failed: list[str] = []
    with a_server(world, folder) as address:
        schema = schemathesis.openapi.from_url(f"{address}/api/alerts/openapi.json")
        for result in schema.get_all_operations():
            operation: Any = result.ok()  # type: ignore[union-attr]
            if operation.path in ENDLESS or operation.path.endswith(SLOW):
                continue

            @settings(max_examples=EXAMPLES, deadline=None, database=None, derandomize=True,
                      phases=[Phase.generate], suppress_health_check=list(HealthCheck))  # fmt: skip
            @given(operation.as_strategy(), st.sampled_from([True, True, False]))
            def ask(case: Any, really: bool) -> None:
                if really:
                    _lead_somewhere(case, ids)
                response = case.call(headers=headers)
                case.validate_response(response, checks=CHECKS, headers=headers)

            try:
                ask()
            except (Exception, ExceptionGroup, BaseExceptionGroup) as problem:
                failed.append(f"{operation.method.upper()} {operation.path}: {str(problem)[:600]}")
    assert not failed, "\n\n".join(failed)


def _lead_somewhere(case: Any, ids: dict[str, str]) -> None:
    """Puts in what there is, in the path and in the body."""
    for name in case.path_parameters or {}:
        case.path_parameters[name] = ids.get(name, case.path_parameters[name])
    if isinstance(case.body, dict):
        if "project_id" in case.body:
            case.body["project_id"] = ids["project_id"]
        if "ids" in case.body:
            case.body["ids"] = [ids["alert_id"]]
