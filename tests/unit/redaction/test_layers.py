"""What holds for any text: speed decides over nothing, and twice is the same as once."""

from __future__ import annotations

import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from meshhook_alerts.domain.redaction import LAYERS, Layer, redact, redact_name, redact_value
from meshhook_alerts.domain.redaction.keys import Sense, sense_of
from tests.unit.redaction.secrets_made import password, token
from tests.unit.redaction.test_where_secrets_stand import NOTATIONS

_PIECES = st.one_of(
    st.sampled_from(
        [
            "password",
            "passwd",
            "apiKey",
            "api_key",
            "MY_API_KEY",
            "token",
            "sid",
            "userPin",
            "PIN",
            "auth",
            "cookie",
            "sig",
            "pwd",
            "key",
            "code",
            "nonce",
            "secret",
            "bearer",
            "basic",
            "digest",
            "x-csrf",
            "-u",
            "-p",
            "-a",
            "--token",
            "mysql",
            "identified",
            "by",
            "is",
            "name",
            "value",
        ]
    ),
    st.sampled_from(
        [
            ": ",
            "=",
            " = ",
            ":=",
            "=>",
            '":"',
            '\\":\\"',
            "%3D",
            " ",
            "@",
            "://",
            "/",
            "[",
            "(",
            "<",
            ">",
        ]
    ),
    st.text(string.ascii_letters + string.digits + "-_./+=", max_size=24),
    st.sampled_from(
        ["hunter2", "4111111111111111", "078-05-1120", "-----BEGIN X-----", "eyJhbGciOiJIUzI1"]
    ),
    st.text(max_size=6),
)
TEXTS = st.lists(_PIECES, max_size=10).map("".join)


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.find.__name__)
@given(text=TEXTS)
@example(text="userPin=12345")
@example(text="X_SID=abc")
@example(text="-u%3Dsid: =")
@example(text="a%2Fpin=12345")
def test_what_a_quick_test_lets_pass_holds_nothing(layer: Layer, text: str) -> None:
    if not layer.may_hold(text):
        assert list(layer.find(text)) == []


@pytest.mark.parametrize("notation", NOTATIONS)
def test_no_quick_test_lets_a_secret_pass(notation: str) -> None:
    text = notation.format(s=password())
    for layer in LAYERS:
        assert layer.may_hold(text) or not list(layer.find(text))


@given(TEXTS)
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    once = redact(text)
    assert redact(once) == once


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "DB_PASSWORD",
        "clientSecret",
        "x-api-key",
        "spring.datasource.password",
        "authToken",
    ],
)
def test_names_that_say_so(name: str) -> None:
    assert sense_of(name) >= Sense.SECRET
    assert redact_value(name, password()) == "[removed]"


@pytest.mark.parametrize(
    "name",
    [
        "author",
        "signal",
        "passed",
        "max_tokens",
        "token_type",
        "tokenizer",
        "primary_key",
        "assignee",
    ],
)
def test_names_that_only_sound_so(name: str) -> None:
    assert sense_of(name) < Sense.SECRET
    assert redact_value(name, "4096") == "4096"


def test_a_name_with_a_published_prefix_goes() -> None:
    secret = f"sk_live_{token(20)}"
    assert secret not in redact_name(secret)
    assert secret not in redact_name(f"orders {secret}")


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        (
            "login to hub failed for ci:5CFDB19F-4AB4-BC68-6763-806E4B286568",
            "login to hub failed for ci:[removed]",
        ),
        ("connect failed for shop:9fK2!aa8Lq0", "connect failed for shop:[removed]"),
        ("login failed for http://shop.example", "login failed for http://shop.example"),
        ("connection reset for orders:checkout", "connection reset for orders:checkout"),
    ],
)
def test_a_user_and_a_password_in_a_sentence_about_signing_in(text: str, clean: str) -> None:
    assert redact(text) == clean


def test_the_rest_of_a_word_whose_half_has_gone_goes_with_it() -> None:
    assert redact("403 for 83010714421545|cOIaDuHJB4ASOC6pxZBTNP213i") == "403 for [token removed]"
    kept = "see main.cOIaDuHJB4ASOC6pxZBTNP213i.js"
    assert redact(kept) == "see [token removed].js"
