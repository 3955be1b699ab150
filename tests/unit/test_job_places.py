"""How sweeps over jobs remember where they are, and when a fleet counts as silent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from meshhook_alerts.adapters.postgres.detection.job_sweep import FEWEST, SLICE, Place
from meshhook_alerts.sources.meshhook.platform.fleet import is_silent
from meshhook_alerts.sources.meshhook.queue.rules import OFTEN

RULES = {rule.identifier: rule for rule in OFTEN}
AGAIN, ONCE = RULES["Q1"], RULES["Q5"]
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_a_full_slice_is_gone_on_with_at_once_and_alone() -> None:
    place = Place.of(None).moved(AGAIN, SLICE, "2000")
    assert place.position == {"at": {"Q1": "2000"}, "unfinished": ["Q1"], "rows": {}}
    assert Place.of(place.position).due(OFTEN) == [AGAIN]


def test_a_rounds_end_begins_anew_but_for_what_is_gone_through_once() -> None:
    place = Place({"Q1": "2000", "Q5": "a|1"}, ("Q1", "Q5"))
    place = place.moved(AGAIN, 7, "2007").moved(ONCE, 3, "b|2")
    assert place.position == {"at": {"Q5": "b|2"}, "unfinished": [], "rows": {}}
    assert place.moved(ONCE, 0, None).at == {"Q5": "b|2"}
    assert place.due(OFTEN) == list(OFTEN)


def test_a_rule_that_failed_keeps_its_place_and_is_not_tried_at_once() -> None:
    place = Place({"Q1": "2000"}, ("Q1",)).passed_over(AGAIN)
    assert place.position == {"at": {"Q1": "2000"}, "unfinished": [], "rows": {"Q1": SLICE // 2}}


def test_a_rule_that_goes_on_failing_takes_ever_fewer_rows_and_more_again_when_it_works() -> None:
    place = Place({"Q1": "2000"}, ("Q1",))
    for _ in range(20):
        place = Place.of(place.passed_over(AGAIN).position)
    assert place.slice_of(AGAIN) == FEWEST
    place = place.moved(AGAIN, FEWEST, "2010")
    assert place.due(OFTEN) == [AGAIN]
    assert place.slice_of(AGAIN) == 2 * FEWEST
    for _ in range(20):
        place = place.moved(AGAIN, 3, "2013")
    assert place.slice_of(AGAIN) == SLICE


def test_rules_of_another_version_are_forgotten() -> None:
    assert Place({}, ("Q99",)).due(OFTEN) == list(OFTEN)


@pytest.mark.parametrize(("minutes", "silent"), [(None, True), (6, True), (4, False)])
def test_a_fleet_is_silent_once_no_work_was_done_in_the_window(
    minutes: int | None, silent: bool
) -> None:
    worked_at = None if minutes is None else NOW - timedelta(minutes=minutes)
    assert is_silent(NOW, worked_at, timedelta(minutes=5)) is silent
