"""One trouble, one alert: every pair of the table is told right."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.troubles import Pair, pairs
from meshhook_alerts.domain.error_text import error_of
from meshhook_alerts.domain.normaliser import normalise
from meshhook_alerts.domain.redaction import redact

PAIRS = list(pairs())


def test_there_are_enough_pairs_of_either_sort() -> None:
    assert sum(pair.same for pair in PAIRS) >= 40
    assert sum(not pair.same for pair in PAIRS) >= 40


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: f"{pair.origin}: {pair.one[:40]}")
def test_troubles_are_told_apart_and_no_more(pair: Pair) -> None:
    assert (error_of(pair.one) == error_of(pair.other)) is pair.same
    assert error_of(pair.one) == normalise(redact(pair.one))


@given(st.sampled_from([text for pair in PAIRS for text in (pair.one, pair.other)]))
def test_normalising_what_is_normal_changes_nothing(text: str) -> None:
    once = error_of(text)
    assert normalise(once) == once
