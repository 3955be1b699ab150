"""Figures and their aims, and how they are printed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Aim:
    """What a ratio (or, where there is no yardstick, the figure itself) should reach."""

    limit: float
    at_least: bool = True

    def met(self, value: float) -> bool:
        """Whether ``value`` reaches it."""
        return value >= self.limit if self.at_least else value <= self.limit

    def __str__(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {self.limit:g}"


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the report: medians of ours and of the yardstick, and the median ratio."""

    benchmark: str
    what: str
    unit: str
    ours: float
    yardstick: float | None = None
    ratio: float | None = None
    spread: tuple[float, float] | None = None
    """Smallest and largest ratio of all rounds."""
    aim: Aim | None = None
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the aim is reached; None without one."""
        value = self.ours if self.ratio is None else self.ratio
        return self.aim.met(value) if self.aim else None


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which ``share`` (0 to 1) of ``values`` lie; the nearest that was measured."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


_HEAD = ("benchmark", "what", "ours", "yardstick", "unit", "ratio", "of all rounds", "aim", "")


def table(figures: Sequence[Figure]) -> str:
    """The figures as a table for people."""
    rows = [_HEAD, *map(_cells, figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    lines = ["  ".join(map(_pad, row, widths, range(len(row)))).rstrip() for row in rows]
    notes = [
        f"{figure.benchmark}, {figure.what}: {figure.note}" for figure in figures if figure.note
    ]
    return "\n".join([lines[0], "─" * max(map(len, lines)), *lines[1:], "", *notes]).rstrip()


def _cells(figure: Figure) -> tuple[str, ...]:
    spread = figure.spread
    return (
        figure.benchmark,
        figure.what,
        _number(figure.ours),
        _number(figure.yardstick),
        figure.unit,
        "–" if figure.ratio is None else f"{figure.ratio:.2f}",
        f"{spread[0]:.2f} … {spread[1]:.2f}" if spread else "",
        str(figure.aim or ""),
        {True: "met", False: "MISSED", None: ""}[figure.met],
    )


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}"


def _pad(cell: str, width: int, column: int) -> str:
    return cell.rjust(width) if 2 <= column <= 3 or column == 5 else cell.ljust(width)
