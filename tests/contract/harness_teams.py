"""The webhook of a Teams workflow (https://learn.microsoft.com/en-us/connectors/teams/#microsoft-teams-webhook)."""

from __future__ import annotations

import secrets

from tests.contract.harness import Answer
from tests.contract.stand_in import HttpStandIn, Reply, Request, opener

_BIGGEST = 28 * 1024
_OLD_CONNECTOR = (
    "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429"
)


class Workflow(HttpStandIn):
    """One workflow; its address is signed."""

    def configure(self, base: str) -> None:
        """The address is the secret."""
        path = f"workflows/{secrets.token_hex(16)}/triggers/manual/paths/invoke"
        signature = secrets.token_urlsafe(32)
        self.config = {"url": f"{base}{path}?api-version=2016-06-01&sv=1.0&sig={signature}"}
        self.secrets = (path, signature)

    def refusal(self, request: Request) -> Reply | None:
        """The envelope, and its size."""
        message = request.json
        card = message["attachments"][0]
        good = (
            message["type"] == "message"
            and card["contentType"] == "application/vnd.microsoft.card.adaptive"
            and card["content"]["type"] == "AdaptiveCard"
            and len(request.body) <= _BIGGEST
        )
        return None if good else Reply(400, {"error": {"code": "TriggerInputSchemaMismatch"}})

    def reply(self, answer: Answer, request: Request) -> Reply:
        """As told."""
        if answer is Answer.ACCEPTED:
            return Reply(202, "")
        if answer is Answer.BUSY:
            return Reply(429, f"{self.blurted(request)}", {"retry-after": "7"})
        if answer is Answer.WRONG_CREDENTIALS:
            code = {"code": "DirectApiAuthorizationRequired", "message": self.blurted(request)}
            return Reply(401, {"error": code})
        if answer is Answer.GONE:
            return Reply(404, {"error": {"code": "WorkflowNotFound"}})
        return Reply(200, _OLD_CONNECTOR)


open_harness = opener(Workflow)
