"""Latency: a failure's commit → the first byte of its message at a receiver, warm connection,
against a bare commit at the same pace in the same run."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from pydantic import SecretStr

from benchmarks.bench import Bench, Connection, Project, connect, seed
from benchmarks.figures import Aim, Figure, percentile
from benchmarks.service import KEY, Receiver, receiving, serving
from meshhook_alerts.application.change_settings import SettingsRequest
from meshhook_alerts.application.settings_ports import Caller
from meshhook_alerts.bootstrap import open_service
from meshhook_alerts.settings import load_settings

PACES = (("at rest, 10 failures/s", 10.0), ("100 failures/s", 100.0))
_AIM = Aim(4, at_least=False)
_INSERT_EVENT = """
insert into public.workflow_events (run_id, type, payload)
values (%s, 'step_failed', %s::jsonb)"""


@dataclass(slots=True)
class Sample:
    """One pace's measurements, in seconds."""

    committed: dict[str, float] = field(default_factory=dict)
    bare: list[float] = field(default_factory=list)


async def run(bench: Bench) -> list[Figure]:
    """All paces."""
    url = await bench.database("latency")
    async with await connect(url) as connection, receiving() as receiver:
        project = await seed(connection)
        await connection.execute("create table public.bare (id bigint generated always as identity, at timestamptz)")
        await _configure(url, project, receiver)
        async with serving(url, "worker"), await connect(url) as other:
            await _play(connection, other, project, "warm", pace=50, number=100)
            await asyncio.sleep(1)
            figures = []
            for name, pace in PACES:
                bench.say(f"latency: {name}")
                number = int(pace * (5 if bench.quick else 20))
                sample = await _play(connection, other, project, f"p{pace:.0f}", pace, number)
                figures += await _figures(name, sample, receiver)
    return figures


async def _configure(url: str, project: Project, receiver: Receiver) -> None:
    settings = load_settings(keys=SecretStr(KEY), outbound_allow="127.0.0.0/8")
    document = {
        "project_id": str(project.id),
        "channels": [{"name": "hook", "kind": "webhook", "config": {"url": receiver.url, "secret": _secret()}}],
    }
    async with open_service(settings, url) as service:
        caller = Caller("service_role", {"role": "service_role"})
        await service.change_settings(SettingsRequest.model_validate(document), caller)


def _secret() -> str:
    from meshhook_alerts.channels.webhook.config import new_secret

    return new_secret()


async def _play(
    connection: Connection, other: Connection, project: Project, name: str, pace: float, number: int
) -> Sample:
    """Failures at ``pace``, each a trouble of its own, and a bare commit half-way between two."""
    run_id = uuid4()
    await connection.execute(
        "insert into public.workflow_runs (id, project_id, workflow_id, status) values (%s, %s, %s, 'running')",
        (run_id, project.id, project.workflow_id),
    )
    sample = Sample()
    begin = time.monotonic() + 0.1
    for turn in range(number):
        await _until(begin + turn / pace)
        await _fail(connection, run_id, f"{name}-{turn}", sample)
        await _until(begin + (turn + 0.5) / pace)
        started = time.monotonic()
        await other.execute("insert into public.bare (at) values (now())")
        sample.bare.append(time.monotonic() - started)
    return sample


async def _fail(connection: Connection, run_id: UUID, node: str, sample: Sample) -> None:
    payload = {"node": {"id": node, "type": "http_call"}, "attempt": 5, "error": "Error: HTTP 503"}
    await connection.execute(_INSERT_EVENT, (run_id, json.dumps(payload)))
    sample.committed[node] = time.clock_gettime(time.CLOCK_MONOTONIC)


async def _until(moment: float) -> None:
    await asyncio.sleep(max(0.0, moment - time.monotonic()))


async def _figures(name: str, sample: Sample, receiver: Receiver) -> list[Figure]:
    end = time.monotonic() + 20
    while sample.committed.keys() - receiver.arrived.keys() and time.monotonic() < end:
        await asyncio.sleep(0.05)
    missing = len(sample.committed.keys() - receiver.arrived.keys())
    if missing:
        raise RuntimeError(f"latency, {name}: {missing} of {len(sample.committed)} messages never came")
    took = [receiver.arrived[node] - moment for node, moment in sample.committed.items()]
    return [
        Figure(
            "latency", f"{name}, {word}", "ms", percentile(took, share) * 1000,
            percentile(sample.bare, share) * 1000,
            percentile(took, share) / percentile(sample.bare, share), aim=_AIM,
        )
        for word, share in (("p50", 0.5), ("p99", 0.99))
    ]  # fmt: skip
