"""What mail programs read is what was meant: subjects, ids, addresses."""

from __future__ import annotations

import email
from email import policy
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from meshhook_alerts.channels.email.config import EmailConfig
from meshhook_alerts.channels.email.message import build
from meshhook_alerts.channels.wording.text import header
from meshhook_alerts.channels.wording.view import view_of
from tests.contract.content import NOTIFICATION, first_failure

_WORDS = st.text(st.sampled_from('abc 123 =?_ é›ßü 😀 \u05d0 ,;<>@"('), min_size=1, max_size=45)


def _sent(
    error: str = "Error: HTTP 503", sender: str = "Alerts <alerts@example.com>"
) -> EmailMessage:
    content = first_failure()
    content["failure"]["error"] = error
    raw = build(NOTIFICATION, content, sender, ["on-call@example.com"])
    head = raw.split(b"\r\n\r\n")[0]
    assert all(len(line) <= 998 for line in head.split(b"\r\n"))
    return email.message_from_bytes(raw, policy=policy.default)


@given(st.lists(_WORDS, min_size=1, max_size=12).map(" ".join))
def test_a_subject_is_read_as_it_was_written(error: str) -> None:
    content = first_failure()
    content["failure"]["error"] = error
    assert _sent(error)["Subject"] == header(view_of(content).subject)


def test_a_word_that_fits_no_line_stays_whole() -> None:
    assert "x" * 80 in _sent("x" * 80)["Subject"]


@pytest.mark.parametrize("size", [3, 25, 40, 63])
def test_ids_stay_whole_whatever_the_domain(size: int) -> None:
    domain = ".".join(["d" * size, "d" * size, "example"])
    message = _sent(sender=f"Alerts <alerts@{domain}>")
    root = f"<alert.{first_failure()['alert']['id']}@{domain}>"
    assert message["In-Reply-To"] == message["References"] == root
    assert message["Message-ID"] == f"<{NOTIFICATION.hex}@{domain}>"


@pytest.mark.parametrize(
    ("address", "sent_to"),
    [
        ("on-call@faß.de", "on-call@xn--fa-hia.de"),
        ("on-call@Bücher.example", "on-call@xn--bcher-kva.example"),
        ("on-call@EXAMPLE.com", "on-call@example.com"),
        ("on-call@corp.local", "on-call@corp.local"),
        ("on-call@xn--fa-hia.de", "on-call@xn--fa-hia.de"),
    ],
)
def test_a_domain_is_that_of_its_owner(address: str, sent_to: str) -> None:
    assert EmailConfig(to=[address]).to == [sent_to]


@pytest.mark.parametrize("domain", ["☃.net", "-a.de", "a..b", "a_b.example"])
def test_what_is_no_domain_is_refused(domain: str) -> None:
    with pytest.raises(ValidationError, match="not a valid domain"):
        EmailConfig(to=[f"on-call@{domain}"])
