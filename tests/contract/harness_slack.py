"""Slack's incoming webhooks (https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks#handling_errors)."""

from __future__ import annotations

import secrets

from tests.contract.harness import Answer
from tests.contract.slack_rules import wrong_message
from tests.contract.stand_in import HttpStandIn, Reply, Request, opener


class SlackWebhooks(HttpStandIn):
    """One webhook."""

    def configure(self, base: str) -> None:
        """The address is the secret."""
        path = (
            f"services/T{secrets.token_hex(5)}/B{secrets.token_hex(5)}/{secrets.token_urlsafe(18)}"
        )
        self.config = {"url": f"{base}{path}"}
        self.secrets = (path, path.rpartition("/")[2])

    def refusal(self, request: Request) -> Reply | None:
        """What Slack does not take."""
        return Reply(400, "invalid_payload") if wrong_message(request.json) else None

    def reply(self, answer: Answer, request: Request) -> Reply:
        """As told."""
        if answer is Answer.ACCEPTED:
            return Reply(200, "ok")
        if answer is Answer.BUSY:
            return Reply(429, f"rate_limited {self.blurted(request)}", {"retry-after": "7"})
        if answer is Answer.WRONG_CREDENTIALS:
            return Reply(403, f"invalid_token {self.blurted(request)}")
        return Reply(404 if answer is Answer.GONE else 200, "no_service")


open_harness = opener(SlackWebhooks)
