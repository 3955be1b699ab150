"""Whether one trouble gives one alert, and two troubles two: pairs of error texts, as data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_PAIRS = Path(__file__).with_name("pairs.txt")


@dataclass(frozen=True, slots=True)
class Pair:
    """Two error texts, and whether they tell of one trouble."""

    origin: str
    one: str
    other: str
    same: bool


def pairs() -> Iterator[Pair]:
    """All pairs of the table, in its order."""
    lines = [line for line in _PAIRS.read_text().splitlines() if line and not line.startswith("#")]
    for at in range(0, len(lines), 3):
        verdict, _, origin = lines[at].partition(": ")
        if verdict not in ("same", "different"):
            raise ValueError(f"{_PAIRS.name}: expected a verdict and an origin, not {lines[at]!r}")
        yield Pair(origin, lines[at + 1], lines[at + 2], verdict == "same")
