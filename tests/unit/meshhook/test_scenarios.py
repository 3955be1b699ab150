"""What is found in a run, told as stories: every rule, every fault, both sides of each limit."""

from __future__ import annotations

import pytest

from meshhook_alerts.domain.kinds import KINDS
from tests.unit.meshhook.scenarios import play

CALLING = "run created, started transform, succeeded transform, started http_call, "
CALLED = CALLING + "attempted http_call 200, succeeded http_call, "
EXHAUSTED = CALLING + "failed http_call 1..5 'Error: HTTP 503', "

# What happens, the story, the kinds found (the rule in parentheses is for the reader).
SCENARIOS: tuple[tuple[str, str, str], ...] = (
    # ------------------------------------------------------------ nothing is wrong
    ("row just inserted", "silence 1 s", ""),
    ("just accepted", "run created, silence 2 s", ""),
    ("step at work", CALLING + "silence 40 s", ""),
    ("answer being stored", CALLING + "attempted http_call 200, silence 5 s", ""),
    ("between two steps", "run created, started transform, succeeded transform, wait 20 s", ""),
    ("ended with its last node", CALLED + "completed, silence 1 h", ""),
    (
        "ended with a terminate node",
        CALLED + "started terminate, terminated, silence 1 h",
        "",
    ),
    (
        "ended after two retries",
        CALLING + "failed http_call 1..2 'Error: HTTP 503', wait 2 s, attempted http_call 200, "
        "succeeded http_call, completed, silence 1 h",
        "",
    ),
    (
        "ended at the last attempt",
        CALLING + "failed http_call 1..4 'SocketError: other side closed', wait 4 s, "
        "attempted http_call 200, succeeded http_call, completed",
        "",
    ),
    (
        "every step of three retried and healed",
        "run created, "
        "started a, failed a 1..4 'Error: HTTP 500', wait 4 s, succeeded a, "
        "started b, failed b 1..3 'Error: HTTP 429', wait 2 s, succeeded b, "
        "started c, failed c 1..2 'Error: connect ECONNREFUSED 10.0.0.1:443', wait 1 s, "
        "succeeded c, completed, silence 1 d",
        "",
    ),
    (
        "slow steps, each within grace",
        "run created, wait 59 s, started a, wait 59 s, attempted a 200, wait 59 s, succeeded a, "
        "wait 59 s, completed, silence 1 h",
        "",
    ),
    (
        "two nodes in parallel",
        "run created, started a, started b, attempted b 200, failed a 1 'Error: HTTP 503', "
        "succeeded b, wait 500 ms, attempted a 200, succeeded a, completed",
        "",
    ),
    (
        "a second trigger finishes the run",
        "run created, started transform, succeeded transform, wait 30 s, started http_call, "
        "attempted http_call 200, succeeded http_call, completed",
        "",
    ),
    (
        "ids in another order than times",
        CALLING + "attempted http_call 200, succeeded http_call, swap ids, completed",
        "",
    ),
    (
        "a step told late, before the end",
        CALLING + "attempted http_call 200, succeeded http_call, late 0 ms, completed",
        "",
    ),
    ("paused for a day less a minute", CALLED + "paused, silence 1439 min", ""),
    ("silent while paused", "run created, paused, silence 2 h", ""),
    ("within its deadline", CALLING + "deadline 10 min, silence 50 s", ""),
    ("past its deadline and ended", CALLED + "completed, deadline 1 min, silence 1 h", ""),
    ("its events dropped with their partition, succeeded", CALLED + "completed, partition dropped, silence 90 d", ""),
    ("old schema, ended", "old schema, " + CALLED + "completed, silence 1 h", ""),
    ("old schema, start unknown, ended", "start unknown, " + CALLED + "completed, silence 1 h", ""),
    (
        "old schema, start unknown, within its deadline",
        "old schema, start unknown, deadline 10 min, run created, started a, silence 30 s",
        "",
    ),
    # ------------------------------------------------------------ M1 to M3: the status tells
    ("marked failed by hand", CALLING + "status failed, silence 1 h", "run_failed"),
    ("marked failed before any event", "status failed", "run_failed"),
    (
        "marked failed after its retries were used up",
        EXHAUSTED + "status failed",
        "run_failed retries_exhausted",
    ),
    ("canceled", CALLING + "status canceled, silence 1 h", "run_canceled"),
    ("paused for over a day", CALLED + "paused, silence 25 h", "paused_too_long"),
    ("paused for exactly the limit", "run created, paused, silence 1 d", ""),
    ("paused for just longer", "run created, paused, silence 24.000001 h", "paused_too_long"),
    (
        "paused longer than the workflow's own limit",
        "run created, paused, pause limit 2 h, silence 3 h",
        "paused_too_long",
    ),
    (
        "paused for over a day, with an event since",
        "run created, started a, paused, wait 2 h, succeeded a, silence 23 h",
        "paused_too_long",
    ),
    ("resumed in time", CALLED + "paused, wait 25 h, resumed, completed", ""),
    (
        "old schema, paused: counted from its newest event",
        "old schema, run created, wait 23 h, started a, paused, silence 23 h",
        "",
    ),
    (
        "old schema, paused for long",
        "old schema, run created, started a, paused, silence 25 h",
        "paused_too_long",
    ),
    # ------------------------------------------------------------ M4: the faults
    ("503 five times", EXHAUSTED + "silence 1 s", "retries_exhausted"),
    ("503 five times, an hour ago", EXHAUSTED + "silence 1 h", "retries_exhausted"),
    ("301 at once", CALLING + "failed http_call 1 'Error: HTTP 301'", "retrying will_not_heal"),
    ("400 at once", CALLING + "failed http_call 1 'Error: HTTP 400'", "retrying will_not_heal"),
    ("401 at once", CALLING + "failed http_call 1 'Error: HTTP 401'", "retrying will_not_heal"),
    ("404 five times is told once", CALLING + "failed http_call 1..5 'Error: HTTP 404', silence 1 h", "will_not_heal"),
    ("408 once", CALLING + "failed http_call 1 'Error: HTTP 408'", "retrying"),
    ("429 once", CALLING + "failed http_call 1 'Error: HTTP 429'", "retrying"),
    ("429 five times", CALLING + "failed http_call 1..5 'Error: HTTP 429'", "retries_exhausted"),
    (
        "refused five times",
        CALLING + "failed http_call 1..5 'Error: connect ECONNREFUSED 127.0.0.1:59999'",
        "retries_exhausted",
    ),
    (
        "name does not resolve",
        CALLING + "failed http_call 1..5 'Error: getaddrinfo ENOTFOUND no-such-host.invalid'",
        "will_not_heal",
    ),
    (
        "peer closes five times",
        CALLING + "failed http_call 1..5 'SocketError: other side closed'",
        "retries_exhausted",
    ),
    (
        "no headers, five times",
        CALLING + "failed http_call 1..5 'HeadersTimeoutError: Headers Timeout Error'",
        "retries_exhausted",
    ),
    (
        "no body, five times",
        CALLING + "failed http_call 1..5 'BodyTimeoutError: Body Timeout Error'",
        "retries_exhausted",
    ),
    (
        "garbage for an answer",
        CALLING + "failed http_call 1..5 'HTTPParserError: Response does not match the HTTP/1.1 "
        "protocol (Expected HTTP/)'",
        "will_not_heal",
    ),
    ("bad URL", CALLING + "failed http_call 1..5 'TypeError: Invalid URL'", "will_not_heal"),
    (
        "self-signed certificate",
        CALLING + "failed http_call 1..5 'Error: self-signed certificate'",
        "will_not_heal",
    ),
    (
        "no time to connect, five times",
        CALLING + "failed http_call 1..5 'ConnectTimeoutError: Connect Timeout Error'",
        "retries_exhausted",
    ),
    ("an error nobody knows, once", CALLING + "failed http_call 1 'AggregateError'", "retrying"),
    ("an error nobody knows, five times", CALLING + "failed http_call 1..5 'AggregateError'", "retries_exhausted"),
    ("an error without a text, five times", CALLING + "failed http_call 1..5", "retries_exhausted"),
    (
        "an error that speaks of silence, five times",
        CALLING + "failed http_call 1..5 'Error: peer is silent'",
        "retries_exhausted",
    ),
    (
        "404 first, then healed",
        CALLING + "failed http_call 1 'Error: HTTP 404', wait 500 ms, attempted http_call 200, "
        "succeeded http_call, completed, silence 1 h",
        "will_not_heal",
    ),
    (
        "503 first, 404 from then on",
        CALLING + "failed http_call 1 'Error: HTTP 503', failed http_call 2..5 'Error: HTTP 404'",
        "retries_exhausted",
    ),
    (
        "404 first, 503 from then on: both are true",
        CALLING + "failed http_call 1 'Error: HTTP 404', failed http_call 2..5 'Error: HTTP 503'",
        "will_not_heal retries_exhausted",
    ),
    (
        "404 first, and of the rest only a seventh attempt with another error is there",
        CALLING + "failed http_call 1 'Error: HTTP 404', failed http_call 7 'Error: HTTP 503'",
        "will_not_heal retries_exhausted",
    ),
    ("a sixth attempt tells nothing new", CALLING + "failed http_call 1..6 'Error: HTTP 503', silence 1 h", "retries_exhausted"),
    ("only a seventh attempt is there", CALLING + "failed http_call 7 'Error: HTTP 503', silence 1 h", "retries_exhausted"),
    (
        "limit lower than the engine's",
        "attempt limit 3, " + EXHAUSTED + "silence 1 h",
        "retries_exhausted",
    ),
    (
        "limit lower than the engine's, healed at the fourth",
        "attempt limit 3, " + CALLING + "failed http_call 1..3 'Error: HTTP 503', wait 2 s, "
        "attempted http_call 200, succeeded http_call, completed",
        "retries_exhausted",
    ),
    (
        "limit higher than the engine's: silence tells",
        "attempt limit 9, " + EXHAUSTED + "silence 61 s",
        "retry_abandoned",
    ),
    ("limit of one", "attempt limit 1, " + CALLING + "failed http_call 1 'Error: HTTP 503', silence 1 h", "retries_exhausted"),
    ("limit of one and a 404", "attempt limit 1, " + CALLING + "failed http_call 1 'Error: HTTP 404', silence 1 h", "will_not_heal"),
    (
        "two nodes in parallel, one used up: the other cannot go on either",
        "run created, started a, started b, failed a 1..5 'Error: HTTP 503', attempted b 200, "
        "succeeded b, silence 50 s",
        "retries_exhausted",
    ),
    (
        "two nodes in parallel, one used up, and then silence after the other",
        "run created, started a, started b, failed a 1..5 'Error: HTTP 503', attempted b 200, "
        "succeeded b, silence 70 s",
        "retries_exhausted not_advanced",
    ),
    (
        "two nodes in parallel, both used up",
        "run created, started a, started b, failed a 1..5 'Error: HTTP 503', "
        "failed b 1..5 'Error: HTTP 500', silence 1 h",
        "retries_exhausted retries_exhausted",
    ),
    # ------------------------------------------------------------ M5 to M9: silence
    ("retrying", CALLING + "failed http_call 1..2 'Error: HTTP 503', silence 2 s", "retrying"),
    ("retrying for exactly the grace time", CALLING + "failed http_call 1..2 'Error: HTTP 503', silence 60 s", "retrying"),
    (
        "retry abandoned",
        CALLING + "failed http_call 1..4 'Error: HTTP 503', silence 60.000001 s",
        "retry_abandoned",
    ),
    (
        "404, and the worker died: two things are wrong",
        CALLING + "failed http_call 1 'Error: HTTP 404', silence 70 s",
        "will_not_heal retry_abandoned",
    ),
    (
        "404 twice, and the worker died",
        CALLING + "failed http_call 1..2 'Error: HTTP 404', silence 70 s",
        "will_not_heal retry_abandoned",
    ),
    ("step lost, just inside grace", CALLING + "silence 60 s", ""),
    ("step lost, just past grace", CALLING + "silence 60.000001 s", "step_no_outcome"),
    ("node type nobody knows", "run created, started wait as delay, silence 2 min", "step_no_outcome"),
    ("terminate lost", CALLED + "started terminate, silence 2 min", "step_no_outcome"),
    ("died with the answer, just inside", CALLING + "attempted http_call 200, silence 60 s", ""),
    (
        "died with the answer",
        CALLING + "attempted http_call 200, silence 60.000001 s",
        "response_no_outcome",
    ),
    ("died with an answer of 503", CALLING + "attempted http_call 503, silence 70 s", "response_no_outcome"),
    ("not advanced, just inside", CALLED + "silence 60 s", ""),
    ("not advanced", CALLED + "silence 60.000001 s", "not_advanced"),
    ("never started, just inside", "run created, silence 60 s", ""),
    ("never started", "run created, silence 60.000001 s", "never_started"),
    ("never started, a month ago", "run created, silence 30 d", "never_started"),
    ("the workflow's own grace", "grace 20 s, run created, silence 25 s", "never_started"),
    ("a stall limit below the grace time", "stall 20 s, run created, silence 25 s", "never_started"),
    (
        "a stall limit below the grace time, later: still one failure",
        "stall 20 s, run created, silence 2 h",
        "never_started",
    ),
    ("silent after a step told late", CALLING + "attempted http_call 200, late 50 ms, silence 2 min", "step_no_outcome"),
    ("newest by time, not by id", CALLING + "attempted http_call 200, swap ids, silence 2 min", "response_no_outcome"),
    ("old schema, never started", "old schema, run created, silence 2 min", "never_started"),
    ("came back from silence", CALLING + "silence 10 min, attempted http_call 200", ""),
    # ------------------------------------------------------------ M10 to M13: the row and its events
    ("no events, just inside", "silence 30 s", ""),
    ("no events", "silence 30.000001 s", "no_events"),
    ("no events, old schema, start unknown", "old schema, start unknown, silence 0 s", "no_events"),
    ("its events dropped, open for long", "run created, partition dropped, silence 90 d", "stalled"),
    ("its events dropped, open for a minute", "run created, partition dropped, silence 1 min", ""),
    ("completed, closing", CALLED + "event run_completed, silence 30 s", ""),
    (
        "completed, not closed",
        CALLED + "event run_completed, silence 30.000001 s",
        "completed_not_closed",
    ),
    (
        "completed, never closed",
        CALLED + "event run_completed, silence 6 min",
        "completed_not_closed stalled",
    ),
    ("succeeded by hand, no step at work", CALLED + "status succeeded", "closed_no_event"),
    ("succeeded by hand, before any event", "status succeeded", "closed_no_event"),
    ("succeeded without a finishing time", CALLED + "completed, unfinished", "closed_no_event"),
    (
        "succeeded by hand after its retries were used up",
        EXHAUSTED + "status succeeded",
        "retries_exhausted closed_no_event false_success",
    ),
    (
        "closed over a step that never succeeded",
        CALLING + "completed, silence 1 h",
        "false_success",
    ),
    (
        "closed over two of them",
        "run created, started a, started b, attempted b 200, completed",
        "false_success false_success",
    ),
    ("running with a finishing time: closed by hand, in part", CALLED + "finished, silence 1 h", "completed_not_closed"),
    # ------------------------------------------------------------ M14: the effect and no record
    (
        "answers that cannot be stored: a NUL",
        CALLING
        + "failed http_call 1..5 'error: unsupported Unicode escape sequence' after 200, silence 1 h",
        "effect_without_record",
    ),
    (
        "answers that cannot be stored: half an emoji",
        CALLING + "failed http_call 1..5 'error: invalid input syntax for type json' after 200",
        "effect_without_record",
    ),
    (
        "an answer that cannot be stored, only from the second attempt on",
        CALLING + "failed http_call 1 'Error: HTTP 503', "
        "failed http_call 2..5 'error: unsupported Unicode escape sequence' after 200",
        "effect_without_record retries_exhausted",
    ),
    (
        "the database went away as the answer was stored",
        CALLING + "failed http_call 1 'Error: Connection terminated unexpectedly' after 201",
        "retrying",
    ),
    (
        "the database went away, and the worker with it",
        CALLING + "failed http_call 1 'Error: Connection terminated unexpectedly' after 201, "
        "silence 60.000001 s",
        "effect_without_record retry_abandoned",
    ),
    (
        "the database went away, and the next answer is being stored",
        CALLING + "failed http_call 1 'Error: Connection terminated unexpectedly' after 201, "
        "wait 5 s, attempted http_call 200, silence 59 s",
        "",
    ),
    (
        "the database stayed away",
        CALLING + "failed http_call 1..5 'Error: Connection terminated unexpectedly' after 201",
        "effect_without_record retries_exhausted",
    ),
    (
        "the database went away, and the run was stopped",
        CALLING + "failed http_call 1 'Error: Connection terminated unexpectedly' after 201, "
        "status canceled",
        "run_canceled",
    ),
    (
        "the database came back",
        CALLING + "failed http_call 1 'Error: Connection terminated unexpectedly' after 201, "
        "wait 500 ms, attempted http_call 200, succeeded http_call, completed",
        "",
    ),
    (
        "an answer of another node is no effect of this one",
        "run created, started a, started b, attempted b 200, "
        "failed a 1 'SocketError: other side closed', succeeded b, silence 1 s",
        "",
    ),
    # ------------------------------------------------------------ M15, M16: after the end, twice
    ("late success", CALLING + "completed, succeeded http_call, silence 1 h", "event_after_end"),
    (
        "late failure",
        CALLED + "completed, failed http_call 2 'SocketError: other side closed'",
        "event_after_end false_success",
    ),
    (
        "orchestrated twice",
        "run created, started a, started a, attempted a 200, succeeded a, attempted a 200, "
        "succeeded a, completed",
        "executed_twice",
    ),
    (
        "orchestrated three times is told once",
        "run created, started a, started a, started a, succeeded a, completed",
        "executed_twice",
    ),
    ("completed twice", CALLED + "completed, event run_completed", "executed_twice"),
    # ------------------------------------------------------------ M17: the deadline
    ("over its deadline", "deadline 30 s, " + CALLING + "silence 40 s", "over_deadline"),
    ("at its deadline exactly", "deadline 30 s, silence 30 s", ""),
    (
        "just over its deadline",
        "deadline 30 s, run created, silence 29.900001 s",
        "over_deadline",
    ),
    ("paused over its deadline", "deadline 1 h, run created, paused, silence 2 h", "over_deadline"),
    (
        "silent and over its deadline",
        "deadline 1 h, run created, silence 2 h",
        "never_started over_deadline",
    ),
    (
        "old schema, start unknown, over its deadline",
        "old schema, start unknown, deadline 30 s, run created, started a, silence 40 s",
        "over_deadline",
    ),
    # ------------------------------------------------------------ M19: a later MeshHook
    ("unknown event", CALLING + "event step_delayed http_call, silence 1 s", "unknown_event"),
    (
        "unknown event, then success: no false one",
        CALLED + "event step_measured http_call, completed",
        "unknown_event",
    ),
    ("many of one unknown type", CALLED + "event step_log, event step_log, event step_log, completed", "unknown_event"),
    ("deadline in a name is no failure", CALLED + "event deadline_extended, completed", "unknown_event"),
    ("told to have failed", CALLING + "event run_failed, silence 1 h", "run_failed"),
    ("told of a node's error", CALLING + "event node_error http_call 'Error: HTTP 503'", "run_failed"),
    ("told in camel case", CALLING + "event runTimedOut", "run_failed"),
    ("told of an abort", CALLING + "event run_aborted, status failed", "run_failed run_failed"),
    ("told of a dead letter", CALLING + "event job_dead_lettered", "run_failed"),
    ("told of a timeout", CALLING + "event run_timeout, silence 1 h", "run_failed"),
    # ------------------------------------------------------------ the catch-all
    (
        "silent after an unknown event, just inside",
        "run created, event run_queued, silence 5 min",
        "unknown_event",
    ),
    (
        "silent after an unknown event",
        "run created, event run_queued, silence 300.000001 s",
        "unknown_event stalled",
    ),
    (
        "the workflow's own stall limit",
        "stall 2 h, run created, event run_queued, silence 1 h",
        "unknown_event",
    ),
    ("an attempt nobody can read", CALLING + "failed http_call abc 'Error: HTTP 404', silence 4 min", ""),
    ("silent after an attempt nobody can read", CALLING + "failed http_call abc 'Error: HTTP 404', silence 6 min", "stalled"),
    ("silent after a negative attempt", CALLING + "failed http_call -1 'Error: HTTP 503', silence 6 min", "stalled"),
    ("silent after a failure without an attempt", CALLING + "failed http_call ? 'Error: HTTP 503', silence 6 min", "stalled"),
    (
        "an attempt beyond all numbers",
        CALLING + f"failed http_call {'9' * 6000} 'Error: HTTP 503'",
        "retries_exhausted",
    ),
    ("steps without a node", "run created, started ?, started ?, failed ? 1..5 'Error: HTTP 503', completed", "retries_exhausted"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("story", "expected"),
    [pytest.param(story, expected, id=name) for name, story, expected in SCENARIOS],
)
def test_what_is_found(story: str, expected: str) -> None:
    found = [finding.kind.name for finding in play(story).look().findings]
    assert sorted(found) == sorted(expected.split())


def test_no_scenario_is_told_twice() -> None:
    assert len({name for name, _, _ in SCENARIOS}) == len(SCENARIOS)
    assert len({story for _, story, _ in SCENARIOS}) == len(SCENARIOS)


def test_every_kind_of_one_run_has_a_scenario() -> None:
    of_one_run = {kind.name for kind in KINDS.values() if kind.rule[0] in "MC"}
    told = {name for _, _, expected in SCENARIOS for name in expected.split()}
    assert told == of_one_run


@pytest.mark.parametrize("story", [pytest.param(story, id=name) for name, story, _ in SCENARIOS])
def test_a_reference_stands_for_one_finding(story: str) -> None:
    refs = [finding.ref for finding in play(story).look().findings]
    assert len(set(refs)) == len(refs)
