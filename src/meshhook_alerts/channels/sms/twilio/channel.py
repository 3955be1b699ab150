"""Sends text messages by Twilio (https://www.twilio.com/docs/messaging/api/message-resource)."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar, cast
from urllib.parse import parse_qsl, urlencode

from pydantic import BaseModel

from meshhook_alerts.application.ports import HttpAnswer, Receipt, ReceiptRequest, UnsignedReceipt
from meshhook_alerts.channels.http import Post, json_of, outcome_of, retry_after, said_by
from meshhook_alerts.channels.sms.channel import SmsChannel, part_of, valid_seconds
from meshhook_alerts.channels.sms.twilio.config import TwilioConfig
from meshhook_alerts.channels.sms.twilio.errors import MENDED_BY, TRY_AGAIN
from meshhook_alerts.domain.delivery import Ambiguous, Delivered, Outcome, Rejected, TryAgain
from meshhook_alerts.domain.message import Content

_GIVEN_UP = ("failed", "undelivered", "canceled")
_STATES = {
    "delivered": "delivered",
    "read": "delivered",
    "failed": "undelivered",
    "undelivered": "undelivered",
}


class TwilioChannel(SmsChannel[TwilioConfig]):
    """The channel kind ``sms_twilio``."""

    kind: ClassVar[str] = "sms_twilio"
    title: ClassVar[str] = "SMS (Twilio)"
    config_model: ClassVar[type[BaseModel]] = TwilioConfig

    def addresses(self, config: TwilioConfig) -> Sequence[str]:
        """Twilio's API."""
        return [config.server]

    def hidden(self, config: TwilioConfig) -> Sequence[str]:
        """The header that carries the token."""
        return [_login(config)]

    def one(
        self, to: str, text: str, content: Content, config: TwilioConfig, receipt_url: str | None
    ) -> Post:
        """A form, as Twilio wants it; after ``ValidityPeriod`` it drops the message instead of delivering it stale."""
        sender = (
            {"MessagingServiceSid": config.messaging_service}
            if config.messaging_service
            else {"From": config.sender}
        )
        form = {"To": to, **sender, "Body": text, "ValidityPeriod": str(valid_seconds(content))}
        if receipt_url:
            form["StatusCallback"] = receipt_url
        url = f"{config.server.rstrip('/')}/2010-04-01/Accounts/{config.account}/Messages.json"
        headers = {
            "authorization": f"Basic {_login(config)}",
            "content-type": "application/x-www-form-urlencoded",
        }
        return Post(url, urlencode(form).encode(), headers, part_of(to))

    def judge(self, answer: HttpAnswer, now: datetime, config: TwilioConfig) -> Outcome:
        """201 with the message, or an error's number and text. What Twilio's own failure came to is a doubt: sending is
        not idempotent (https://www.twilio.com/docs/api/errors/20500)."""
        said, outcome = json_of(answer), outcome_of(answer, now)
        code = said.get("code") or said.get("error_code")
        if isinstance(outcome, Delivered):
            if not said.get("sid") or said.get("status") in _GIVEN_UP or code:
                return Rejected(
                    f"Twilio did not take the message: {said_by(answer)}", connected=True
                )
            return Delivered(f"{said.get('status', 'accepted')}, {said['sid']}")
        if code in TRY_AGAIN:
            wait = retry_after(answer.headers.get("retry-after"), now)
            return TryAgain(f"{code}: {said.get('message')}", wait, connected=True)
        if answer.status >= 500 and answer.status != 503:
            return Ambiguous(said_by(answer))
        if isinstance(outcome, TryAgain):
            return outcome
        mended_by = MENDED_BY.get(code) if isinstance(code, int) else None
        return Rejected(
            f"{code}: {mended_by or ''} ({said.get('message') or said_by(answer)})", connected=True
        )

    def receipt(self, request: ReceiptRequest, config: BaseModel) -> Receipt | None:
        """What became of a message (https://www.twilio.com/docs/usage/security#validating-requests): signed with the auth
        token over the address and the form.

        Raises:
            UnsignedReceipt
        """
        settings = cast(TwilioConfig, config)
        form = dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
        signed = request.url + "".join(f"{name}{form[name]}" for name in sorted(form))
        digest = hmac.digest(settings.auth_token.encode(), signed.encode(), "sha1")
        wanted = base64.b64encode(digest).decode()
        if not hmac.compare_digest(
            wanted.encode(), request.headers.get("x-twilio-signature", "").encode()
        ):
            raise UnsignedReceipt("X-Twilio-Signature")
        state, to = _STATES.get(form.get("MessageStatus", "")), form.get("To", "")
        if state is None:
            return None
        code = form.get("ErrorCode", "")
        mended_by = MENDED_BY.get(int(code)) if code.isdigit() else None
        return Receipt(
            part_of(to), state, ": ".join(filter(None, (form["MessageStatus"], code, mended_by)))
        )


def _login(config: TwilioConfig) -> str:
    return base64.b64encode(f"{config.account}:{config.auth_token}".encode()).decode()
