"""What the tests of the API share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator

import httpx
import pytest

from meshhook_alerts.bootstrap import Service
from tests.api_client import a_client
from tests.conftest import Builder, _Databases
from tests.line import World, a_service, build_line, open_world


@pytest.fixture
async def service(world: World) -> AsyncIterator[Service]:
    """A service on the world's database."""
    async with a_service(world.url) as made:
        yield made


@pytest.fixture
async def client(service: Service, world: World) -> AsyncIterator[httpx.AsyncClient]:
    """The project's owner, calling the API."""
    async with a_client(service, world.owner) as made:
        yield made


@pytest.fixture(scope="session")
def shared_url(
    _databases: _Databases, template_factory: Callable[[str, Builder], str]
) -> Iterator[str]:
    """One database for the many tests that only look or are refused; each has its own project."""
    name = _databases.create(template_factory("line", build_line))
    yield _databases.url(name)
    _databases.drop(name)


@pytest.fixture
async def project(shared_url: str) -> World:
    """A project beside others."""
    return await open_world(shared_url)


@pytest.fixture
async def caller(project: World) -> AsyncIterator[httpx.AsyncClient]:
    """Its owner, calling the API."""
    async with a_service(project.url) as made, a_client(made, project.owner) as client:
        yield client
