"""Rules that match nothing or everything, perhaps by mistake."""

from __future__ import annotations

import pytest

from meshhook_alerts.application.seen_failures import SeenFailures
from meshhook_alerts.application.settings_warnings import warnings_of
from meshhook_alerts.domain.conditions import Conditions
from meshhook_alerts.domain.policy import AlertRule
from meshhook_alerts.domain.severity import Criticality, FailureClass, Severity

WORKFLOWS = {"orders", "invoices"}


def troubles(number: int = 6) -> list[SeenFailures]:
    return [
        SeenFailures("retries_exhausted", FailureClass.TERMINAL, Severity.ERROR, "orders", f"n{each}",
                "http_call", None, "server_error", "Error: HTTP 503", count=10)
        for each in range(number)
    ]  # fmt: skip


def said(conditions: Conditions, number: int = 6, *, enabled: bool = True) -> list[str]:
    rule = AlertRule("r", conditions, enabled=enabled)
    return [each.message for each in warnings_of([rule], troubles(number), WORKFLOWS)]


@pytest.mark.parametrize(
    ("conditions", "part"),
    [
        (Conditions(workflows=("ordres*",)), "'ordres*' matches none of 2"),
        (Conditions(nodes=("charge",)), "none of 60 failures (6 troubles) of the last 7 days"),
        (Conditions(error_matches="timeout"), "none of 60 failures"),
        (Conditions(none_of=(Conditions(kinds=frozenset({"retries_exhausted"})),)), "none of 60"),
        (Conditions(), "asks for every failure"),
    ],
)
def test_what_may_be_a_mistake_is_said_by_the_rules_name(conditions: Conditions, part: str) -> None:
    (message,) = said(conditions)
    assert message.startswith("the rule 'r' ")
    assert part in message


@pytest.mark.parametrize(
    "conditions",
    [
        Conditions(workflows=("ord*",)),
        Conditions(minimum_severity=Severity.ERROR),
        Conditions(nodes=("n3",)),
        # What is not kept with troubles is not guessed at.
        Conditions(http_status=((400, 499),)),
        Conditions(any_of=(Conditions(labels={"team": "x"}),)),
        Conditions(criticality=frozenset({Criticality.CRITICAL})),
    ],
)
def test_what_is_meant_is_left_alone(conditions: Conditions) -> None:
    assert said(conditions) == []


def test_a_few_troubles_prove_nothing_and_a_rule_that_is_off_is_silent() -> None:
    assert said(Conditions(nodes=("charge",)), number=4) == []
    assert said(Conditions(workflows=("nothing",)), enabled=False) == []
