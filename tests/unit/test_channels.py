"""Finding channels, keeping their secrets out of texts, and the e-mail channel's settings."""

from __future__ import annotations

import base64
import html
import json
import secrets
from collections.abc import Callable
from email import message_from_bytes, policy
from importlib.metadata import EntryPoint, entry_points
from typing import Any, ClassVar
from urllib.parse import quote

import pytest
from pydantic import BaseModel, Field, ValidationError

from meshhook_alerts import channels
from meshhook_alerts.adapters.outbound_guard import AddressGuard
from meshhook_alerts.application.ports import ForbiddenDestination
from meshhook_alerts.channels import help_of, installed_channels
from meshhook_alerts.channels.email import CHANNEL as EMAIL
from meshhook_alerts.channels.email.config import EmailConfig
from meshhook_alerts.channels.email.message import build
from meshhook_alerts.channels.masking import detail
from meshhook_alerts.domain.delivery import Rejected
from tests.contract.content import NOTIFICATION, first_failure, recovered
from tests.unit.test_webhook_channel import Net


class Pager:
    """A third party's channel."""

    kind: ClassVar[str] = "pager"
    title: ClassVar[str] = "Pager"
    config_model: ClassVar[type[BaseModel]] = BaseModel

    async def check(self, config: BaseModel, tools: object) -> None: ...

    async def send(self, *_: object) -> Rejected:
        return Rejected("out of paper")


class Half:
    """Forgot to bring ``send``."""

    kind, title, config_model = "half", "Half", BaseModel


class Thief(Pager):
    """Calls itself by the name of one of ours."""

    kind: ClassVar[str] = "webhook"


PAGER = Pager()
OURS = set(installed_channels())


def _entries(monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    ours = list(entry_points(group=channels.GROUP))
    theirs = [EntryPoint(name, value, channels.GROUP) for name, value in values.items()]
    monkeypatch.setattr(channels, "entry_points", lambda group: theirs + ours)


@pytest.mark.parametrize("name", ["PAGER", "Pager"])
def test_a_third_partys_channel_is_found(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    _entries(monkeypatch, pager=f"{__name__}:{name}")
    assert set(installed_channels()) == {*OURS, "pager"}


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("no_such_package:CHANNEL", "ModuleNotFoundError"),
        (f"{__name__}:NOTHING", "AttributeError"),
        (f"{__name__}:Half", "no attribute 'send'"),
        (f"{__name__}:NUMBER", "no attribute 'kind'"),
        (f"{__name__}:Thief", "its kind webhook is taken"),
    ],
)
def test_a_broken_channel_is_left_out_and_the_others_work(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, value: str, reason: str
) -> None:
    _entries(monkeypatch, aaa=value)
    found = installed_channels()
    assert set(found) == OURS
    assert not isinstance(found["webhook"], Pager)
    assert value in caplog.text
    assert reason in caplog.text


NUMBER = 7


def test_a_channel_without_help_is_fine() -> None:
    assert help_of(PAGER) == ""


# ---------------------------------------------------------------- masking


class Sample(BaseModel):
    """Settings with secrets of both sorts."""

    public: str
    password: str | None = Field(default=None, json_schema_extra={"secret": True})
    headers: dict[str, str] = Field(default={}, json_schema_extra={"secret": True})


def test_secrets_are_masked_in_every_form() -> None:
    password, header = f"p@ss/{secrets.token_hex(4)}", secrets.token_hex(4)
    config = Sample(public="shown", password=password, headers={"X": header})

    encoded = base64.b64encode(password.encode()).decode()
    text = detail(f"shown {password} {quote(password, safe='')} {encoded} {header}", config)
    assert text == "shown [removed] [removed] [removed] [removed]"


_FORMS: dict[str, Callable[[str], str]] = {
    "capitals": str.upper,
    "hexadecimal": lambda secret: secret.encode().hex(),
    "capital hexadecimal": lambda secret: secret.encode().hex().upper(),
    "JSON": lambda secret: json.dumps(f'a"{secret}')[2:-1],
    "HTML": html.escape,
    "cut": lambda secret: secret[:14],
    "its end": lambda secret: secret[-14:],
    "Base64 after a name": lambda secret: base64.b64encode(f"user:{secret}".encode()).decode(),
    "Base64 for URLs": lambda secret: base64.urlsafe_b64encode(f"ab{secret}?".encode()).decode(),
    "hidden": lambda secret: "\u200b".join(secret),
}


@pytest.mark.parametrize("form", _FORMS)
def test_a_receiver_may_repeat_a_secret_as_it_likes(form: str) -> None:
    secret = f"correct horse <{secrets.token_urlsafe(9)}>&'x'"
    text = detail(f"said: {_FORMS[form](secret)} (end)", Sample(public="x", password=secret))
    assert "[removed]" in text
    repeated = _FORMS[form](secret)
    for at in range(len(repeated) - 7):
        assert repeated[at : at + 8].lower() not in text.lower()
    assert text.startswith("said:")
    assert text.endswith("(end)")


def test_a_detail_is_one_short_redacted_line() -> None:
    config = Sample(public="x")
    assert detail("a\r\n b\t c\x1b[31m", config) == "a b c [31m"
    assert "[credentials removed]" in detail("at https://u:p@example.com", config)
    assert len(detail("word " * 200, config)) == 300


def test_very_short_secrets_do_not_tear_the_text_apart() -> None:
    assert detail("a banana", Sample(public="x", password="a")) == "a banana"


# ---------------------------------------------------------------- e-mail settings

_OWN: dict[str, Any] = {
    "smtp_host": "smtp.example.com",
    "smtp_sender": "Alerts <alerts@example.com>",
}


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("a@example.com", "a@example.com"),
        (" a+b@Example.COM ", "a+b@example.com"),
        ("a@bücher.example.com", "a@xn--bcher-kva.example.com"),
        ("ops@corp.local", "ops@corp.local"),
        ("root@localhost", "root@localhost"),
    ],
)
def test_addresses(given: str, kept: str) -> None:
    assert EmailConfig(to=[given]).to == [kept]


@pytest.mark.parametrize(
    "address",
    [
        "",
        "a",
        "a@",
        "@b.com",
        "a b@c.com",
        "a@b.com\r\nBcc: x@y.com",
        "a@b.com>",
        "ä@b.com",
        "A <a@b.com>",
        "a@b..com",
        "a@-b.com",
        "a@b.com.",
        "a@[127.0.0.1]",
        "a@b@c.com",
        f"{'a' * 65}@b.com",
        f"a@{'b' * 64}.com",
    ],
)
def test_bad_addresses(address: str) -> None:
    with pytest.raises(ValidationError):
        EmailConfig(to=[address])


def test_recipients_are_counted_and_told_once() -> None:
    assert EmailConfig(to=["a@b.com", "a@B.com"]).to == ["a@b.com"]
    for count in (0, 21):
        with pytest.raises(ValidationError):
            EmailConfig(to=[f"a{number}@b.com" for number in range(count)])


@pytest.mark.parametrize(("security", "port"), [("starttls", 587), ("tls", 465), ("none", 25)])
def test_the_usual_port_follows_from_the_encryption(security: Any, port: int) -> None:
    server = EmailConfig(to=["a@b.com"], smtp_security=security, **_OWN).server()
    assert server is not None
    assert (server.port, server.trusted) == (port, False)


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"smtp_port": 587}, "Name the mail server"),
        ({"smtp_username": "u", "smtp_password": "p"}, "Name the mail server"),
        ({"smtp_host": "smtp.example.com"}, "needs a sender"),
        ({**_OWN, "smtp_username": "u"}, "go together"),
        ({**_OWN, "smtp_password": "p"}, "go together"),
        (
            {**_OWN, "smtp_username": "u", "smtp_password": "p", "smtp_security": "none"},
            "in the clear",
        ),
        ({**_OWN, "smtp_port": 22}, "Mail servers listen"),
        ({**_OWN, "smtp_port": 70000}, "65535"),
        ({**_OWN, "smtp_sender": "nobody"}, "@-sign"),
        ({**_OWN, "smtp_sender": "A\r\nBcc: b@c.com <a@b.com>"}, "one line"),
        ({**_OWN, "smtp_security": "maybe"}, "starttls"),
    ],
)
def test_settings_that_cannot_work(fields: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        EmailConfig(to=["a@b.com"], **fields)


async def test_a_forbidden_mail_server_is_refused_when_saved() -> None:
    config = EmailConfig(to=["a@b.com"], **{**_OWN, "smtp_host": "169.254.169.254"})
    with pytest.raises(ForbiddenDestination):
        await EMAIL.check(config, Net(guard=AddressGuard(["0.0.0.0/0"])))


async def test_without_any_mail_server_it_says_so() -> None:
    config = EmailConfig(to=["a@b.com"])
    with pytest.raises(ForbiddenDestination, match="MESHHOOK_ALERTS_SMTP_URL"):
        await EMAIL.check(config, Net())
    elsewhere = Net()
    elsewhere.mail_elsewhere = True
    await EMAIL.check(config, elsewhere)
    outcome = await EMAIL.send(NOTIFICATION, first_failure(), config, Net())
    assert isinstance(outcome, Rejected)
    assert "no mail server" in outcome.detail


def test_the_mail_about_an_end_says_why_it_came_and_names_no_rule() -> None:
    raw = build(NOTIFICATION, recovered(), "Alerts <a@b.com>", ["c@d.com"])
    mail = message_from_bytes(raw, policy=policy.default)
    for subtype in ("plain", "html"):
        part = mail.get_body((subtype,))
        assert part is not None
        text = part.get_content()
        assert "Why you got this: The trouble ended" in text
        assert "the rule" not in text
