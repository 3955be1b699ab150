"""When to look again, when a run is settled, and which runs prove their workflow healthy."""

from __future__ import annotations

from datetime import timedelta

import pytest

from meshhook_alerts.sources.meshhook.runs.history import Event
from tests.unit.builders import START
from tests.unit.meshhook.scenarios import play

SECOND = timedelta(seconds=1)
JUST_PAST = timedelta(microseconds=1)
CALLED = "run created, started a, attempted a 200, succeeded a, "


@pytest.mark.parametrize(
    ("story", "after"),
    [
        ("silence 10 s", 20 * SECOND),
        ("silence 40 s", None),
        ("run created, silence 10 s", 50 * SECOND),
        ("run created, silence 60 s", 0 * SECOND),
        ("run created, silence 70 s", None),
        ("run created, stall 20 s, silence 5 s", 15 * SECOND),
        ("run created, deadline 30 s, silence 5 s", 24.9 * SECOND),
        ("run created, deadline 300 s, silence 70 s", 229.9 * SECOND),
        ("run created, deadline 30 s, silence 70 s", None),
        ("started a, failed a 1 'AggregateError', silence 10 s", 50 * SECOND),
        ("event odd, silence 70 s", 230 * SECOND),
        ("event run_completed, silence 10 s", 20 * SECOND),
        ("event run_completed, silence 40 s", 260 * SECOND),
        ("event run_completed, silence 6 min", None),
        ("run created, paused, silence 1 h", timedelta(hours=23)),
        ("run created, paused, silence 25 h", None),
        ("run created, partition dropped, silence 0 s", timedelta(minutes=5) - 0.1 * SECOND),
        (CALLED + "completed, silence 10 s", 590 * SECOND),
        (CALLED + "completed, silence 11 min", None),
        ("run created, finished, silence 10 s", 20 * SECOND),
    ],
)
def test_when_to_look_again(story: str, after: timedelta | None) -> None:
    scene = play(story)
    expected = None if after is None else scene.now + after + JUST_PAST
    assert scene.look().look_again_at == expected


@pytest.mark.parametrize(
    ("story", "settled"),
    [
        (CALLED + "completed, silence 10 min", False),
        (CALLED + "completed, silence 601 s", True),
        (CALLED + "completed, silence 601 s, succeeded a, silence 30 s", False),
        (CALLED + "terminated, silence 601 s", True),
        ("run created, status failed, silence 30 s", False),
        ("run created, status failed, silence 601 s", True),
        ("run created, wait 1 h, status canceled, silence 599 s", False),
        ("run created, status canceled, silence 601 s", True),
        ("old schema, run created, status failed, silence 601 s", True),
        ("run created, silence 30 d", False),
        ("run created, paused, silence 30 d", False),
        ("run created, finished, silence 30 d", False),
    ],
)
def test_a_run_is_settled_once_closed_and_beyond_late_rows(story: str, settled: bool) -> None:
    assert play(story).look().settled is settled


@pytest.mark.parametrize(
    ("story", "clean"),
    [
        (CALLED + "completed", True),
        (CALLED + "started terminate, terminated", True),
        (CALLED + "started b, failed b 1 'Error: HTTP 404', succeeded b, completed", True),
        (CALLED + "event step_measured a, completed", True),
        ("start unknown, old schema, " + CALLED + "completed", True),
        (CALLED + "completed, silence 30 d", True),
        (CALLED + "event run_completed", False),
        (CALLED + "status succeeded", False),
        (CALLED + "started b, completed", False),
        (CALLED + "started b, failed b 1..5 'AggregateError', completed", False),
        (CALLED + "completed, failed a 2 'AggregateError'", False),
        (CALLED + "completed, partition dropped", False),
        (CALLED + "event run_completed, status failed", False),
        ("run created", False),
        ("silence 1 s", False),
    ],
)
def test_a_clean_run_completed_with_every_step_done(story: str, clean: bool) -> None:
    assert play(story).look().clean is clean


@pytest.mark.parametrize(
    ("type_", "status", "did"),
    [
        ("http_attempted", "200", True),
        ("http_attempted", "299", True),
        ("http_attempted", "301", False),
        ("http_attempted", "2xx", False),
        ("http_attempted", "2000", False),
        ("http_attempted", None, False),
        ("step_failed", "200", False),
    ],
)
def test_only_an_answer_of_2xx_shows_an_effect(type_: str, status: str | None, did: bool) -> None:
    assert Event(1, START, type_, http_status=status).succeeded_remotely is did
