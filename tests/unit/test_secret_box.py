"""Channel secrets at rest."""

from __future__ import annotations

import base64
import os
from dataclasses import FrozenInstanceError

import pytest

from meshhook_alerts.adapters.secret_box import AesSecretBox, KeyRing, generate_key
from meshhook_alerts.application.ports import UnreadableSecret

_ROW = "alert_channels/p/c"


@pytest.fixture
def secrets() -> dict[str, str]:
    return {"password": os.urandom(9).hex(), "note": "ünïcode · 🔑"}


def test_what_is_sealed_opens_again(secrets: dict[str, str]) -> None:
    box = AesSecretBox.from_text(generate_key("k1"))
    sealed = box.seal(secrets, _ROW)
    assert box.open(sealed, _ROW) == secrets
    assert secrets["password"].encode() not in sealed


def test_sealing_twice_never_gives_the_same(secrets: dict[str, str]) -> None:
    box = AesSecretBox.from_text(generate_key("k1"))
    assert box.seal(secrets, _ROW) != box.seal(secrets, _ROW)


def test_moved_to_another_row_it_does_not_open(secrets: dict[str, str]) -> None:
    box = AesSecretBox.from_text(generate_key("k1"))
    with pytest.raises(UnreadableSecret, match="moved from another channel"):
        box.open(box.seal(secrets, _ROW), "alert_channels/p/other")


def test_no_changed_byte_goes_unnoticed(secrets: dict[str, str]) -> None:
    box = AesSecretBox.from_text(generate_key("k1"))
    sealed = box.seal(secrets, _ROW)
    for place in range(len(sealed)):
        changed = sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :]
        with pytest.raises(UnreadableSecret):
            box.open(changed, _ROW)


def test_no_cut_goes_unnoticed(secrets: dict[str, str]) -> None:
    box = AesSecretBox.from_text(generate_key("k1"))
    sealed = box.seal(secrets, _ROW)
    for length in range(len(sealed)):
        with pytest.raises(UnreadableSecret):
            box.open(sealed[:length], _ROW)


def test_an_unknown_key_is_named(secrets: dict[str, str]) -> None:
    sealed = AesSecretBox.from_text(generate_key("k1")).seal(secrets, _ROW)
    with pytest.raises(UnreadableSecret, match="'k1', which is not in MESHHOOK_ALERTS_KEYS"):
        AesSecretBox.from_text(generate_key("k2")).open(sealed, _ROW)


def test_another_key_of_the_same_name_does_not_open(secrets: dict[str, str]) -> None:
    sealed = AesSecretBox.from_text(generate_key("k1")).seal(secrets, _ROW)
    with pytest.raises(UnreadableSecret, match="sealed with another key of that name"):
        AesSecretBox.from_text(generate_key("k1")).open(sealed, _ROW)


def test_keys_are_rotated_without_a_gap(secrets: dict[str, str]) -> None:
    old_key, new_key = generate_key("k1"), generate_key("k2")
    sealed = AesSecretBox.from_text(old_key).seal(secrets, _ROW)
    both = AesSecretBox.from_text(f"{new_key}, {old_key}")
    assert not both.is_current(sealed)
    again = both.seal(both.open(sealed, _ROW), _ROW)
    assert both.is_current(again)
    assert AesSecretBox.from_text(new_key).open(again, _ROW) == secrets


@pytest.mark.parametrize("sealed", [b"", b"\x01", b"\x02\x01k", b"plain text"])
def test_what_was_never_sealed_is_refused(sealed: bytes) -> None:
    with pytest.raises(UnreadableSecret):
        AesSecretBox.from_text(generate_key("k1")).open(sealed, _ROW)


def test_the_first_key_of_the_ring_seals() -> None:
    ring = KeyRing.parse(f" {generate_key('b')} ,\n{generate_key('a')}, ")
    assert ring.current == "b"
    assert list(ring.keys) == ["b", "a"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "empty"),
        (" , ", "empty"),
        ("{key}", "Entry 1 of the key ring is not id:key"),
        ("{good},{key}", "Entry 2 of the key ring is not id:key"),
        ("bad id:{key}", "Entry 1 of the key ring is not id:key"),
        ("k:{key}!", "'k' is not valid Base64"),
        ("k:", "'k' has 0 bytes; it needs 32"),
        ("k:{short}", "'k' has 16 bytes; it needs 32"),
        ("{good},{good}", "names 'k1' twice"),
    ],
)
def test_a_bad_key_ring_is_explained_without_its_keys(text: str, complaint: str) -> None:
    key = base64.b64encode(os.urandom(32)).decode()
    short = base64.b64encode(os.urandom(16)).decode()
    given = text.format(key=key, short=short, good=f"k1:{key}")
    with pytest.raises(ValueError, match=complaint) as problem:
        KeyRing.parse(given)
    assert key not in str(problem.value)
    assert short not in str(problem.value)


def test_keys_do_not_show_in_tracebacks_and_logs() -> None:
    ring = KeyRing.parse(generate_key("k1"))
    assert repr(ring) == "KeyRing()"
    with pytest.raises(FrozenInstanceError):
        ring.keys = {}  # type: ignore[misc]


def test_a_generated_key_needs_a_good_id() -> None:
    with pytest.raises(ValueError, match="cannot be a key's id"):
        generate_key("a:b")
