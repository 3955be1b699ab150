"""A fresh world for each story."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from tests.line import Receiver, World, a_receiver, build_line, open_world

Builder = Callable[[str], Awaitable[None]]


@pytest.fixture
def line_url(
    template_factory: Callable[[str, Builder], str], new_database: Callable[[str], str]
) -> str:
    """The address of a fresh MeshHook database with our migrations applied."""
    return new_database(template_factory("line", build_line))


@pytest.fixture
async def world(line_url: str) -> World:
    """A project in it."""
    return await open_world(line_url)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """A webhook receiver."""
    async with a_receiver() as made:
        yield made
