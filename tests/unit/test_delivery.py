"""When to try again: later and later, never before it was asked for, and once more before the end."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshhook_alerts.domain.delivery import wait_before_next

_HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("attempts", "seconds"), [(1, 5), (2, 10), (3, 20), (8, 640), (9, 900), (50, 900)]
)
def test_it_waits_longer_each_time(attempts: int, seconds: int) -> None:
    assert wait_before_next(attempts, None, 1.0, _HOUR) == timedelta(seconds=seconds)
    assert wait_before_next(attempts, None, 0.0, _HOUR) == timedelta(seconds=seconds / 2)


def test_it_never_comes_before_it_was_asked_to() -> None:
    assert wait_before_next(1, timedelta(minutes=20), 0.0, _HOUR) == timedelta(minutes=20)


def test_asked_to_come_after_the_deadline_it_comes_once_shortly_before() -> None:
    wait = wait_before_next(1, timedelta(seconds=86_400), 0.5, 6 * _HOUR)
    assert wait == 6 * _HOUR - timedelta(seconds=30)
    assert wait_before_next(2, timedelta(seconds=86_400), 0.5, timedelta(seconds=30)) is None


@given(
    st.integers(1, 100),
    st.none() | st.timedeltas(timedelta(), timedelta(days=1)),
    st.floats(0, 1),
    st.timedeltas(-_HOUR, 6 * _HOUR),
)
def test_every_message_ends(
    attempts: int, asked: timedelta | None, jitter: float, left: timedelta
) -> None:
    wait = wait_before_next(attempts, asked, jitter, left)
    assert wait is None or timedelta() < wait < left
