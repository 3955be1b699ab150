"""Vonage's SMS API (https://developer.vonage.com/en/api/sms)."""

from __future__ import annotations

import secrets

from tests.contract.harness import Answer
from tests.contract.stand_in import HttpStandIn, Reply, Request, opener


class SmsApi(HttpStandIn):
    """One account."""

    def configure(self, base: str) -> None:
        """A fresh account."""
        key, secret, signing = (
            secrets.token_hex(4),
            secrets.token_urlsafe(12),
            secrets.token_hex(16),
        )
        self.config = {
            "api_key": key,
            "api_secret": secret,
            "signature_secret": signing,
            "sender": "MeshHook",
            "to": ["+4915112345678"],
            "server": base,
        }
        self.secrets = (secret, signing)

    def refusal(self, request: Request) -> Reply | None:
        """What Vonage says of requests that are wrong; always with status 200."""
        document = request.json
        if document.get("api_secret") != self.config["api_secret"]:
            return _status("4", "Bad Credentials")
        missing = [name for name in ("to", "from", "text") if not document.get(name)]
        if missing:
            return _status("2", f"Missing {missing[0]} param")
        if not document["to"].isdigit():
            return _status("3", "Invalid to address")
        if document["type"] == "text" and not document["text"].isascii():
            return _status("3", "Invalid text: not GSM")
        if not 20_000 <= document["ttl"] <= 604_800_000:
            return _status("3", "Invalid ttl")
        return None

    def reply(self, answer: Answer, request: Request) -> Reply:
        """As told."""
        if answer is Answer.ACCEPTED:
            message = {"to": request.json["to"], "message-id": secrets.token_hex(8), "status": "0"}
            return Reply(
                200, {"message-count": "1", "messages": [message], "seen": self.blurted(request)}
            )
        if answer is Answer.BUSY:
            return _status("1", f"Throughput Rate Exceeded {self.blurted(request)}")
        if answer is Answer.WRONG_CREDENTIALS:
            return _status("4", f"Bad Credentials {self.blurted(request)}")
        return _status("33" if answer is Answer.GONE else "9", "Number deactivated")


def _status(status: str, text: str) -> Reply:
    return Reply(200, {"message-count": "1", "messages": [{"status": status, "error-text": text}]})


open_harness = opener(SmsApi)
