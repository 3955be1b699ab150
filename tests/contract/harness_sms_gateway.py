"""Some gateway: JSON in, and 200 whatever happened."""

from __future__ import annotations

import secrets

from tests.contract.harness import Answer
from tests.contract.stand_in import HttpStandIn, Reply, Request, opener

_STATUS = {Answer.BUSY: 503, Answer.WRONG_CREDENTIALS: 403, Answer.GONE: 404}


class Gateway(HttpStandIn):
    """A gateway in somebody's house."""

    def configure(self, base: str) -> None:
        """The address and the header are the secrets."""
        path, key = f"send/{secrets.token_urlsafe(16)}", secrets.token_urlsafe(16)
        self.config = {
            "url": f"{base}{path}",
            "headers": {"X-Key": key},
            "body": '{"messages": [{"recipient": "{to}", "body": "{text}", "reference": "{id}"}]}',
            "accepted_if": '"state": "queued"',
            "to": ["+4915112345678"],
        }
        self.secrets = (path, key)

    def refusal(self, request: Request) -> Reply | None:
        """What is missing."""
        (message,) = request.json["messages"]
        good = message["recipient"].startswith("+") and message["body"] and message["reference"]
        return None if good else Reply(400, {"state": "refused"})

    def reply(self, answer: Answer, request: Request) -> Reply:
        """As told."""
        if answer is Answer.ACCEPTED:
            return Reply(200, {"seen": self.blurted(request), "state": "queued"})
        if answer is Answer.NOT_REALLY:
            return Reply(200, {"state": "no credit"})
        return Reply(_STATUS[answer], self.blurted(request))


open_harness = opener(Gateway)
