"""What to try first: every kind that needs a hint of its own has one that is about it."""

from __future__ import annotations

import pytest

from meshhook_alerts.domain.error_class import ERROR_CLASSES
from meshhook_alerts.domain.hints import BY_KIND, hint_for
from meshhook_alerts.domain.kinds import KINDS


@pytest.mark.parametrize("kind", BY_KIND)
def test_a_kind_has_its_hint_where_the_error_says_nothing(kind: str) -> None:
    assert kind in KINDS
    assert hint_for(kind, "unknown") == BY_KIND[kind]
    assert hint_for(kind, "dns") == ERROR_CLASSES["dns"].hint


def test_without_one_the_run_is_the_place_to_look() -> None:
    assert hint_for("retries_exhausted", "unknown") == "See the run for what led up to it."
