"""Sends text messages by Vonage (https://developer.vonage.com/en/api/sms)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, cast

import jwt
import orjson
from pydantic import BaseModel

from meshhook_alerts.application.ports import HttpAnswer, Receipt, ReceiptRequest, UnsignedReceipt
from meshhook_alerts.channels.http import Post, json_of, outcome_of, said_by
from meshhook_alerts.channels.sms.channel import SmsChannel, part_of, valid_seconds
from meshhook_alerts.channels.sms.segments import segments_of
from meshhook_alerts.channels.sms.vonage.config import VonageConfig
from meshhook_alerts.domain.delivery import Ambiguous, Delivered, Outcome, Rejected, TryAgain
from meshhook_alerts.domain.message import Content

# https://developer.vonage.com/en/messaging/sms/guides/troubleshooting-sms
_TRY_AGAIN = frozenset({"1"})
_DOUBT = frozenset({"5"})
_MENDED_BY = {
    "4": "the API key or secret is wrong",
    "6": "the number or the text cannot be sent",
    "7": "the recipient is barred",
    "9": "the account has no credit left",
    "15": "this sender is not allowed here",
    "29": "a trial account sends to listed numbers only",
    "33": "the number is not in use any more",
}
_RECEIPTS = {
    "delivered": "delivered",
    "failed": "undelivered",
    "rejected": "undelivered",
    "expired": "undelivered",
}


class VonageChannel(SmsChannel[VonageConfig]):
    """The channel kind ``sms_vonage``."""

    kind: ClassVar[str] = "sms_vonage"
    title: ClassVar[str] = "SMS (Vonage)"
    config_model: ClassVar[type[BaseModel]] = VonageConfig

    def addresses(self, config: VonageConfig) -> Sequence[str]:
        """Vonage's API."""
        return [config.server]

    def one(
        self, to: str, text: str, content: Content, config: VonageConfig, receipt_url: str | None
    ) -> Post:
        """JSON; numbers without the plus, as Vonage wants them."""
        document: dict[str, Any] = {
            "api_key": config.api_key,
            "api_secret": config.api_secret,
            "to": to.removeprefix("+"),
            "from": config.sender.removeprefix("+"),
            "text": text,
            "type": "text" if segments_of(text).encoding == "GSM-7" else "unicode",
            "ttl": valid_seconds(content) * 1_000,
        }
        if receipt_url and config.signature_secret:
            document["callback"] = receipt_url
        return Post.of_json(f"{config.server.rstrip('/')}/sms/json", document, part=part_of(to))

    def judge(self, answer: HttpAnswer, now: datetime, config: VonageConfig) -> Outcome:
        """Always 200; each part of the message has its own status, of which the worst counts."""
        messages = json_of(answer).get("messages")
        outcome = outcome_of(answer, now)
        if not isinstance(outcome, Delivered):
            return outcome
        if not isinstance(messages, list) or not messages:
            return Rejected(f"Vonage did not take the message: {said_by(answer)}", connected=True)
        worst: Mapping[str, Any] = next(
            (each for each in messages if str(each.get("status")) != "0"), messages[0]
        )
        status, said = str(worst.get("status")), worst.get("error-text") or ""
        if status == "0":
            return Delivered(f"accepted, {worst.get('message-id')}")
        if status in _TRY_AGAIN:
            return TryAgain(f"{status}: {said}", connected=True)
        if status in _DOUBT:
            return Ambiguous(f"{status}: {said}")
        return Rejected(f"{status}: {_MENDED_BY.get(status, '')} ({said})", connected=True)

    def receipt(self, request: ReceiptRequest, config: BaseModel) -> Receipt | None:
        """What became of a message: a JWT signed with the signature secret, which names the body's hash
        (https://developer.vonage.com/en/getting-started/concepts/webhooks#validating-signed-webhooks).

        Raises:
            UnsignedReceipt
        """
        settings = cast(VonageConfig, config)
        _check_signature(request, settings.signature_secret)
        try:
            said = orjson.loads(request.body)
        except orjson.JSONDecodeError:
            return None
        state = _RECEIPTS.get(str(said.get("status"))) if isinstance(said, dict) else None
        if state is None:
            return None
        detail = f"{said.get('status')}: {said.get('err-code', '')}"
        return Receipt(part_of(f"+{str(said.get('msisdn', '')).removeprefix('+')}"), state, detail)


def _check_signature(request: ReceiptRequest, secret: str | None) -> None:
    token = request.headers.get("authorization", "").removeprefix("Bearer ")
    if secret is None:
        raise UnsignedReceipt("the channel has no signature secret")
    try:
        claims = jwt.decode(token, secret, algorithms=["HS256"], options={"require": ["iat"]})
    except jwt.InvalidTokenError as problem:
        raise UnsignedReceipt(f"Authorization: {problem}") from None
    if claims.get("payload_hash") != hashlib.sha256(request.body).hexdigest():
        raise UnsignedReceipt("payload_hash")
