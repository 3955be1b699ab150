"""What looks like a secret goes; what a reader needs stays. Secrets here are made at run time."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshhook_alerts.domain.redaction import MAX_LENGTH, redact
from tests.unit.redaction.secrets_made import token, web_token


@pytest.mark.parametrize(
    "template",
    [
        "connect to postgres://app:{secret}@db.example/shop failed",
        "Authorization: Bearer {secret}",
        "bad header authorization: Basic {secret}",
        'request {{"password": "{secret}", "user": "x"}} refused',
        "api_key={secret}&page=2",
        "GET https://api.example/v1?access_token={secret} 401",
        "X-Api-Key: {secret}",
        "cookie: sid={secret}; path=/",
        "client_secret='{secret}' is wrong",
        "token ghp_{secret} expired",
        "unexpected value {secret} in line 3",
    ],
)
def test_secrets_go(template: str) -> None:
    secret = token()
    cleaned = redact(template.format(secret=secret))
    assert secret not in cleaned
    assert "removed" in cleaned


def test_tokens_keys_and_addresses_go() -> None:
    jwt = web_token()
    armour = "-----BEGIN " + "PRIVATE KEY-----\n" + token(64) + "\n-----END " + "PRIVATE KEY-----"
    cleaned = redact(f"got {jwt} and {armour} from jane.doe@customer.example")
    assert jwt not in cleaned
    assert "BEGIN" not in cleaned
    assert "jane.doe" not in cleaned
    assert "customer.example" in cleaned


@pytest.mark.parametrize(
    "harmless",
    [
        "Error: HTTP 503",
        "Error: getaddrinfo ENOTFOUND no-such-host.invalid",
        "SocketError: other side closed",
        "HTTPParserError: Response does not match the HTTP/1.1 protocol (Expected HTTP/)",
        "error: unsupported Unicode escape sequence",
        "TypeError: Cannot read properties of undefined (reading 'items')",
        'relation "workflow_events" does not exist',
        "Error: connect ECONNREFUSED 127.0.0.1:59999",
        "at Object.<anonymous> (/srv/app/node_modules/undici/lib/client.js:42:13)",
        "tokenizer failed at position 12",
        "run 0190c3f2-7d5e-4d5b-8f0e-3f6f6f6f6f6f timed out",
    ],
)
def test_what_readers_need_stays(harmless: str) -> None:
    assert redact(harmless) == harmless


@given(st.text(max_size=3000))
def test_any_text_comes_out_short_and_printable(text: str) -> None:
    cleaned = redact(text)
    assert len(cleaned) <= MAX_LENGTH
    assert not any(ord(character) < 9 or character == "\x00" for character in cleaned)
    cleaned.encode()


def test_a_megabyte_is_cut_before_it_costs_anything() -> None:
    started = time.perf_counter()
    cleaned = redact("password=" + "x" * 1_000_000)
    assert len(cleaned) <= MAX_LENGTH
    assert "x" * 50 not in cleaned
    # Not a speed claim: a pattern that backtracks would take minutes here.
    assert time.perf_counter() - started < 5


def test_redacting_twice_changes_nothing_more() -> None:
    once = redact(f"api_key={token()} and Bearer {token()} at https://u:{token()}@h.example/")
    assert redact(once) == once
