"""Conditions, as sentences."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from meshhook_alerts.application.conditions_document import ConditionsDocument
from meshhook_alerts.domain.severity import Criticality, FailureClass
from tests.unit.builders import a_fold

FOLD = a_fold(
    node_type="http_call", http_status=503, error="Error: timed out after <n>", criticality=Criticality.HIGH,
    labels={"region": "eu-west"},
)  # fmt: skip

YES: list[dict[str, object]] = [
    {},
    {"http_status": [503]},
    {"http_status": ["500-599", 429]},
    {"http_status": ["5xx"]},
    {"classes": ["terminal"]},
    {"criticality": ["high", "critical"]},
    {"node_types": ["http_*"]},
    {"error_classes": ["server_error"]},
    {"error_matches": "timed? out"},
    {"error_matches": "(?i)TIMED OUT after <n>$"},
    {"labels": {"region": "eu-*"}},
    {"any": [{"nodes": ["other"]}, {"nodes": ["http_call"]}]},
    {"all": [{"http_status": [503]}, {"workflows": ["orders"]}]},
    {"not": {"workflows": ["test-*"]}},
    {"not": {"any": [{"nodes": ["a"]}, {"nodes": ["b"]}]}},
]
NO: list[dict[str, object]] = [
    {"http_status": [500]},
    {"http_status": ["4xx"]},
    {"classes": ["hazard"]},
    {"criticality": ["low"]},
    {"node_types": ["transform"]},
    {"error_classes": ["timeout"]},
    {"error_matches": "^timed"},
    {"labels": {"region": "us-*"}},
    {"labels": {"region": "eu-*", "tier": "1"}},
    {"any": [{"nodes": ["a"]}, {"nodes": ["b"]}]},
    {"all": [{"http_status": [503]}, {"workflows": ["invoices"]}]},
    {"not": {"workflows": ["ord*"]}},
    {"http_status": [503], "not": {"http_status": ["5xx"]}},
]


@pytest.mark.parametrize("when", YES, ids=str)
def test_it_is_meant(when: dict[str, object]) -> None:
    assert ConditionsDocument.model_validate(when).conditions().agree(FOLD)


@pytest.mark.parametrize("when", NO, ids=str)
def test_it_is_not_meant(when: dict[str, object]) -> None:
    assert not ConditionsDocument.model_validate(when).conditions().agree(FOLD)


@pytest.mark.parametrize("when", [*YES, *NO], ids=str)
def test_there_and_back_is_the_same(when: dict[str, object]) -> None:
    conditions = ConditionsDocument.model_validate(when).conditions()
    written = ConditionsDocument.of(conditions).model_dump(mode="json", exclude_none=True)
    assert ConditionsDocument.model_validate(written).conditions() == conditions


@pytest.mark.parametrize(
    ("when", "said"),
    [
        ({"http_status": [99]}, "503"),
        ({"http_status": ["599-500"]}, "lower one first"),
        ({"http_status": ["often"]}, "5xx"),
        ({"error_matches": "(a"}, "RE2"),
        ({"error_matches": r"(a)\1"}, "RE2"),
        ({"error_classes": ["nope"]}, "known are"),
        ({"not": {"not": {"not": {"not": {"nodes": ["a"]}}}}}, "3 levels deep"),
    ],
)
def test_what_cannot_be_is_refused(when: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        ConditionsDocument.model_validate(when)


def test_a_status_that_is_not_there_is_in_no_range() -> None:
    fold = a_fold(http_status=None, failure_class=FailureClass.TERMINAL)
    assert not ConditionsDocument(http_status=["5xx"]).conditions().agree(fold)


def test_what_is_wrong_with_an_expression_is_said_in_plain_words(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(ValidationError, match=r"\(RE2\): missing \): \(a\+"):
        ConditionsDocument.model_validate({"error_matches": "(a+"})
    assert capfd.readouterr() == ("", "")
