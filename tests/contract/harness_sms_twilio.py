"""Twilio's Messages resource (https://www.twilio.com/docs/messaging/api/message-resource)."""

from __future__ import annotations

import base64
import secrets
from urllib.parse import parse_qsl

from tests.contract.harness import Answer
from tests.contract.stand_in import HttpStandIn, Reply, Request, opener


class Messages(HttpStandIn):
    """One account."""

    def configure(self, base: str) -> None:
        """A fresh account."""
        account, token = f"AC{secrets.token_hex(16)}", secrets.token_hex(16)
        self.config = {
            "account": account,
            "auth_token": token,
            "sender": "+15005550006",
            "to": ["+4915112345678"],
            "server": base,
        }
        self.login = base64.b64encode(f"{account}:{token}".encode()).decode()
        self.secrets = (token, self.login)

    def refusal(self, request: Request) -> Reply | None:
        """What Twilio says of requests that are wrong."""
        if request.headers.get("authorization") != f"Basic {self.login}":
            return _error(401, 20003, "Authenticate")
        if request.path != f"/2010-04-01/Accounts/{self.config['account']}/Messages.json":
            return _error(404, 20404, "The requested resource was not found")
        form = dict(parse_qsl(request.body.decode()))
        if not form.get("To", "").startswith("+"):
            return _error(400, 21211, "The 'To' number is not a valid phone number.")
        if not form.get("From") and not form.get("MessagingServiceSid"):
            return _error(400, 21603, "A 'From' phone number is required.")
        if not form.get("Body"):
            return _error(400, 21602, "Message body is required.")
        if len(form["Body"]) > 1_600:
            return _error(
                400, 21617, "The concatenated message body exceeds the 1600 character limit"
            )
        if not 1 <= int(form["ValidityPeriod"]) <= 36_000:
            return _error(400, 21622, "ValidityPeriod is out of range")
        return None

    def reply(self, answer: Answer, request: Request) -> Reply:
        """As told."""
        if answer is Answer.ACCEPTED:
            message = {"sid": f"SM{secrets.token_hex(16)}", "status": "queued", "error_code": None}
            return Reply(201, {**message, "seen": self.blurted(request)})
        if answer is Answer.BUSY:
            return _error(429, 20429, f"Too Many Requests {self.blurted(request)}")
        if answer is Answer.WRONG_CREDENTIALS:
            return _error(401, 20003, f"Authenticate {self.blurted(request)}")
        if answer is Answer.GONE:
            return _error(400, 21610, "Attempt to send to unsubscribed recipient")
        return Reply(201, {"sid": "SM1", "status": "failed", "error_code": 30008})


def _error(status: int, code: int, message: str) -> Reply:
    more = f"https://www.twilio.com/docs/errors/{code}"
    return Reply(status, {"code": code, "message": message, "more_info": more, "status": status})


open_harness = opener(Messages)
