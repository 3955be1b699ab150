"""The whole line for tests: a MeshHook with our tables, a service on it, real servers at its end."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import psycopg
from aiohttp import web
from psycopg.rows import dict_row
from pydantic import SecretStr

from meshhook_alerts.adapters.postgres.database import Database, parse_address
from meshhook_alerts.adapters.postgres.decision_store import PostgresDecisionStore
from meshhook_alerts.adapters.postgres.migrations import migrate
from meshhook_alerts.adapters.postgres.settings_loader import SettingsLoader
from meshhook_alerts.adapters.secret_box import generate_key
from meshhook_alerts.application.change_settings import SettingsRequest
from meshhook_alerts.application.evaluate_failures import EvaluateFailures
from meshhook_alerts.application.ports import Sweep
from meshhook_alerts.application.settings_ports import Caller
from meshhook_alerts.bootstrap import JUDGES, Service, open_service
from meshhook_alerts.demo.meshhook import install_meshhook
from meshhook_alerts.demo.receiver import is_signed
from meshhook_alerts.domain.message import Links
from meshhook_alerts.settings import Settings, load_settings

KEY = os.environ.get("TEST_KEY") or generate_key("test")
"""Workers that tests start as processes of their own get the same key by TEST_KEY."""
JWT_SECRET = secrets.token_urlsafe(48)


LINKS = Links(
    alert="https://alerts.example/alerts/a/{id}", run="https://meshhook.example/runs/{id}"
)


async def build_line(url: str) -> None:
    """Template: today's MeshHook with our migrations applied."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await install_meshhook(connection)
        await migrate(connection)
        # Long ago, so that tests may move what happened into the past and it stays news.
        await connection.execute("update meshhook_alerts.attachment set attached_at = '2000-01-01'")
        # Protected as a careful operator leaves them, or every test would hear that they are not.
        for table in ("workflow_events", "job_tracking"):
            await connection.execute(
                f"alter table public.{table} enable row level security;"
                f"create policy as_before on public.{table} using (true) with check (true)".encode()
            )


def test_settings(**given: Any) -> Settings:
    """Settings as an operator would set them for loopback receivers."""
    given = {
        "keys": SecretStr(KEY),
        "outbound_allow": "127.0.0.0/8",
        "sweep_seconds": 0.3,
        "smtp_url": SecretStr("smtp+plain://127.0.0.1:9"),
        "base_url": "https://alerts.example",
        **given,
    }
    return load_settings(**given)


test_settings.__test__ = False  # type: ignore[attr-defined]


@dataclass(slots=True)
class Receiver:
    """A webhook receiver: keeps what comes, checks its signature, answers as it is told."""

    secret: str
    url: str = ""
    requests: list[tuple[str, bytes]] = field(default_factory=list)
    """(webhook-id, body) in order of arrival."""
    answers: list[int] = field(default_factory=list)
    """Statuses for the next requests; 200 when used up."""
    delay: float = 0
    unsigned: int = 0
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        if not is_signed(request.headers, body, self.secret):
            self.unsigned += 1
        self.requests.append((request.headers["webhook-id"], body))
        self.arrived.set()
        await asyncio.sleep(self.delay)
        return web.Response(status=self.answers.pop(0) if self.answers else 200, text="answer")

    @property
    def ids(self) -> set[str]:
        """The distinct messages."""
        return {id_ for id_, _ in self.requests}

    @property
    def contents(self) -> list[dict[str, Any]]:
        """What the messages say."""
        return [json.loads(body)["data"] for _, body in self.requests]


@asynccontextmanager
async def a_receiver() -> AsyncIterator[Receiver]:
    """A receiver on a free port of loopback."""
    receiver = Receiver("whsec_" + base64.b64encode(secrets.token_bytes(32)).decode())
    app = web.Application(client_max_size=4 * 1024 * 1024)
    app.router.add_post("/hook", receiver.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    try:
        yield receiver
    finally:
        await runner.cleanup()


@dataclass(slots=True)
class World:
    """A project in a MeshHook database, and short ways to make things happen in it."""

    url: str
    project_id: UUID
    owner: UUID
    workflow_ids: dict[str, UUID]

    @property
    def caller(self) -> Caller:
        """The project's owner."""
        claims = {"sub": str(self.owner), "role": "authenticated"}
        return Caller("authenticated", claims, self.owner)

    async def configure(self, service: Service, **document: Any) -> None:
        """Saves settings as the owner."""
        request = {"project_id": str(self.project_id), **document}
        await service.change_settings(SettingsRequest.model_validate(request), self.caller)

    async def hook(self, service: Service, receiver: Receiver, **document: Any) -> None:
        """Saves settings with one webhook channel."""
        channel = {"name": "hook", "kind": "webhook",
                   "config": {"url": receiver.url, "secret": receiver.secret}}  # fmt: skip
        await self.configure(service, channels=[channel], **document)

    async def start_run(self, slug: str = "orders") -> UUID:
        """A run that has just been accepted."""
        run_id = uuid4()
        await self.execute(
            "insert into public.workflow_runs (id, project_id, workflow_id, status) values (%s, %s, %s, 'running')",
            run_id, self.project_id, self.workflow_ids[slug],
        )  # fmt: skip
        return run_id

    async def event(self, run_id: UUID, type_: str, **payload: Any) -> None:
        """An event of a run."""
        await self.execute(
            "insert into public.workflow_events (run_id, type, payload) values (%s, %s, %s::jsonb)",
            run_id, type_, json.dumps(payload),
        )  # fmt: skip

    async def fail(
        self,
        slug: str = "orders",
        error: str = "Error: HTTP 503",
        node: str = "http_call",
        attempt: Any = 5,
    ) -> UUID:
        """A run whose step has failed for good."""
        run_id = await self.start_run(slug)
        node_ = {"id": node, "type": "http_call"}
        await self.event(run_id, "step_failed", node=node_, attempt=attempt, error=error)
        return run_id

    async def execute(self, statement: str, *arguments: object) -> None:
        """One statement, committed."""
        async with await psycopg.AsyncConnection.connect(self.url, autocommit=True) as connection:
            await connection.execute(statement, arguments)

    async def rows(self, statement: str, *arguments: object) -> list[dict[str, Any]]:
        """What a query gives."""
        async with await psycopg.AsyncConnection.connect(self.url, autocommit=True) as connection:
            cursor = connection.cursor(row_factory=dict_row)
            await cursor.execute(statement, arguments)
            return await cursor.fetchall()

    async def until(self, statement: str, within: float = 20) -> None:
        """Waits until a query gives true."""

        async def check() -> bool:
            return any(bool(next(iter(row.values()))) for row in await self.rows(statement))

        await eventually(check, within)

    async def value(self, statement: str, *arguments: object) -> Any:
        """The one value a query gives."""
        rows = await self.rows(statement, *arguments)
        return next(iter(rows[0].values()))


async def arrived(receiver: Receiver, number: int, within: float = 20) -> None:
    """Waits until so many requests have come."""

    async def check() -> bool:
        return len(receiver.requests) >= number

    await eventually(check, within)


async def open_world(url: str) -> World:
    """A project with three published workflows."""
    world = World(url, uuid4(), uuid4(), {})
    await world.execute(
        "insert into public.projects (id, owner, name) values (%s, %s, 'Shop')",
        world.project_id, world.owner,
    )  # fmt: skip
    for slug in ("orders", "invoices", "reports"):
        world.workflow_ids[slug] = uuid4()
        await world.execute(
            "insert into public.workflow_definitions (id, project_id, slug, version, definition, name, status, user_id)"
            " values (%s, %s, %s, 3, '{\"nodes\": [], \"edges\": []}', %s, 'published', %s)",
            world.workflow_ids[slug], world.project_id, slug, slug.title(), world.owner,
        )  # fmt: skip
    return world


@asynccontextmanager
async def at_work(service: Service) -> AsyncIterator[None]:
    """A worker of the service, running while the block does."""
    worker = service.worker()
    task = asyncio.create_task(worker.run())
    try:
        yield
    finally:
        worker.stop()
        await task


@asynccontextmanager
async def evaluating(world: World) -> AsyncIterator[EvaluateFailures]:
    """The deciding use case on the world's database, without a worker around it."""
    database = Database(parse_address(world.url))
    store = PostgresDecisionStore(database.connect, database.begin, SettingsLoader())
    try:
        yield EvaluateFailures(store, JUDGES, LINKS)
    finally:
        await store.close()


@asynccontextmanager
async def a_service(url: str, **settings: Any) -> AsyncIterator[Service]:
    """A service on the database at ``url``."""
    async with open_service(test_settings(**settings), url) as service:
        yield service


async def eventually(check: Callable[[], Awaitable[Any]], within: float = 20) -> Any:
    """The first truthy answer of ``check``; fails if there is none in time."""
    end = asyncio.get_running_loop().time() + within
    while True:
        answer = await check()
        if answer:
            return answer
        assert asyncio.get_running_loop().time() < end, f"still {answer!r} after {within} s"
        await asyncio.sleep(0.05)


_AT_REST = """
select not exists (select from meshhook_alerts.signals)
   and not exists (select from meshhook_alerts.timers where due <= now())
   and not exists (select from public.alert_notifications where state = 'pending')
"""


async def at_rest(world: World) -> None:
    """Waits for two turns of the search over runs, of which one has begun since, and until nothing is left to
    decide or to send."""
    seen = await world.value("select clock_timestamp()")
    for _ in range(2):
        finished = "select finished_at from meshhook_alerts.sweeps where name = 'runs' and finished_at > %s"

        async def swept(statement: str = finished, after: object = seen) -> Any:
            rows = await world.rows(statement, after)
            return rows and rows[0]["finished_at"]

        seen = await eventually(swept, within=30)
    await eventually(lambda: world.value(_AT_REST), within=30)


def named(service: Service, name: str) -> Sweep:
    """One sweep of a new worker."""
    return next(each for each in service.worker().sweeps.each if each.name == name)
