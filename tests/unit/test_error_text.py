"""The quick way to an error's normalised text ends where the long way does."""

from __future__ import annotations

from uuid import uuid4

from hypothesis import assume, example, given
from hypothesis import strategies as st

from meshhook_alerts.domain.error_text import error_of
from meshhook_alerts.domain.normaliser import normalise
from meshhook_alerts.domain.redaction import redact

_WORDS = st.sampled_from(
    [
        "Error:",
        "order",
        "HTTP",
        "503",
        "2026-01-01",
        "12:00:00",
        "10.0.0.1:80",
        "fe80::1:2",
        "0x12ab",
        "password=abc",
        "key:",
        "jane@shop.example",
        "1,234",
        "1234::",
        "(12345)",
        "12345.6",
        "\t",
    ]
)
_IDS = st.one_of(
    st.integers(0, 10**12).map(str),
    st.uuids().map(lambda id_: f"order {id_}"),
    st.integers(1000, 10**6).map(lambda number: f"{number}:"),
    st.uuids().map(lambda id_: f"in run {id_},"),
)


@given(st.lists(st.one_of(_WORDS, _IDS), max_size=8).map(" ".join))
@example("order ddaa3f98-3ab4-14e8-d902-ddc44a39b340, dda9b2c1-3ab4-44e8-8902-0dc44a39b340")
@example("1000 (12345)")
def test_both_ways_agree(text: str) -> None:
    redacted = redact(text)
    assume(
        "removed]" not in redacted
    )  # what was taken for a card's number or a key: gone either way
    assert error_of(text) == normalise(redacted)


def test_ids_and_numbers_make_no_difference() -> None:
    texts = {error_of(f"order {uuid4()} of customer {10_000 + n}: no stock") for n in range(50)}
    assert texts == {"order <id> of customer <n>: no stock"}


def test_what_tells_troubles_apart_stays() -> None:
    assert error_of("Error: HTTP 503") != error_of("Error: HTTP 404")


def test_secrets_go() -> None:
    secret = f"aZ{uuid4().hex.upper()}"
    assert secret not in error_of(f"order 4711: token={secret} refused")
