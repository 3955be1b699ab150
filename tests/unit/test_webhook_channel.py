"""The webhook channel: what it sends, and what it makes of the answer."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from pydantic import ValidationError
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from meshhook_alerts.adapters.outbound_guard import AddressGuard
from meshhook_alerts.application.ports import (
    ForbiddenDestination,
    HttpAnswer,
    HttpSilent,
    HttpUnreachable,
)
from meshhook_alerts.channels.http.answers import retry_after
from meshhook_alerts.channels.webhook import CHANNEL
from meshhook_alerts.channels.webhook.config import WebhookConfig, new_secret
from meshhook_alerts.domain.delivery import Ambiguous, Delivered, Outcome, Rejected, TryAgain
from tests.contract.content import NOTIFICATION, first_failure, still_failing

_NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
_DAY = timedelta(days=1)


@dataclass
class Net:
    """Tools with an HTTP client that answers as told and keeps what it was given."""

    answer: HttpAnswer | Exception = field(default_factory=lambda: HttpAnswer(200, {}, ""))
    moment: datetime = field(default_factory=lambda: datetime.now(UTC))
    guard: AddressGuard = field(default_factory=AddressGuard)
    mail: None = None
    mail_elsewhere: bool = False
    done: tuple[str, ...] = ()
    thread: str | None = None
    receipt_url: str | None = None
    url: str = ""
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def http(self) -> Net:
        return self

    def now(self) -> datetime:
        return self.moment

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> HttpAnswer:
        self.url, self.body, self.headers = url, body, headers
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def config(**fields: Any) -> WebhookConfig:
    return WebhookConfig.model_validate(
        {"url": "https://example.com/hook", "secret": new_secret(), **fields}
    )


async def send(net: Net, settings: WebhookConfig | None = None) -> Outcome:
    return await CHANNEL.send(NOTIFICATION, first_failure(), settings or config(), net)


async def answered(status: int, body: str = "", **headers: str) -> Outcome:
    return await send(Net(HttpAnswer(status, headers, body), _NOW))


# ---------------------------------------------------------------- what is sent


async def test_an_independent_receiver_accepts_the_signature() -> None:
    net, settings = Net(), config()
    await send(net, settings)
    event = Webhook(settings.secret).verify(net.body, dict(net.headers))
    assert event["type"] == "alert.firing"
    assert event["data"] == first_failure()
    assert event["timestamp"] == "2026-11-23T09:25:10.000+00:00"


async def test_while_a_secret_changes_both_are_good() -> None:
    net, settings = Net(), config(previous_secret=new_secret())
    await send(net, settings)
    assert settings.previous_secret
    for secret in (settings.secret, settings.previous_secret):
        Webhook(secret).verify(net.body, dict(net.headers))
    with pytest.raises(WebhookVerificationError):
        Webhook(new_secret()).verify(net.body, dict(net.headers))


async def test_a_changed_body_is_noticed() -> None:
    net, settings = Net(), config()
    await send(net, settings)
    with pytest.raises(WebhookVerificationError):
        Webhook(settings.secret).verify(net.body.replace(b"503", b"200"), dict(net.headers))


async def test_every_try_has_its_own_time_and_the_same_id() -> None:
    first, second = Net(moment=_NOW), Net(moment=_NOW + timedelta(minutes=1))
    for net in (first, second):
        await send(net)
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == f"msg_{NOTIFICATION.hex}"
    assert int(second.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) == 60
    assert first.body == second.body


async def test_the_headers() -> None:
    net = Net()
    await send(net, config(headers={"X-Gateway-Key": "abc", "Authorization": "Bearer abc"}))
    assert net.headers["content-type"] == "application/json"
    assert net.headers["user-agent"].startswith("MeshHook-Alerts/")
    assert net.headers["X-Gateway-Key"] == "abc"
    assert net.headers["Authorization"] == "Bearer abc"


async def test_the_body_does_not_depend_on_the_order_of_keys() -> None:
    first, second, content = Net(), Net(), still_failing()
    await CHANNEL.send(NOTIFICATION, content, config(), first)
    turned = dict(reversed(orjson.loads(orjson.dumps(content)).items()))
    await CHANNEL.send(NOTIFICATION, turned, config(), second)
    assert first.body == second.body


# ---------------------------------------------------------------- what the answer means


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
async def test_only_2xx_is_delivered(status: int) -> None:
    assert isinstance(await answered(status), Delivered)


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 599])
async def test_what_passes_is_tried_again(status: int) -> None:
    assert isinstance(await answered(status), TryAgain)


@pytest.mark.parametrize(
    "status", [101, 300, 301, 302, 304, 307, 308, 400, 401, 403, 404, 410, 422]
)
async def test_everything_else_is_rejected(status: int) -> None:
    assert isinstance(await answered(status), Rejected)


async def test_a_redirect_names_the_new_host_and_no_more() -> None:
    path = secrets.token_hex(8)
    outcome = await answered(308, location=f"https://new.example.com/{path}")
    assert outcome.detail == (
        "HTTP 308: redirects are not followed; the new address is at new.example.com"
    )
    assert isinstance(await answered(301, location="https://[oops"), Rejected)


async def test_gone_is_explained() -> None:
    assert "wants no more messages" in (await answered(410)).detail


async def test_the_detail_is_the_status_and_the_first_line() -> None:
    outcome = await answered(500, "\n  Traceback:  what  happened \nmore\n")
    assert outcome.detail == "HTTP 500 Internal Server Error: Traceback: what happened"


async def test_a_long_answer_is_cut() -> None:
    outcome = await answered(500, "x y " * 10_000)
    assert len(outcome.detail) == 300
    assert outcome.detail.endswith("…")


@pytest.mark.parametrize(
    ("trouble", "expected"),
    [
        (HttpUnreachable("No connection"), TryAgain("No connection")),
        (HttpSilent("No answer"), Ambiguous("No answer")),
        (ForbiddenDestination("A private address"), Rejected("A private address")),
    ],
)
async def test_troubles(trouble: Exception, expected: Outcome) -> None:
    assert await send(Net(trouble)) == expected


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("120", timedelta(seconds=120)),
        (" 5 ", timedelta(seconds=5)),
        ("0", None),
        ("-1", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
        (None, None),
        ("٣", None),
        ("86401", _DAY),
        ("9" * 5000, _DAY),
        ("Mon, 23 Nov 2026 12:02:00 GMT", timedelta(minutes=2)),
        ("Mon, 23 Nov 2026 11:59:00 GMT", None),
        ("Mon, 23 Nov 2099 12:00:00 GMT", _DAY),
        ("Mon, 23 Nov 2026 12:02:00 -0000", None),
        ("Mon, 23 Nov 2026 12:02:00 +0000", None),
        ("Mon, 23 Nov 2026 12:02:00 UTC", None),
        ("2026-11-23T12:02:00Z", None),
        ("Monday, 23-Nov-26 12:02:00 GMT", timedelta(minutes=2)),
        ("Friday, 23-Nov-94 12:02:00 GMT", None),
        ("Mon Nov 23 12:02:00 2026", timedelta(minutes=2)),
        ("Tue Dec  1 12:00:00 2026", _DAY),
        ("mon, 23 nov 2026 12:02:00 gmt", None),
        ("+120", None),
        ("120 s", None),
        ("120, 120", None),
        ("1e3", None),
        ("Mon, 99 Nov 2026 12:02:00 GMT", None),
        ("Mon, 23 Nov 99999 12:02:00 GMT", None),
    ],
)
def test_retry_after(header: str | None, expected: timedelta | None) -> None:
    assert retry_after(header, _NOW) == expected


async def test_retry_after_reaches_the_outcome() -> None:
    headers = {"retry-after": "30"}
    outcome = await send(Net(HttpAnswer(429, headers, ""), _NOW))
    assert outcome == TryAgain("HTTP 429 Too Many Requests", timedelta(seconds=30))


# ---------------------------------------------------------------- what can be set


def _secret(size: int) -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(size)).decode()


@pytest.mark.parametrize("size", [24, 32, 64])
def test_good_secrets(size: int) -> None:
    assert config(secret=_secret(size))


@pytest.mark.parametrize(
    "secret",
    ["", "whsec_", "whsec_!!!", _secret(23), _secret(65), _secret(32)[6:], "whpk_" + "A" * 44],
    ids=["none", "empty", "no-base64", "short", "long", "no-prefix", "public"],
)
def test_bad_secrets_are_refused_and_not_repeated(secret: str) -> None:
    with pytest.raises(ValidationError) as problem:
        config(secret=secret)
    assert not secret or len(secret) < 10 or secret not in str(problem.value)


@pytest.mark.parametrize(
    "url",
    ["", "example.com", "ftp://example.com", "https://", "x" * 3000, "https://e.com/" + "x" * 3000],
)
def test_bad_urls(url: str) -> None:
    with pytest.raises(ValidationError):
        config(url=url)


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "x"},
        {"content-length": "1"},
        {"Transfer-Encoding": "chunked"},
        {"Webhook-Signature": "x"},
        {"User-Agent": "x"},
        {"Cookie": "a=b"},
        {"Proxy-Authorization": "x"},
        {"X-A": "a\r\nX-B: b"},
        {"X-A": "a\nb"},
        {"X-A": "a\x00"},
        {"X-A": "ä"},
        {"X A": "a"},
        {"X-A:": "a"},
        {"": "a"},
        {"X-A\r\nX-B": "a"},
        {"X-A": "a", "x-a": "b"},
        {f"X-{number}": "a" for number in range(21)},
        "not json",
    ],
)
def test_bad_headers(headers: Any) -> None:
    with pytest.raises(ValidationError):
        config(headers=headers)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/", "https://user@example.com/", "http://[fd00::1]/"]
)
async def test_a_forbidden_address_is_refused_when_saved(url: str) -> None:
    with pytest.raises(ForbiddenDestination):
        await CHANNEL.check(config(url=url), Net())


async def test_a_name_that_does_not_resolve_yet_may_be_saved() -> None:
    def nothing(host: str, port: int) -> list[str]:
        raise OSError

    await CHANNEL.check(config(), Net(guard=AddressGuard(lookup=nothing)))


async def test_a_name_that_leads_inside_is_refused_when_saved() -> None:
    guard = AddressGuard(lookup=lambda host, port: ["10.0.0.1"])
    with pytest.raises(ForbiddenDestination):
        await CHANNEL.check(config(), Net(guard=guard))
