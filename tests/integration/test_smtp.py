"""E-mail through real SMTP servers, good and bad."""

from __future__ import annotations

import asyncio
import email
import re
import ssl
from collections.abc import Sequence
from dataclasses import replace
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import pytest
import trustme

from meshhook_alerts.adapters.outbound_guard import AddressGuard
from meshhook_alerts.application.ports import MailServer
from meshhook_alerts.channels.email.message import build
from meshhook_alerts.channels.email.smtp import Envelope, deliver
from meshhook_alerts.domain.delivery import Ambiguous, Delivered, Outcome, Rejected, TryAgain
from meshhook_alerts.domain.message import Links
from meshhook_alerts.domain.severity import Severity
from tests.contract.content import NOTIFICATION, first_failure, still_failing
from tests.dead_ends import dead_ends
from tests.mail_server import Post, running

_SENDER = "MeshHook Alerts <alerts@example.com>"
_TO = ["on-call@example.com", "second@example.com"]


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> str:
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return str(tmp_path / "ca.pem")


def certificate(authority: trustme.CA, name: str = "127.0.0.1") -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


def at(post: Post, **fields: Any) -> MailServer:
    plain = MailServer("127.0.0.1", post.port, "none", _SENDER, trusted=True)
    return replace(plain, **fields)


async def send(server: MailServer, to: Sequence[str] = _TO, seconds: float = 5) -> Outcome:
    message = build(NOTIFICATION, first_failure(), _SENDER, list(to))
    return await deliver(
        Envelope(_SENDER, to, message), server, AddressGuard(), total_seconds=seconds
    )


def parsed(raw: bytes) -> EmailMessage:
    return email.message_from_bytes(raw, policy=policy.default)


# ---------------------------------------------------------------- the conversation


async def test_one_conversation_reaches_everyone() -> None:
    async with running(Post()) as post:
        outcome = await send(at(post))
    assert outcome == Delivered("Accepted for 2 of 2: 250 OK")
    assert (post.connections, post.recipients, len(post.messages)) == (1, _TO, 1)


async def test_starttls_comes_before_everything(authority: trustme.CA, ca_file: str) -> None:
    options = {"require_starttls": True, "auth_required": True}
    async with running(Post(), tls=certificate(authority), **options) as post:
        server = at(
            post, security="starttls", ca_file=ca_file, username="u", password=post.password
        )
        outcome = await send(server)
    assert isinstance(outcome, Delivered), outcome
    assert post.encrypted == [True]


async def test_tls_from_the_start(authority: trustme.CA, ca_file: str) -> None:
    async with running(Post(), tls=certificate(authority), from_start=True) as post:
        outcome = await send(at(post, security="tls", ca_file=ca_file))
    assert isinstance(outcome, Delivered), outcome


async def test_a_server_without_starttls_gets_nothing() -> None:
    async with running(Post(), auth_require_tls=False) as post:
        server = at(post, security="starttls", username="u", password=post.password)
        outcome = await send(server)
    assert isinstance(outcome, Rejected), outcome
    assert "offers no STARTTLS" in outcome.detail
    assert not post.messages


@pytest.mark.parametrize("security", ["starttls", "tls"])
@pytest.mark.parametrize("name", ["127.0.0.1", "other.example.com"])
async def test_a_certificate_that_proves_nothing_ends_it(
    authority: trustme.CA, ca_file: str, security: str, name: str
) -> None:
    """For the right name from an unknown authority, or for another name from a known one."""
    trusted = None if name == "127.0.0.1" else ca_file
    tls = certificate(authority, name)
    async with running(Post(), tls=tls, from_start=security == "tls") as post:
        outcome = await send(at(post, security=security, ca_file=trusted))
    assert isinstance(outcome, TryAgain), outcome
    assert "TLS certificate is not valid" in outcome.detail
    assert not post.messages


async def test_a_wrong_password_is_rejected(authority: trustme.CA, ca_file: str) -> None:
    async with running(Post(), tls=certificate(authority)) as post:
        server = at(post, security="starttls", ca_file=ca_file, username="u", password="x")
        outcome = await send(server)
    assert isinstance(outcome, Rejected), outcome
    assert "refuses the user name or password: 535" in outcome.detail


async def test_a_password_nobody_asks_for_is_rejected() -> None:
    async with running(Post()) as post:
        outcome = await send(at(post, username="u", password="x"))
    assert isinstance(outcome, Rejected), outcome
    assert "takes no password" in outcome.detail


@pytest.mark.parametrize(
    ("first", "second", "expected", "detail"),
    [
        ("250 OK", "250 OK", Delivered, "Accepted for 2 of 2"),
        ("550 5.1.1 Unknown", "250 OK", Delivered, "1 of 2; 1 refused (550 5.1.1 Unknown)"),
        ("451 4.7.1 Greylisted", "250 OK", TryAgain, "1 of 2; 1 put off (451"),
        ("250 OK", "452 4.5.3 Too many recipients", TryAgain, "1 of 2; 1 put off (452"),
        ("550 5.1.1 Unknown", "550 5.1.1 Unknown", Rejected, "All 2 recipients were refused: 550"),
        ("550 5.1.1 Unknown", "451 4.7.1 Later", TryAgain, "refused: 451 4.7.1 Later"),
        ("451 4.7.1 Later", "452 4.2.2 Full", TryAgain, "refused: 451"),
        ("550 4.2.2 Mailbox full", "550 4.2.2 Mailbox full", TryAgain, "550 4.2.2"),
        ("450 5.1.1 Unknown", "450 5.1.1 Unknown", Rejected, "450 5.1.1"),
    ],
)
async def test_refused_recipients(
    first: str, second: str, expected: type[Outcome], detail: str
) -> None:
    answers = dict(zip(_TO, (first, second), strict=True))
    async with running(Post(by_recipient=answers)) as post:
        outcome = await send(at(post))
    assert isinstance(outcome, expected), outcome
    assert detail in outcome.detail


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("451 4.3.0 Later", TryAgain),
        ("552 5.2.3 Too big", Rejected),
        ("554 5.7.1 Looks like spam", Rejected),
        ("554 4.7.1 Looks like spam today", TryAgain),
    ],
)
async def test_a_refused_message(answer: str, expected: type[Outcome]) -> None:
    async with running(Post(after_data=answer)) as post:
        outcome = await send(at(post))
    assert isinstance(outcome, expected), outcome
    assert answer in outcome.detail


async def test_lost_before_the_message_is_tried_again() -> None:
    async with running(Post(hang_up_at="RCPT")) as post:
        outcome = await send(at(post))
    assert isinstance(outcome, TryAgain), outcome


async def test_lost_after_the_final_dot_is_ambiguous() -> None:
    async with running(Post(hang_up_at="DATA")) as post:
        outcome = await send(at(post))
    assert isinstance(outcome, Ambiguous), outcome
    assert len(post.messages) == 1


@pytest.mark.parametrize(("place", "expected"), [("RCPT", TryAgain), ("DATA", Ambiguous)])
async def test_silence_ends_at_the_deadline(place: str, expected: type[Outcome]) -> None:
    async with running(Post(silent_at=place)) as post:
        outcome = await send(at(post), seconds=0.4)
    assert isinstance(outcome, expected), outcome
    assert "no answer within 0.4 s" in outcome.detail


async def test_dead_addresses_do_not_use_up_the_time_of_the_live_one() -> None:
    async with running(Post()) as post, dead_ends(post.port, 4) as dead:
        guard = AddressGuard(["127.0.0.0/8"], lookup=lambda host, port: [*dead, "127.0.0.1"])
        message = build(NOTIFICATION, first_failure(), _SENDER, _TO)
        server = at(post, host="mail.example.com", trusted=False)
        outcome = await deliver(Envelope(_SENDER, _TO, message), server, guard, total_seconds=5)
    assert isinstance(outcome, Delivered), outcome


async def test_nobody_there_is_tried_again() -> None:
    async with running(Post()) as post:
        pass
    outcome = await send(at(post))
    assert outcome == TryAgain(f"No conversation with 127.0.0.1:{post.port}: connection refused")


async def test_what_is_no_mail_server_is_tried_again() -> None:
    async def shout(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    listener = await asyncio.start_server(shout, "127.0.0.1", 0)
    post = Post(port=listener.sockets[0].getsockname()[1])
    outcome = await send(at(post))
    listener.close()
    assert isinstance(outcome, TryAgain), outcome


async def test_a_users_server_passes_the_guard() -> None:
    async with running(Post()) as post:
        outcome = await send(at(post, trusted=False))
    assert isinstance(outcome, Rejected), outcome
    assert "MESHHOOK_ALERTS_OUTBOUND_ALLOW" in outcome.detail
    assert post.connections == 0


async def test_a_name_that_turns_private_is_never_dialled() -> None:
    guard = AddressGuard(lookup=lambda host, port: ["93.184.215.14", "127.0.0.1"])
    async with running(Post()) as post:
        server = at(post, host="mail.example.com", trusted=False)
        outcome = await deliver(Envelope(_SENDER, _TO, b"x"), server, guard)
    assert isinstance(outcome, Rejected), outcome
    assert post.connections == 0


# ---------------------------------------------------------------- the message


async def arrived(content: dict[str, Any]) -> EmailMessage:
    """The message about ``content`` as a server got it."""
    async with running(Post()) as post:
        message = build(NOTIFICATION, content, _SENDER, _TO)
        await deliver(Envelope(_SENDER, _TO, message), at(post), AddressGuard())
    return parsed(post.messages[0])


async def test_the_headers() -> None:
    message = await arrived(first_failure())
    alert = "5f0c2b1e-9a2d-4f61-9d9a-30aa71c2e0b4"
    assert {name: str(message[name]) for name in message if name != "Content-Type"} == {
        "From": _SENDER,
        "To": ", ".join(_TO),
        "Subject": "orders › charge_card: HTTP 503",
        "Date": "Mon, 23 Nov 2026 09:25:10 +0000",
        "Message-ID": f"<{NOTIFICATION.hex}@example.com>",
        "In-Reply-To": f"<alert.{alert}@example.com>",
        "References": f"<alert.{alert}@example.com>",
        "X-MeshHook-Alert-Id": alert,
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        "MIME-Version": "1.0",
    }


async def test_messages_about_one_alert_are_one_thread() -> None:
    first, second = await arrived(first_failure()), await arrived(still_failing())
    assert first["References"] == second["References"]


@pytest.mark.parametrize(
    ("content", "subject"),
    [
        (still_failing(), "orders › charge_card: HTTP 503 (still failing, +37)"),
        (
            still_failing(severity=Severity.CRITICAL),
            "CRITICAL orders › charge_card: HTTP 503 (still ",
        ),
        (still_failing(2), "orders › charge_card: HTTP 503 (still failing, +1)"),
        (first_failure(node_id=None), "orders: HTTP 503"),
        (first_failure(workflow=None, node_id=None), "MeshHook: HTTP 503"),
        (first_failure(sample=""), "orders › charge_card: step failed and its retries"),
        (first_failure(sample="Error: a\nb"), "orders › charge_card: a"),
        (
            first_failure(workflow="w" * 300, node_id="n" * 300),
            "wwwwwwwwwwwwwwwww… › nnnnnnnnnnnnn…: H",
        ),
    ],
)
async def test_the_subject_says_it_first(content: dict[str, Any], subject: str) -> None:
    assert (await arrived(content))["Subject"].startswith(subject)


@pytest.mark.parametrize(
    "hostile",
    [
        "x\r\nBcc: victim@example.com",
        "x\nBcc: victim@example.com\n\nbody",
        "x\x0bBcc: a\x0cBcc: b\x85Bcc: c\u2028Bcc: d\u2029Bcc: e\x00",
        "=?utf-8?q?ok=0ABcc:_victim@example.com?=",
        "=?utf-8?b?b2sNCkJjYzogdmljdGltQGV4YW1wbGUuY29t?=",
        "=?utf-8?q?=3D=3Futf-8=3Fq=3Fok=3D0ABcc=3A_a=3F=3D?=",
        "= ?utf-8?q?ok=0ABcc:_v?= =?utf-8?q?=0d=0aBcc:?=",
        "🚀" * 200,
        "\ud800lone",
        "\u202egnp.exe\u202c",
        "a" * 2000,
        "",
    ],
)
async def test_no_text_can_add_a_header(hostile: str) -> None:
    """The texts arrive as if no earlier wall existed."""
    content = first_failure()
    for part in ("workflow", "node", "failure", "project"):
        content[part] = {
            key: hostile if isinstance(value, str) else value
            for key, value in content[part].items()
        }
    content["rule"] = hostile
    raw = build(UUID(int=9), content, _SENDER, _TO)
    head = raw.partition(b"\r\n\r\n")[0]
    assert not re.search(rb"(?im)^bcc", head)
    assert len(re.findall(rb"^[A-Za-z-]+:", head, re.MULTILINE)) == 12
    assert parsed(raw)["Bcc"] is None
    assert max(map(len, raw.split(b"\r\n"))) <= 998  # RFC 5322 2.1.1
    assert raw.isascii()
    assert b"\r" not in raw.replace(b"\r\n", b"")
    assert b"\n" not in raw.replace(b"\r\n", b"")


async def test_markup_stays_text() -> None:
    markup = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'"
    links = Links(alert="javascript:alert(1)//{id}", run="https://meshhook.example.com/{id}")
    message = await arrived(first_failure(links, sample=markup, node_id=markup))
    html = _part(message, "html")
    assert "<script" not in html
    assert "<img" not in html
    assert "javascript:" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert markup in _part(message, "plain")


async def test_nothing_is_loaded_from_elsewhere() -> None:
    html = _part(await arrived(still_failing()), "html")
    assert not re.search(r"(?i)<(?:img|link|script|iframe|object|form|video)|@import|url\(", html)
    assert re.findall(r'href="https://([^/"]+)', html) == [
        "alerts.example.com",
        "meshhook.example.com",
    ]


@pytest.mark.parametrize("kind", ["plain", "html"])
async def test_both_parts_tell_everything(kind: str) -> None:
    text = re.sub(
        r"\s+", " ", _part(await arrived(still_failing(severity=Severity.CRITICAL)), kind)
    )
    for expected in (
        "Order fulfilment",
        "charge_card",
        "Error: HTTP 503",
        "Step failed and its retries are used up.",
        "37 more failures since 10:02 UTC, 38 in all.",
        "The other side is failing: see its status page.",
        "Acme Shop",
        "(orders), version 7",
        "retries exhausted (terminal)",
        "1 h 12 min",
        "Mon 23 Nov 2026, 09:25 UTC",
        "Mon 23 Nov 2026, 10:37 UTC",
        "Every run that cannot complete",
        "It was still failing after the cooldown, so the channel was told again.",
        "https://alerts.example.com/alerts/a/5f0c2b1e",
        "https://meshhook.example.com/runs/00000000",
    ):
        assert expected in text, expected
    assert "critical" in text.lower()


@pytest.mark.parametrize("severity", Severity)
async def test_every_colour_pair_can_be_read(severity: Severity) -> None:
    """Text against its own ground, WCAG 2.2 AA: 4.5 to 1."""
    html = _part(await arrived(first_failure(severity=severity)), "html")
    pairs = re.findall(r"background:(#\w{6})[^}\"]*?[; ]color:(#\w{6})", html)
    pairs += [(ground, "#566074") for ground in ("#ffffff", "#f1f4f8")]
    pairs += [(ground, "#a3adbd") for ground in ("#151b25", "#0b1017")]
    pairs += [("#ffffff", "#1d4ed8"), ("#151b25", "#93c5fd")]
    assert len(pairs) > 8
    for ground, ink in pairs:
        assert _contrast(ground, ink) >= 4.5, (ground, ink)


def _contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours (WCAG 2.2, "relative luminance")."""

    def luminance(colour: str) -> float:
        parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        red, green, blue = (
            part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
        )
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return cast(str, cast(EmailMessage, part).get_content())
