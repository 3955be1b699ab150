"""Latency: a failure's commit → the first byte of its message at a receiver, warm connection,
against a bare commit at the same pace in the same run."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from uuid import UUID, uuid4

from pydantic import SecretStr

from benchmarks.bench import Bench, Connection, Project, connect, seed
from benchmarks.figures import Aim, Figure, percentile
from benchmarks.service import KEY, Receiver, receiving, serving
from meshhook_alerts.application.change_settings import SettingsRequest
from meshhook_alerts.application.settings_ports import Caller
from meshhook_alerts.bootstrap import open_service
from meshhook_alerts.channels.webhook.config import new_secret
from meshhook_alerts.settings import load_settings

PACES = (("at rest, 10 failures/s", 10.0), ("100 failures/s", 100.0))
_AIM = Aim(4, at_least=False)
_RUN = """
insert into public.workflow_runs (id, project_id, workflow_id, status)
values (%s, %s, %s, 'running')"""
_EVENT = """
insert into public.workflow_events (run_id, type, payload)
values (%s, 'step_failed', %s::jsonb)"""
_TABLE = "create table public.bare (id bigint generated always as identity, at timestamptz)"


@dataclass(slots=True)
class Sample:
    """One round's measurements, in seconds."""

    committed: dict[str, float] = field(default_factory=dict)
    """Node id → when its failure's commit came back, by the machine's monotonic clock."""
    bare: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Field:
    """Who writes failures, and who makes bare commits beside them."""

    failing: Connection
    bare: Connection
    project: Project
    receiver: Receiver

    async def play(self, name: str, pace: float, number: int) -> Sample:
        """Failures at ``pace``, each a trouble of its own; half-way between two a bare commit."""
        sample = Sample()
        runs = [uuid4() for _ in range(number)]  # a run is told once, so each failure has its own
        for run_id in runs:
            await self.failing.execute(_RUN, (run_id, self.project.id, self.project.workflow_id))
        begin = time.monotonic() + 0.1
        for turn, run_id in enumerate(runs):
            await _until(begin + turn / pace)
            await self._fail(run_id, f"{name}-{turn}", sample)
            await _until(begin + (turn + 0.5) / pace)
            started = time.monotonic()
            await self.bare.execute("insert into public.bare (at) values (now())")
            sample.bare.append(time.monotonic() - started)
        return sample

    async def _fail(self, run_id: UUID, node: str, sample: Sample) -> None:
        step = {"id": node, "type": "http_call"}
        payload = {"node": step, "attempt": 5, "error": "Error: HTTP 503"}
        await self.failing.execute(_EVENT, (run_id, json.dumps(payload)))
        sample.committed[node] = time.clock_gettime(time.CLOCK_MONOTONIC)

    async def took(self, sample: Sample) -> list[float]:
        """How long each message took; waits for the last ones."""
        arrived, end = self.receiver.arrived, time.monotonic() + 20
        while sample.committed.keys() - arrived.keys() and time.monotonic() < end:
            await asyncio.sleep(0.05)
        if missing := len(sample.committed.keys() - arrived.keys()):
            raise RuntimeError(f"latency: {missing} of {len(sample.committed)} messages never came")
        return [arrived[node] - moment for node, moment in sample.committed.items()]


async def run(bench: Bench) -> list[Figure]:
    """All paces, a few rounds each."""
    url = await bench.database("latency")
    async with await connect(url) as failing, await connect(url) as bare, receiving() as receiver:
        field = Field(failing, bare, await seed(failing), receiver)
        await failing.execute(_TABLE)
        await configure(url, field.project, receiver)
        async with serving(url, "worker"):
            await field.took(await field.play("warm", pace=50, number=100))
            return await _measure(bench, field)


async def configure(url: str, project: Project, receiver: Receiver, **more: object) -> None:
    """Settings that send everything to ``receiver``."""
    settings = load_settings(keys=SecretStr(KEY), outbound_allow="127.0.0.0/8")
    config = {"url": receiver.url, "secret": new_secret()}
    channel = {"name": "hook", "kind": "webhook", "config": config}
    document = {"project_id": str(project.id), "channels": [channel], **more}
    document.setdefault("storm_summaries", False)  # every message is measured
    async with open_service(settings, url) as service:
        caller = Caller("service_role", {"role": "service_role"})
        await service.change_settings(SettingsRequest.model_validate(document), caller)


async def _until(moment: float) -> None:
    await asyncio.sleep(max(0.0, moment - time.monotonic()))


async def _measure(bench: Bench, field: Field) -> list[Figure]:
    rounds, seconds = (1, 5) if bench.quick else (5, 10)
    found: dict[str, list[tuple[list[float], list[float]]]] = {name: [] for name, _ in PACES}
    for turn in range(rounds):
        for name, pace in PACES:
            bench.say(f"latency: {name}, round {turn + 1} of {rounds}")
            sample = await field.play(f"{pace:.0f}-{turn}", pace, int(pace * seconds))
            found[name].append((await field.took(sample), sample.bare))
    return [
        _figure(f"{name}, {word}", found[name], share)
        for name, _ in PACES
        for word, share in (("p50", 0.5), ("p99", 0.99))
    ]


def _figure(
    what: str, rounds: Sequence[tuple[Sequence[float], Sequence[float]]], share: float
) -> Figure:
    ours = [percentile(took, share) * 1000 for took, _ in rounds]
    bare = [percentile(took, share) * 1000 for _, took in rounds]
    ratios = sorted(one / other for one, other in zip(ours, bare, strict=True))
    spread = (ratios[0], ratios[-1])
    return Figure("latency", what, "ms", median(ours), median(bare), median(ratios), spread, _AIM)
