"""Under which reference and time a finding counts once, and what it says."""

from __future__ import annotations

from datetime import timedelta

import pytest

from meshhook_alerts.domain.error_class import classify
from tests.unit.builders import START
from tests.unit.meshhook.scenarios import RUN, play

# Events are numbered from 1 in the order of the story.
REFERENCES: tuple[tuple[str, str], ...] = (
    ("run created, started a, failed a 1..5 'AggregateError'", "retries_exhausted event:7"),
    ("started a, failed a 4..6 'AggregateError'", "retries_exhausted event:3"),
    ("started a, failed a 6..7 'AggregateError'", "retries_exhausted event:2"),
    ("attempt limit 2, started a, failed a 1..5 'AggregateError'", "retries_exhausted event:3"),
    ("started a, failed a 1..5 'TypeError: Invalid URL'", "will_not_heal event:2"),
    (
        "started a, failed a 1 'AggregateError', failed a 2..5 'TypeError: Invalid URL'",
        "retries_exhausted event:6",
    ),
    (
        "started a, failed a 1 'TypeError: Invalid URL', silence 70 s",
        "will_not_heal event:2, retry_abandoned event:2:abandoned",
    ),
    (
        "started a, failed a 1..2 'TypeError: Invalid URL', silence 70 s",
        "will_not_heal event:2, retry_abandoned event:3",
    ),
    ("started a, failed a 1..2 'AggregateError', silence 70 s", "retry_abandoned event:3"),
    ("started a, failed a 1..2 'AggregateError'", "retrying event:3:retrying"),
    ("run created, silence 70 s", "never_started event:1"),
    ("started a, silence 70 s", "step_no_outcome event:1"),
    ("started a, attempted a 200, silence 70 s", "response_no_outcome event:2"),
    ("started a, succeeded a, silence 70 s", "not_advanced event:2"),
    ("silence 70 s", "no_events run:R:no_events"),
    ("run created, partition dropped, silence 6 min", "stalled run:R:stalled"),
    ("event odd, silence 6 min", "unknown_event event:1:unknown, stalled event:1:stalled"),
    ("event odd, event odd", "unknown_event event:1:unknown"),
    ("event run_failed, event run_failed", "run_failed event:1, run_failed event:2"),
    (
        "event run_completed, silence 6 min",
        "completed_not_closed event:1:not_closed, stalled event:1:stalled",
    ),
    ("status succeeded", "closed_no_event run:R:no_completion"),
    (
        "started a, started b, completed",
        "false_success run:R:false_success:a, false_success run:R:false_success:b",
    ),
    (
        "started a, failed a 1..2 'error: unsupported Unicode escape sequence' after 200",
        "effect_without_record event:3, retrying event:5:retrying",
    ),
    (
        "started a, failed a 1..5 'AggregateError' after 200",
        "effect_without_record event:3:effect, retries_exhausted event:11",
    ),
    ("completed, event odd", "event_after_end event:2:late, unknown_event event:2:unknown"),
    ("completed, event run_completed, event run_completed", "executed_twice event:2:twice"),
    ("started a, started a, started a", "executed_twice event:2:twice"),
    ("deadline 1 min, paused, silence 1 h", "over_deadline run:R:over_deadline"),
    ("paused, silence 25 h", "paused_too_long run:R:paused"),
    ("status failed", "run_failed run:R:failed"),
    ("status canceled", "run_canceled run:R:canceled"),
)


@pytest.mark.parametrize(("story", "expected"), REFERENCES)
def test_what_a_finding_counts_as(story: str, expected: str) -> None:
    findings = play(story).look().findings
    found = [f"{each.kind.name} {each.ref}".replace(str(RUN), "R") for each in findings]
    assert sorted(found) == sorted(expected.split(", "))


@pytest.mark.parametrize("story", [story for story, _ in REFERENCES])
def test_a_finding_bears_the_time_of_what_its_reference_names(story: str) -> None:
    scene = play(story)
    times = {f"event:{event.id}": event.ts for event in scene.events}
    for finding in scene.look().findings:
        named = ":".join(finding.ref.split(":")[:2])
        assert finding.at == times.get(named, START)


def test_a_pause_bears_the_time_of_its_row() -> None:
    (finding,) = play("wait 3 h, paused, silence 25 h").look().findings
    assert finding.at == START + timedelta(hours=3)
    (finding,) = play("old schema, wait 3 h, paused, silence 25 h").look().findings
    assert finding.at == START


def test_the_reference_of_a_silence_moves_on_with_the_silence() -> None:
    (before,) = play("started a, silence 2 min").look().findings
    (after,) = play("started a, silence 2 min, attempted a 200, silence 2 min").look().findings
    assert (before.ref, after.ref) == ("event:1", "event:2")


@pytest.mark.parametrize(
    ("story", "error", "detail"),
    [
        ("started a, failed a 1..5 'AggregateError'", "AggregateError", None),
        ("started a, failed a 1..5", None, "Step failed without an error text"),
        ("started a, failed a 2 'AggregateError', silence 70 s", "AggregateError", None),
        ("started a, failed a 5 'AggregateError', silence 70 s, status failed", "AggregateError", None),
        ("started a, silence 70 s", None, "Run went silent after step_started"),
        ("event odd, silence 6 min", None, "Run went silent after odd"),
        ("silence 70 s", None, "Run went silent with no event at all"),
        ("event run_failed", None, "Event run_failed"),
        ("event run_failed 'it broke'", "it broke", None),
        ("event odd", None, "Event of unknown type odd"),
        ("started a, completed", None, "Run succeeded although its step ended with step_started"),
        ("started a, started a", None, "Step was started twice"),
        ("completed, event run_completed", None, "Run completed twice"),
        ("completed, succeeded a", None, "step_succeeded after run_completed"),
    ],
)  # fmt: skip
def test_what_a_finding_says(story: str, error: str | None, detail: str | None) -> None:
    findings = play(story).look().findings
    finding = findings[0]
    assert (finding.event.error if finding.event else None) == error
    if error is None:
        assert finding.detail == detail


def test_silences_are_of_the_class_that_asks_for_the_workers() -> None:
    for story in ("silence 70 s", "run created, silence 70 s", "event odd, silence 6 min"):
        detail = play(story).look().findings[0].detail
        assert detail is not None
        assert classify(detail, None).name == "silent"
