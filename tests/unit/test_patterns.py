"""Patterns mean what the field's usual globs mean, without their character classes."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshhook_alerts.domain.patterns import any_matches, parse


@given(st.text("ab*?", max_size=8), st.text("ab", max_size=10))
def test_a_pattern_means_what_a_glob_means(pattern: str, text: str) -> None:
    assert parse(pattern).matches(text) == fnmatchcase(text, pattern)


@pytest.mark.parametrize(
    ("pattern", "text", "agrees"),
    [("fetch[0]", "fetch[0]", True), ("fetch[0]", "fetch0", False), ("*", "", True), ("", "", True),
     ("?", "", False), ("a*a", "a", False), ("Orders", "orders", False), ("**x**", "x", True)],
)  # fmt: skip
def test_examples(pattern: str, text: str, agrees: bool) -> None:
    assert parse(pattern).matches(text) is agrees


def test_no_pattern_of_many_agrees_with_nothing_it_should_not() -> None:
    assert not any_matches(("a", "b*"), "c")
    assert any_matches(("a", "b*"), "bc")
    assert not any_matches((), "c")
