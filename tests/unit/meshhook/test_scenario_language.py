"""The language of stories: it writes what MeshHook writes, and says where it is not understood."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest

from meshhook_alerts.sources.meshhook.runs.history import START_UNKNOWN
from tests.unit.builders import START
from tests.unit.meshhook.scenarios import ScenarioError, play


def test_attempts_come_with_their_answers_and_pauses() -> None:
    scene = play("started a, failed a 1..5 'Error: HTTP 503'")
    types = [event.type for event in scene.events]
    assert types == ["step_started"] + ["http_attempted", "step_failed"] * 5
    failures = [event for event in scene.events if event.type == "step_failed"]
    gaps = [(later.ts - earlier.ts).total_seconds() for earlier, later in pairwise(failures)]  # fmt: skip
    assert gaps == [0.7, 1.2, 2.2, 4.2]
    assert [event.attempt for event in failures] == ["1", "2", "3", "4", "5"]
    assert {event.http_status for event in scene.events} == {None, "503"}


def test_errors_of_the_connection_come_without_an_answer() -> None:
    assert [event.type for event in play("failed a 1 'Error: x'").events] == ["step_failed"]


def test_types_follow_from_names_unless_given() -> None:
    scene = play("started transform, started terminate, started a, started b as delay, started ?")
    types = ["transform", "terminate", "http_call", "delay", None]
    assert [event.node_type for event in scene.events] == types
    assert scene.events[-1].node_id is None


def test_time_is_counted_to_the_microsecond() -> None:
    assert play("silence 60.000001 s").now - START == timedelta(seconds=60, microseconds=1)
    assert play("wait 2 min, wait 1 h, wait 1 d, wait 5 ms").now - START == timedelta(
        days=1, hours=1, minutes=2, milliseconds=5
    )


def test_quotations_may_hold_commas() -> None:
    scene = play("failed a 1 'one, two', failed a 2")
    assert [event.error for event in scene.events] == ["one, two", None]


def test_ids_and_times_may_disagree() -> None:
    swapped = play("run created, started a, swap ids").run().events
    assert [(event.id, event.type) for event in swapped] == [(2, "run_created"), (1, "step_started")]  # fmt: skip
    late = play("run created, started a, late 5 ms").run().events
    assert [event.type for event in late] == ["step_started", "run_created"]


def test_what_becomes_of_the_row() -> None:
    done = play("run created, completed").run()
    assert (done.status, done.finished_at, done.updated_at) == ("succeeded",) + (START + timedelta(milliseconds=200),) * 2  # fmt: skip
    failed = play("wait 1 s, status failed").run()
    assert (failed.status, failed.finished_at) == ("failed", None)
    old = play("old schema, start unknown, paused").run()
    assert (old.status, old.updated_at, old.started_at) == ("paused", None, START_UNKNOWN)
    assert START_UNKNOWN.timestamp() == 0  # the word for it in our queries is 'epoch'


@pytest.mark.parametrize(
    ("story", "where"),
    [
        ("run created, startd a", "clause 2 at column 14, 'startd a': not understood; clauses begin"),
        ("run created,, started a", "clause 2 at column 13, '': not understood"),
        ("started a, failed a 5..1 'x'", "clause 2 at column 12, .*: '5..1' is no range"),
        ("failed a 1 'x", "column 1: a quotation without its end"),
        ("run created, failed a 1 'x", "column 13: a quotation without its end"),
        ("silence 3 weeks", "clause 1 at column 1, 'silence 3 weeks': not understood"),
        ("run created, swap ids", "clause 2 at column 14, 'swap ids': there are not two events"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_said_with_its_place(story: str, where: str) -> None:
    with pytest.raises(ScenarioError, match=where):
        play(story)
