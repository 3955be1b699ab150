"""When two failures count as the same trouble."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshhook_alerts.bootstrap import JUDGES
from meshhook_alerts.domain import folding, normaliser
from meshhook_alerts.domain.alert import AlertStatus
from meshhook_alerts.domain.decision import State
from meshhook_alerts.domain.engine import decide
from meshhook_alerts.domain.failure import Fold, SignalGroup
from meshhook_alerts.domain.fingerprint import fingerprint
from meshhook_alerts.domain.folding import Folding
from meshhook_alerts.domain.normaliser import normalise
from meshhook_alerts.domain.severity import FailureClass
from tests.unit.builders import START, a_group, a_policy

PROJECT = UUID(int=1)
TERMINAL = FailureClass.TERMINAL


@pytest.mark.parametrize(
    ("text", "normalised"),
    [
        ("Error: HTTP 503", "Error: HTTP 503"),
        ("Error: connect ECONNREFUSED 127.0.0.1:59999", "Error: connect ECONNREFUSED <address>"),
        (
            "Error: connect ECONNREFUSED [::1]:59999",
            "Error: connect ECONNREFUSED [<address>]:<port>",
        ),
        ("Error: getaddrinfo ENOTFOUND api.example", "Error: getaddrinfo ENOTFOUND api.example"),
        ("order 1234567 not found", "order <n> not found"),
        ("order 123 not found", "order <n> not found"),
        ("at 2026-11-23T07:28:35.123Z", "at <time>"),
        ("id 0190c3f2-7d5e-4d5b-8f0e-3f6f6f6f6f6f gone", "id <id> gone"),
        ("commit deadbeef01 missing", "commit <hex> missing"),
        ("feedback", "feedback"),
        ("host api.example:8443 closed", "host api.example:<port> closed"),
        ("  two   spaces\tand\nlines ", "two spaces and lines"),
    ],
)
def test_what_differs_between_two_occurrences_goes(text: str, normalised: str) -> None:
    assert normalise(text) == normalised


@given(st.text(max_size=300))
def test_normalising_twice_is_normalising_once(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once


@given(st.integers(min_value=1000), st.integers(min_value=1000))
def test_long_numbers_never_tell_troubles_apart(one: int, other: int) -> None:
    assert normalise(f"order {one} failed") == normalise(f"order {other} failed")


def test_project_workflow_node_class_and_error_make_the_key() -> None:
    base = fingerprint(PROJECT, "orders", "http", TERMINAL, "Error: HTTP 503")
    others = [
        fingerprint(UUID(int=2), "orders", "http", TERMINAL, "Error: HTTP 503"),
        fingerprint(PROJECT, "invoices", "http", TERMINAL, "Error: HTTP 503"),
        fingerprint(PROJECT, "orders", "mail", TERMINAL, "Error: HTTP 503"),
        fingerprint(PROJECT, "orders", "http", FailureClass.HAZARD, "Error: HTTP 503"),
        fingerprint(PROJECT, "orders", "http", TERMINAL, "Error: HTTP 500"),
    ]
    assert base == fingerprint(PROJECT, "orders", "http", TERMINAL, "Error: HTTP 503")
    assert len({base, *others}) == 6


def test_a_new_normaliser_never_splits_an_open_alert(monkeypatch: pytest.MonkeyPatch) -> None:
    policy, group = a_policy(), a_group(error="Error: no stock for SKU-17")

    def folded(*groups: SignalGroup) -> Sequence[Fold]:
        made = Folding(JUDGES, policy)
        made.add(groups)
        return made.folded().folds

    before = decide(folded(group), policy, State(), START)
    (alert,) = before.alerts
    # The next version tells less apart, and keeps the earlier normaliser for what is open.
    monkeypatch.setitem(normaliser.OLDER, 1, normalise)
    monkeypatch.setattr(folding, "error_of", lambda text: re.sub(r"SKU-\d+", "<sku>", text))
    again = replace(group, id=UUID(int=77), at=START, run_id=None)
    (fold,) = folded(again)
    assert fold.fingerprint != alert.fingerprint
    assert fold.older == (alert.fingerprint,)
    state = State(alerts={alert.fingerprint: alert})
    after = decide([fold], policy, state, START)
    assert [each.id for each in after.alerts] == [alert.id]
    assert after.alerts[0].fingerprint == alert.fingerprint
    # Once it is over, the trouble is known by its new fingerprint.
    over = replace(alert, status=AlertStatus.RESOLVED, resolved_at=START)
    anew = decide([fold], policy, State(alerts={over.fingerprint: over}), START)
    assert [each.fingerprint for each in anew.alerts] == [fold.fingerprint]
