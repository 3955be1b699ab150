"""What one signal means, before anybody has looked at its run."""

from __future__ import annotations

from dataclasses import replace

import pytest

from meshhook_alerts.domain.failure import Judgement
from meshhook_alerts.domain.kinds import KINDS
from meshhook_alerts.domain.policy import PRODUCT_DEFAULTS
from meshhook_alerts.domain.severity import FailureClass, Severity
from meshhook_alerts.sources.meshhook import judge
from meshhook_alerts.sources.meshhook.runs.history import Event
from meshhook_alerts.sources.meshhook.runs.step_failed import judge_step_failed
from tests.unit.builders import START, a_group


def judged(attempt_limit: int = 5, **fields: object) -> Judgement | None:
    return judge(a_group(**fields), replace(PRODUCT_DEFAULTS, attempt_limit=attempt_limit))


@pytest.mark.parametrize(
    ("attempt", "error", "limit", "kind"),
    [
        (1, "Error: HTTP 503", 5, None),
        (4, "Error: HTTP 503", 5, None),
        (5, "Error: HTTP 503", 5, "retries_exhausted"),
        (6, "Error: HTTP 503", 5, None),
        (3, "Error: HTTP 503", 3, "retries_exhausted"),
        (4, "Error: HTTP 503", 3, None),
        (1, "Error: HTTP 503", 1, "retries_exhausted"),
        (1, "Error: HTTP 404", 5, "will_not_heal"),
        (1, "Error: HTTP 404", 1, "will_not_heal"),
        (2, "Error: HTTP 404", 5, None),
        (5, "Error: HTTP 404", 5, None),
        (1, "error: invalid input syntax for type json", 5, "effect_without_record"),
        (5, "error: invalid input syntax for type json", 5, None),
        (1, "AggregateError", 5, None),
        (5, "AggregateError", 5, "retries_exhausted"),
        (1, "Error: peer is silent", 5, None),
        (5, "Error: peer is silent", 5, "retries_exhausted"),
        (1, None, 5, None),
        (5, None, 5, "retries_exhausted"),
        (5, "", 5, "retries_exhausted"),
        (None, "Error: HTTP 404", 5, None),
        (0, "Error: HTTP 404", 5, None),
        (10**19, "Error: HTTP 503", 5, None),
        (1, "x" * 1989 + "invalid URL", 5, "will_not_heal"),
        (1, "x" * 1990 + "invalid URL", 5, None),
    ],
)
def test_what_one_failed_attempt_shows(
    attempt: int | None, error: str | None, limit: int, kind: str | None
) -> None:
    found = judge_step_failed(attempt, error, limit)
    assert (found.name if found else None) == kind
    judgement = judged(limit, attempt=None if attempt is None else str(attempt), error=error)
    assert (judgement.kind if judgement else None) == kind


@pytest.mark.parametrize("attempt", ["", "abc", "-1", "5.0", "1e0", None])
def test_an_attempt_nobody_can_read_is_left_to_the_look_at_the_run(attempt: str | None) -> None:
    assert judged(attempt=attempt) is None


def test_an_attempt_is_read_as_far_as_the_trigger_passes_it_on() -> None:
    event = Event(1, START, "step_failed", attempt="0" * 19 + "51")
    assert event.attempt_number == 5


def test_a_failure_without_a_text_says_so() -> None:
    judgement = judged(error=None)
    assert judgement is not None
    assert judgement.error == "Step failed without an error text"


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
def test_a_kind_is_a_judgement_already_made(kind: object) -> None:
    assert isinstance(kind, type(KINDS["custom"]))
    judgement = judged(observed=kind.name, error="Error: x", attempt=None)
    assert judgement == Judgement(kind.name, kind.failure_class, "Error: x", severity=kind.severity)


def test_a_kind_without_a_text_says_its_title() -> None:
    judgement = judged(observed="run_canceled", error=None)
    title = KINDS["run_canceled"].title
    assert judgement == Judgement("run_canceled", FailureClass.TERMINAL, title, severity=Severity.INFO)  # fmt: skip


def test_what_nobody_has_a_name_for_is_no_failure() -> None:
    assert judged(observed="something new") is None
