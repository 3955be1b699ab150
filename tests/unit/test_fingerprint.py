"""When two failures count as the same trouble."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshhook_alerts.domain.fingerprint import fingerprint, normalise
from meshhook_alerts.domain.severity import FailureClass

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
        ("order 123 not found", "order 123 not found"),
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
