"""Text messages: what they cost, what they say within that, whom they go to, and what comes back."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from meshhook_alerts.application.ports import HttpAnswer, ReceiptRequest, UnsignedReceipt
from meshhook_alerts.channels.sms.fields import checked_number
from meshhook_alerts.channels.sms.gateway import CHANNEL as GATEWAY
from meshhook_alerts.channels.sms.gateway.config import GatewayConfig
from meshhook_alerts.channels.sms.segments import characters, cut, plain, segments_of
from meshhook_alerts.channels.sms.text import text_of
from meshhook_alerts.channels.sms.twilio import CHANNEL as TWILIO
from meshhook_alerts.channels.sms.twilio.config import TwilioConfig
from meshhook_alerts.channels.sms.vonage import CHANNEL as VONAGE
from meshhook_alerts.channels.sms.vonage.config import VonageConfig
from meshhook_alerts.domain.delivery import Ambiguous, Delivered, Rejected, TryAgain
from tests.contract import harness_sms_gateway, harness_sms_twilio
from tests.contract.content import EVERY_FORM, NOTIFICATION, first_failure
from tests.contract.harness import Answer

FAMILY = "👩‍👩‍👧‍👦"

# 3GPP 23.038 section 6.2.1: the default alphabet, and the characters of its extension, which take two septets.
DEFAULT = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = "\f^{}\\[~]|€"

TABLE = [
    ("a" * 160, ("GSM-7", 1, 160)),
    ("a" * 161, ("GSM-7", 2, 161)),
    ("a" * 306, ("GSM-7", 2, 306)),
    ("a" * 307, ("GSM-7", 3, 307)),
    ("€" * 80, ("GSM-7", 1, 160)),
    ("€" * 81, ("GSM-7", 2, 162)),
    ("a" * 152 + "€" + "a" * 152, ("GSM-7", 3, 306)),  # the € does not fit beside 152 others
    ("я" * 70, ("UCS-2", 1, 70)),
    ("я" * 71, ("UCS-2", 2, 71)),
    ("я" * 134, ("UCS-2", 2, 134)),
    ("я" * 135, ("UCS-2", 3, 135)),
    ("🔥" * 35, ("UCS-2", 1, 70)),
    ("я" * 66 + "🔥" + "я" * 66, ("UCS-2", 3, 134)),
    ("", ("GSM-7", 1, 0)),
]


@pytest.mark.parametrize(("text", "expected"), TABLE, ids=range(len(TABLE)))
def test_segments_are_counted_as_the_standard_has_it(
    text: str, expected: tuple[str, int, int]
) -> None:
    found = segments_of(text)
    assert (found.encoding, found.count, found.units) == expected


def test_the_alphabet_is_the_standards() -> None:
    assert len(DEFAULT) == 127  # and the escape
    assert [segments_of(each).units for each in DEFAULT] == [1] * 127
    assert [segments_of(each).units for each in EXTENSION] == [2] * 10
    assert segments_of("ç").encoding == "UCS-2"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("“don’t” — wait… orders › call", '"don\'t" - wait... orders > call'),
     ("José à Ústí", "José à Usti"), ("Привет", "Привет"), ("a\u00a0b", "a b")],
)  # fmt: skip
def test_what_reads_the_same_costs_less(text: str, expected: str) -> None:
    assert plain(text) == expected


@given(st.text(max_size=60), st.integers(4, 40))
def test_nothing_is_cut_inside_a_character(text: str, longest: int) -> None:
    found = cut(text, longest)
    assert len(list(characters(found))) <= longest
    kept = found.removesuffix("...") if found != text else found
    assert list(characters(text))[: len(list(characters(kept)))] == list(characters(kept))


def test_a_family_stays_together() -> None:
    assert cut(FAMILY * 10, 6) == FAMILY * 3 + "..."


@pytest.mark.parametrize("most", [1, 2, 3])
@pytest.mark.parametrize("content", EVERY_FORM, ids=lambda content: content["reason"])
def test_every_message_fits_and_its_link_is_whole(content: dict[str, Any], most: int) -> None:
    text, link = text_of(content, most), content["links"]["alert"]
    assert segments_of(text).count <= most
    assert not link or "http" not in text or text.endswith(link)
    assert text


def test_a_link_that_does_not_fit_is_left_out_whole() -> None:
    content = first_failure()
    content["links"]["alert"] = "https://alerts.example.com/" + "x" * 400
    text = text_of(content, 2)
    assert "http" not in text.replace("HTTP", "")
    assert "charge_card" in text


@pytest.mark.parametrize("text", ["x" * 5_000, "я" * 5_000, FAMILY * 500])
def test_however_long_an_error_is_it_fits(text: str) -> None:
    content = first_failure(
        sample=text, workflow=text[:200], workflow_name=text[:200], node_id=text[:200]
    )
    assert segments_of(text_of(content, 1)).count == 1
    assert segments_of(found := text_of(content, 3)).count <= 3
    assert found.endswith(content["links"]["alert"])


WRONG_NUMBERS = [
    ("0151 1234567", "international form"),
    ("hello", "international form"),
    ("+49 151 123", "no such phone number"),
    ("+4930123456", "a landline"),
    ("+18005551234", "a toll-free number"),
    ("+4990012345678", "no such phone number"),
]


@pytest.mark.parametrize(("number", "said"), WRONG_NUMBERS)
def test_what_is_no_number_for_texts_is_said(number: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        checked_number(number)


def test_a_number_is_kept_as_e164() -> None:
    assert checked_number("+49 (0) 151-1234 5678") == "+4915112345678"


def twilio(**more: Any) -> TwilioConfig:
    return TwilioConfig.model_validate(
        {
            "account": "AC" + "a" * 32,
            "auth_token": "b" * 32,
            "sender": "+15005550006",
            "to": ["+4915112345678"],
            **more,
        }
    )


def vonage(**more: Any) -> VonageConfig:
    return VonageConfig.model_validate(
        {"api_key": "abcd1234", "api_secret": "s", "sender": "Us", "to": ["+4915112345678"],
         "signature_secret": "q" * 32, **more}
    )  # fmt: skip


BAD_TWILIO = [
    ({"auth_token": "AC" + "a" * 32}, "which is no secret"),
    ({"sender": None}, "either a sender or a messaging service"),
    ({"messaging_service": "MG" + "c" * 32}, "either a sender or a messaging service"),
    ({"max_segments": 9}, "max_segments"),
    ({"to": []}, "to"),
]


@pytest.mark.parametrize(("wrong", "said"), BAD_TWILIO)
def test_a_wrong_twilio_setting_is_said(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        twilio(**wrong)


NOW = datetime(2026, 11, 26, tzinfo=UTC)
JUDGED: list[tuple[Any, BaseModel, int, Any, type]] = [
    (TWILIO, twilio(), 201, {"sid": "SM1", "status": "queued", "error_code": None}, Delivered),
    (TWILIO, twilio(), 201, {"sid": "SM1", "status": "undelivered"}, Rejected),
    (TWILIO, twilio(), 201, "not JSON", Rejected),
    (TWILIO, twilio(), 429, {"code": 20429, "message": "Too Many Requests"}, TryAgain),
    (TWILIO, twilio(), 400, {"code": 21611, "message": "queue is full"}, TryAgain),
    (TWILIO, twilio(), 400, {"code": 21614, "message": "not a mobile"}, Rejected),
    (TWILIO, twilio(), 500, {"code": 20500, "message": "Internal Server Error"}, Ambiguous),
    (TWILIO, twilio(), 503, {"code": 20503, "message": "Service unavailable"}, TryAgain),
    (VONAGE, vonage(), 200, {"messages": [{"status": "0", "message-id": "1"}]}, Delivered),
    (VONAGE, vonage(), 200, {"messages": [{"status": "0"}, {"status": "1"}]}, TryAgain),
    (VONAGE, vonage(), 200, {"messages": [{"status": "5", "error-text": "Internal"}]}, Ambiguous),
    (VONAGE, vonage(), 200, {"messages": [{"status": "9", "error-text": "Quota"}]}, Rejected),
    (VONAGE, vonage(), 200, {"messages": []}, Rejected),
    (VONAGE, vonage(), 500, "oops", TryAgain),
]


@pytest.mark.parametrize(("channel", "config", "status", "body", "expected"), JUDGED)
def test_each_answer_is_what_the_provider_means_by_it(
    channel: Any, config: BaseModel, status: int, body: Any, expected: type
) -> None:
    text = body if isinstance(body, str) else json.dumps(body)
    assert isinstance(channel.judge(HttpAnswer(status, {}, text), NOW, config), expected)


async def test_a_recipient_who_has_it_does_not_get_it_again() -> None:
    async with harness_sms_twilio.open_harness() as server:
        config = TwilioConfig.model_validate(
            {**server.config, "to": ["+4915112345678", "+447400123456", "+12015550123"]}
        )
        server.tools.done = ("recipient +4915112345678",)
        outcome = await TWILIO.send(NOTIFICATION, first_failure(), config, server.tools)
        assert isinstance(outcome, Delivered)
        assert len(server.requests) == 2
        server.answer(Answer.BUSY)
        busy = await TWILIO.send(NOTIFICATION, first_failure(), config, server.tools)
        assert isinstance(busy, TryAgain)
        assert busy.done == ("recipient +4915112345678",)


async def test_a_gateways_body_is_filled_and_never_read_again() -> None:
    async with harness_sms_gateway.open_harness() as server:
        config = GatewayConfig.model_validate({**server.config, "max_segments": 6})
        content = first_failure(sample='{to} "quoted" {id}\\')
        await GATEWAY.send(NOTIFICATION, content, config, server.tools)
        (message,) = server.requests[0].json["messages"]
        assert message["recipient"] == "+4915112345678"
        assert '{to} "quoted" {id}' in message["body"]
        assert message["reference"] == f"{NOTIFICATION.hex}-1"


@pytest.mark.parametrize(
    ("body", "said"),
    [("to={to}", "must be a JSON object"), ('["{to} {text}"]', "must be a JSON object"), ('{"a": "{to}"}', "must have {text}")],
)  # fmt: skip
def test_a_body_that_cannot_be_sent_is_said(body: str, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        GatewayConfig.model_validate(
            {"url": "https://x.example/", "body": body, "to": ["+4915112345678"]}
        )


URL = "https://alerts.example.com/api/alerts/receipts/1/2"


def from_twilio(status: str, config: TwilioConfig, url: str = URL, **more: str) -> ReceiptRequest:
    form = {"MessageSid": "SM1", "MessageStatus": status, "To": "+4915112345678", **more}
    signed = url + "".join(f"{name}{form[name]}" for name in sorted(form))
    signature = base64.b64encode(hmac.digest(config.auth_token.encode(), signed.encode(), "sha1"))
    return ReceiptRequest(URL, {"x-twilio-signature": signature.decode()}, urlencode(form).encode())


def test_twilio_tells_what_became_of_a_message() -> None:
    config = twilio()
    delivered = TWILIO.receipt(from_twilio("delivered", config), config)
    assert delivered
    assert (delivered.part, delivered.state) == ("recipient +4915112345678", "delivered")
    failed = TWILIO.receipt(from_twilio("undelivered", config, ErrorCode="21610"), config)
    assert failed
    assert (failed.state, failed.detail) == (
        "undelivered",
        "undelivered: 21610: the recipient has opted out: they must answer START",
    )
    off = TWILIO.receipt(from_twilio("undelivered", config, ErrorCode="30003"), config)
    assert off
    assert off.detail == "undelivered: 30003: the handset is off or out of reach"
    assert TWILIO.receipt(from_twilio("sent", config), config) is None


def test_a_receipt_that_twilio_has_not_signed_is_none() -> None:
    config, other = twilio(), twilio(auth_token="c" * 32)
    for request in (
        from_twilio("failed", other),
        from_twilio("failed", config, url=URL + "0"),
        ReceiptRequest(URL, {}, b"MessageStatus=failed"),
    ):
        with pytest.raises(UnsignedReceipt):
            TWILIO.receipt(request, config)


def from_vonage(document: dict[str, Any], secret: str, **claims: Any) -> ReceiptRequest:
    body = json.dumps(document).encode()
    hashed = {"payload_hash": hashlib.sha256(body).hexdigest(), "iat": 1_764_000_000, **claims}
    token = jwt.encode(hashed, secret, "HS256")
    return ReceiptRequest(URL, {"authorization": f"Bearer {token}"}, body)


def test_vonage_tells_what_became_of_a_message() -> None:
    config = vonage()
    said = {"msisdn": "4915112345678", "status": "failed", "err-code": "6"}
    receipt = VONAGE.receipt(from_vonage(said, "q" * 32), config)
    assert receipt
    assert (receipt.part, receipt.state, receipt.detail) == (
        "recipient +4915112345678",
        "undelivered",
        "failed: 6",
    )
    for wrong in (
        from_vonage(said, "w" * 32),
        from_vonage(said, "q" * 32, payload_hash="0"),
        ReceiptRequest(URL, {}, b"{}"),
    ):
        with pytest.raises(UnsignedReceipt):
            VONAGE.receipt(wrong, config)
    with pytest.raises(UnsignedReceipt, match="no signature secret"):
        VONAGE.receipt(from_vonage(said, "q" * 32), vonage(signature_secret=None))


def test_what_it_would_cost_is_said_before_anything_is_sent() -> None:
    config = twilio(to=["+4915112345678", "+447400123456"], max_segments=3)
    preview = TWILIO.preview(first_failure(), config)
    assert preview.size == 2 * segments_of(preview.text).count
    assert "to 2 recipients" in preview.note
