"""The whole specification, asked by a generator as each role: no answer is a server's error, and every answer is one that
the specification names."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_schema_conformance,
)

from tests.api_client import token
from tests.commands import complete
from tests.line import World
from tests.serving import serving

pytestmark = pytest.mark.postgres

CHECKS = [not_a_server_error, content_type_conformance, response_schema_conformance]
EXAMPLES = 15
"""Requests made up for each operation and role."""
ENDLESS = ("/api/alerts/stream",)
SLOW = ("/test",)  # waits for a message to be delivered


@contextmanager
def a_server(world: World, folder: Path) -> Iterator[str]:
    """`serve`, from another thread: the generator's own requests are not asynchronous."""
    ready, over = threading.Event(), threading.Event()
    found: list[str] = []

    async def run() -> None:
        async with serving(folder / "serve.log", complete(world.url)) as address:
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


@pytest.mark.parametrize("role", ["anonymous", "owner", "service"])
async def test_every_operation_keeps_its_word(world: World, tmp_path: Path, role: str) -> None:
    await asyncio.to_thread(_ask_everything, world, tmp_path, role)


def _ask_everything(world: World, folder: Path, role: str) -> None:
    bearer = {"owner": token(world.owner), "service": token(role="service_role")}
    headers = {"Authorization": f"Bearer {bearer[role]}"} if role in bearer else {}
    failed: list[str] = []
    with a_server(world, folder) as address:
        schema = schemathesis.openapi.from_url(f"{address}/api/alerts/openapi.json")
        for result in schema.get_all_operations():
            operation: Any = result.ok()  # type: ignore[union-attr]
            if operation.path in ENDLESS or operation.path.endswith(SLOW):
                continue

            @settings(max_examples=EXAMPLES, deadline=None, database=None, derandomize=True,
                      phases=[Phase.generate], suppress_health_check=list(HealthCheck))  # fmt: skip
            @given(operation.as_strategy())
            def ask(case: Any) -> None:
                response = case.call(headers=headers)
                case.validate_response(response, checks=CHECKS, headers=headers)

            try:
                ask()
            except (Exception, ExceptionGroup, BaseExceptionGroup) as problem:
                failed.append(f"{operation.method.upper()} {operation.path}: {str(problem)[:600]}")
    assert not failed, "\n\n".join(failed)
