"""How large a share of a workflow's runs may fail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class FailureRate:
    """The share of failing runs, among those settled in a window, from which somebody hears of it."""

    percent: int
    window: timedelta
    at_least: int = 10
    """Settled runs below which the share says nothing."""

    def exceeded(self, failing: int, settled: int, already: bool = False) -> bool:
        """Whether too many fail.

        What has been told (``already``) stays true until a run proves otherwise: a window that
        has run empty says nothing, and a single settled run is enough to end it.
        """
        if already and not settled:
            return True
        enough = settled >= (1 if already else self.at_least)
        return enough and failing * 100 >= self.percent * settled
