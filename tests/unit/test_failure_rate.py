"""From which share of failing runs on somebody hears of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from meshhook_alerts.domain.failure_rate import FailureRate

RATE = FailureRate(percent=20, window=timedelta(hours=1), at_least=10)


@pytest.mark.parametrize(
    ("failing", "settled", "exceeded"),
    [(0, 0, False), (9, 9, False), (1, 10, False), (2, 10, True), (19, 100, False), (20, 100, True)],
)  # fmt: skip
def test_a_share_counts_from_its_least_number_on(
    failing: int, settled: int, exceeded: bool
) -> None:
    assert RATE.exceeded(failing, settled) is exceeded


@pytest.mark.parametrize(
    ("failing", "settled", "exceeded"),
    [(0, 0, True), (1, 1, True), (0, 1, False), (1, 4, True), (1, 6, False)],
)
def test_what_was_told_stays_true_until_a_run_proves_otherwise(
    failing: int, settled: int, exceeded: bool
) -> None:
    assert RATE.exceeded(failing, settled, already=True) is exceeded
