"""Storm: how fast a hundred thousand failures of one project are decided, against bare SQL that
claims, folds and writes the same rows in batches of the same size."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.bench import Bench
from benchmarks.figures import Aim, Figure
from benchmarks.storm_field import BARE, OURS, Field, open_field

_WORDS = "translate(md5(n::text), '0123456789', 'ghijklmnop')"  # letters only: all differ
_NO_FIELD = f'format(\'Error: no field "%s" in "%s"\', left({_WORDS}, 8), right({_WORDS}, 8))'


@dataclass(frozen=True, slots=True)
class Case:
    """A kind of storm: its error texts and what folds them, as SQL over the number n."""

    name: str
    error: str
    fold_key: str
    aim: float


CASES = (
    Case("equal texts", "'Error: HTTP 503'", "'Error: HTTP 503'", 0.4),
    Case(
        "ids and numbers differ",
        "format('Error: order %s of customer %s: no stock', gen_random_uuid(), 10000 + n)",
        "'Error: order <id> of customer <n>: no stock'",
        0.25,
    ),
    Case("all texts distinct", _NO_FIELD, _NO_FIELD, 0.4),
)


async def run(bench: Bench) -> list[Figure]:
    """All cases, in rounds in which each side goes first in turn."""
    signals, rounds = (20_000, 2) if bench.quick else (100_000, 5)
    rates: dict[str, list[tuple[float, float]]] = {case.name: [] for case in CASES}
    async with open_field(bench) as field:
        await _round(field, CASES[0], 100, 0)  # prepares statements, loads settings
        for turn in range(rounds):
            for case in CASES:
                bench.say(f"storm: {case.name}, round {turn + 1} of {rounds}")
                rates[case.name].append(await _round(field, case, signals, turn))
    return [_figure(case, rates[case.name], signals) for case in CASES]


async def _round(field: Field, case: Case, signals: int, turn: int) -> tuple[float, float]:
    """Failures a second: ours, the yardstick's."""
    rate = {}
    for side in (OURS, BARE) if turn % 2 == 0 else (BARE, OURS):
        await field.fill(side, case.error, case.fold_key, signals)
        started = time.perf_counter()
        done = await (field.decide() if side is OURS else field.claim_and_write())
        rate[side] = done / (time.perf_counter() - started)
        if done != signals:
            raise RuntimeError(f"storm, {case.name}: {done} of {signals} were decided on")
    _check_same(case, await field.written(OURS), await field.written(BARE))
    return rate[OURS], rate[BARE]


def _check_same(case: Case, ours: dict[str, int], bare: dict[str, int]) -> None:
    sizes = ours.pop("content"), bare.pop("content")
    if ours != bare:
        raise RuntimeError(f"storm, {case.name}: {ours} rows are not the yardstick's {bare}")
    if abs(sizes[0] - sizes[1]) > 0.05 * max(sizes):
        raise RuntimeError(f"storm, {case.name}: contents of {sizes[0]} bytes, not {sizes[1]}")


def _figure(case: Case, rates: Sequence[tuple[float, float]], signals: int) -> Figure:
    ratios = sorted(ours / bare for ours, bare in rates)
    return Figure(
        "storm", f"{signals:,} failures, {case.name}", "decided/s",
        median(ours for ours, _ in rates), median(bare for _, bare in rates),
        median(ratios), (ratios[0], ratios[-1]), Aim(case.aim),
    )  # fmt: skip
