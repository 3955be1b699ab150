"""``python -m benchmarks [NAME ...] [--quick] [--json FILE]``"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from pathlib import Path

import uvloop

from benchmarks import (
    burst,
    latency,
    memory,
    neighbours,
    overhead,
    reading,
    rules,
    storm,
    sweeps,
    writers,
)
from benchmarks.bench import Bench, open_bench
from benchmarks.figures import Figure, table

BENCHMARKS: dict[str, Callable[[Bench], Awaitable[list[Figure]]]] = {
    "storm": storm.run,
    "rules": rules.run,
    "latency": latency.run,
    "overhead": overhead.run,
    "memory": memory.run,
    "sweeps": sweeps.run,
    "burst": burst.run,
    "reading": reading.run,
    "writers": writers.run,
    "neighbours": neighbours.run,
}


def main() -> int:
    """Runs what was asked for and prints it."""
    wanted = _arguments()
    with (
        open_bench(quick=wanted.quick) as bench,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        print(runner.run(bench.place()))
        figures = runner.run(_run(bench, wanted.names or list(BENCHMARKS)))
    print(table(figures))
    if wanted.json:
        rows = [{**asdict(figure), "met": figure.met} for figure in figures]
        wanted.json.write_text(json.dumps(rows, indent=2, default=str) + "\n")
    return 0


async def _run(bench: Bench, names: Sequence[str]) -> list[Figure]:
    figures: list[Figure] = []
    for name in names:
        figures += await BENCHMARKS[name](bench)
    bench.say("")
    return figures


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        "python -m benchmarks", description="Measures ratios to yardsticks."
    )
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"one of {', '.join(BENCHMARKS)}; all without"
    )
    parser.add_argument(
        "--quick", action="store_true", help="a short run: rough figures in about a minute"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, too")
    wanted = parser.parse_args()
    if unknown := set(wanted.names) - set(BENCHMARKS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    return wanted


if __name__ == "__main__":
    sys.exit(main())
