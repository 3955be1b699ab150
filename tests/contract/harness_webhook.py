"""A webhook receiver on loopback."""

from __future__ import annotations

import secrets

from meshhook_alerts.channels.webhook.config import new_secret
from tests.contract.harness import Answer
from tests.contract.stand_in import HttpStandIn, Reply, Request, opener

_STATUS = {
    Answer.ACCEPTED: 200,
    Answer.BUSY: 503,
    Answer.WRONG_CREDENTIALS: 401,
    Answer.GONE: 410,
    Answer.NOT_REALLY: 410,
}


class Webhook(HttpStandIn):
    """Any server that takes our webhooks."""

    def configure(self, base: str) -> None:
        """Settings that lead to ``base``, every secret one set."""
        path, token = f"hooks/{secrets.token_urlsafe(12)}", secrets.token_urlsafe(6)
        key, old_key, header = new_secret(), new_secret(), secrets.token_hex(5)
        self.config = {
            "url": f"{base}{path}?key={token}",
            "secret": key,
            "previous_secret": old_key,
            "headers": {"X-Gateway-Key": header},
        }
        self.secrets = (path, token, key, old_key, header)

    def refusal(self, request: Request) -> Reply | None:
        """Standard Webhooks 1.0.0."""
        return None if "webhook-signature" in request.headers else Reply(400, "unsigned")

    def reply(self, answer: Answer, request: Request) -> Reply:
        """As told."""
        return Reply(_STATUS[answer], f"Cannot POST with {self.blurted(request)}")


open_harness = opener(Webhook)
