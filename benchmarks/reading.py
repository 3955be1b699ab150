"""Reading: a page of alerts, one alert, its ledger, and the stream, with a million ledger rows and ten thousand open
alerts, over HTTP as the owner under row-level security; beside them the bare statement on one connection."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from statistics import median
from uuid import UUID, uuid4

import httpx
import jwt
import uvicorn
from pydantic import SecretStr

from benchmarks.bench import Bench, Connection, connect
from benchmarks.figures import Aim, Figure, percentile
from benchmarks.service import KEY
from meshhook_alerts.bootstrap import open_service
from meshhook_alerts.entrypoints.api import create_app
from meshhook_alerts.settings import load_settings

_P99_MS, _STREAM_MS = 50.0, 100.0
_SEED = """
insert into public.projects (id, owner, name) values ('{project}', '{owner}', 'Shop');
insert into public.alert_channels (id, project_id, name, kind) values ('{channel}', '{project}', 'ops', 'webhook');
insert into public.alerts (id, project_id, workflow, fingerprint, fingerprint_version, status, severity, kind, class,
  node_id, error, error_class, evidence, opened_at, last_failure_at, count, told, updated_at)
select md5('alert' || n)::uuid, '{project}', 'flow-' || n % 50, md5(n::text), 2,
  case when n <= {open} then 'firing' else 'resolved' end, (array['warning', 'error', 'critical'])[1 + n % 3],
  'retries_exhausted', 'terminal', 'node-' || n % 20, 'Error: HTTP 503 at ' || n, 'server_error',
  jsonb_build_object('sample', 'Error: HTTP 503 at ' || n, 'run_id', gen_random_uuid()),
  now() - interval '20 days', now() - n * interval '1 second', 50,
  jsonb_build_object('{channel}', jsonb_build_object('at', now(), 'count', 50, 'messages', 3, 'open', true)), now() - n * interval '1 second'
from generate_series(1, {alerts}) n;
insert into public.alert_folds (id, project_id, alert_id, kind, class, severity, workflow, error_class, error, sample,
  count, decided_for, first_at, last_at)
select gen_random_uuid(), '{project}', md5('alert' || 1 + n % {alerts})::uuid, 'retries_exhausted', 'terminal', 'error',
  'flow', 'server_error', 'e', 'Error: HTTP 503', 1, now() - n * interval '1 second', now(), now()
from generate_series(1, {alerts} * 5) n;
insert into public.alert_notifications (id, project_id, alert_id, fold_id, channel_id, reason, severity, content,
  template_version, state, deadline_at)
select gen_random_uuid(), '{project}', md5('alert' || 1 + n % {alerts})::uuid, gen_random_uuid(), '{channel}',
  'first_failure', 'error', '{{"headline": "h"}}', 1, 'delivered', now()
from generate_series(1, {alerts}) n;
insert into public.alert_logs (project_id, at, alert_id, effect, reason, count, severity, channel, logged_at)
select '{project}', now(), md5('alert' || 1 + n % {alerts})::uuid, 'folded', 'cooldown', 1, 'error', 'ops',
  now() - n * interval '2 seconds'
from generate_series(1, {logs}) n;
"""
_CHANGE = """
with changed as (
  update public.alerts set count = count + 1, updated_at = clock_timestamp() where id = md5('alert7')::uuid returning id, project_id
)
insert into public.alert_logs (project_id, at, alert_id, effect, reason, count, severity)
select project_id, now(), id, 'folded', 'cooldown', 1, 'error' from changed
"""


async def run(bench: Bench) -> list[Figure]:
    """Each question many times; then changes, one by one, until a client of the stream has them."""
    alerts, logs, times = (2_000, 100_000, 50) if bench.quick else (20_000, 1_000_000, 300)
    project, owner, channel = uuid4(), uuid4(), uuid4()
    url = await bench.database("reading")
    async with await connect(url) as connection:
        bench.say(f"reading: writing {logs:,} ledger rows")
        seed = _SEED.format(project=project, owner=owner, channel=channel, alerts=alerts, logs=logs, open=alerts // 2)  # fmt: skip
        for statement in filter(str.strip, seed.split(";\n")):
            await connection.execute(statement.encode())
        await connection.execute(b"vacuum analyze")
        async with _client(url, owner) as client:
            figures = [
                await _asked(bench, what, client, connection, path, bare, times)
                for what, path, bare in _questions(alerts)
            ]
            figures.append(await _followed(bench, client, connection, times // 5))
    return figures


def _questions(alerts: int) -> list[tuple[str, str, str]]:
    page = "select * from public.alerts where status = 'firing' order by last_failure_at desc, id desc limit 51"
    counts = "select status, count(*) from public.alerts group by 1"
    return [
        (f"first page of {alerts // 2:,} open alerts, with counts", "/api/alerts?state=firing", f"{page}; {counts}"),
        ("a page by text", "/api/alerts?state=firing&text=at+77", f"{page}; {counts}"),
        ("one alert, whole", "/api/alerts/{alert}", "select * from public.alert_logs where alert_id = md5('alert7')::uuid order by id desc limit 100"),
        ("an alert's ledger", "/api/alerts/logs?alert_id={alert}", "select * from public.alert_logs where alert_id = md5('alert7')::uuid order by id desc limit 51"),
        ("the project's ledger", "/api/alerts/logs", "select * from public.alert_logs order by id desc limit 51"),
    ]  # fmt: skip


async def _asked(
    bench: Bench, what: str, client: httpx.AsyncClient, connection: Connection, path: str, bare: str, times: int
) -> Figure:  # fmt: skip
    bench.say(f"reading: {what}")
    cursor = await connection.execute(b"select md5('alert7')::uuid")
    ((alert,),) = await cursor.fetchall()

    async def ours() -> None:
        answer = await client.get(path.format(alert=alert))
        if answer.status_code != 200 or len(answer.content) < 200:
            raise RuntimeError(f"{answer.status_code}: {answer.text[:200]}")

    async def yardstick() -> None:
        for statement in bare.split("; "):
            found = await connection.execute(statement.encode())
            await found.fetchall()

    mine, theirs = await _timed(ours, times), await _timed(yardstick, times)
    return Figure(
        "reading", f"{what}, p99 (p50 {median(mine):.1f} ms)", "ms", percentile(mine, 0.99),
        percentile(theirs, 0.99), aim=Aim(_P99_MS, at_least=False),
    )  # fmt: skip


async def _timed(what: Callable[[], Awaitable[None]], times: int) -> list[float]:
    for _ in range(5):
        await what()
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        await what()
        taken.append((time.perf_counter() - began) * 1000)
    return taken


async def _followed(
    bench: Bench, client: httpx.AsyncClient, connection: Connection, times: int
) -> Figure:
    """From a commit to the client that has read it."""
    bench.say("reading: the stream")
    taken: list[float] = []
    async with client.stream("GET", "/api/alerts/stream", timeout=60) as answer:
        lines = answer.aiter_lines()
        await _event(lines)
        for _ in range(times):
            await asyncio.sleep(secrets.randbelow(80) / 1000)
            await connection.execute(_CHANGE.encode())
            began = time.perf_counter()
            await _event(lines)
            taken.append((time.perf_counter() - began) * 1000)
    return Figure(
        "reading", f"commit to a client of the stream, p99 (p50 {median(taken):.0f} ms)", "ms",
        percentile(taken, 0.99), aim=Aim(_STREAM_MS, at_least=False),
    )  # fmt: skip


async def _event(lines: AsyncIterator[str]) -> None:
    async for line in lines:
        if line.startswith("data: "):
            return
    raise RuntimeError("the stream ended")


@asynccontextmanager
async def _client(url: str, owner: UUID) -> AsyncIterator[httpx.AsyncClient]:
    """The owner's client of a real server on loopback."""
    secret = secrets.token_urlsafe(48)
    claims = {
        "sub": str(owner),
        "role": "authenticated",
        "aud": "authenticated",
        "exp": time.time() + 7200,
    }
    async with open_service(load_settings(keys=SecretStr(KEY)), url) as service:
        config = uvicorn.Config(create_app(service, secret), port=0, log_level="error")
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        token = jwt.encode(claims, secret, algorithm="HS256")
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", headers={"authorization": f"Bearer {token}"}
        ) as client:
            yield client
        server.should_exit = True
        await serving
