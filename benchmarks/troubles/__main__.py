"""``python -m benchmarks.troubles``: how many pairs get the right verdict."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from benchmarks.figures import Aim, Figure, table
from benchmarks.troubles import Pair, pairs
from meshhook_alerts.domain.error_text import error_of
from meshhook_alerts.domain.normaliser import VERSION


def main() -> int:
    """Measures and prints; what is wrong is shown."""
    print(f"normaliser, version {VERSION}")
    print(table(list(_figures(list(pairs())))))
    for pair in pairs():
        if not is_right(pair):
            print(f"\n{pair.origin}, {'same' if pair.same else 'different'}")
            print(f"  {error_of(pair.one)}\n  {error_of(pair.other)}")
    return 0


def is_right(pair: Pair) -> bool:
    """Whether the two texts are told apart, or not, as they should."""
    return (error_of(pair.one) == error_of(pair.other)) is pair.same


def _figures(found: list[Pair]) -> Iterator[Figure]:
    for same, what in ((True, "one trouble, one alert"), (False, "two troubles, two alerts")):
        own = [pair for pair in found if pair.same is same]
        right = sum(map(is_right, own)) / len(own)
        yield Figure("troubles", f"{what}, {len(own)} pairs", "share", right, aim=Aim(1.0))


if __name__ == "__main__":
    sys.exit(main())
