"""Some service that Apprise knows: here its plain JSON one."""

from __future__ import annotations

import secrets

from tests.contract.harness import Answer
from tests.contract.stand_in import HttpStandIn, Reply, Request, opener

_STATUS = {
    Answer.ACCEPTED: 200,
    Answer.BUSY: 503,
    Answer.WRONG_CREDENTIALS: 401,
    Answer.GONE: 404,
    Answer.NOT_REALLY: 404,
}


class Service(HttpStandIn):
    """Takes Apprise's JSON."""

    def configure(self, base: str) -> None:
        """The address is the secret."""
        path, password = f"in/{secrets.token_urlsafe(12)}", secrets.token_urlsafe(12)
        self.config = {"url": base.replace("http://", f"json://us:{password}@") + path}
        self.secrets = (path, password)

    def refusal(self, request: Request) -> Reply | None:
        """What is missing."""
        return None if request.json["message"] and request.json["title"] else Reply(400)

    def reply(self, answer: Answer, request: Request) -> Reply:
        """As told."""
        return Reply(_STATUS[answer], self.blurted(request))


open_harness = opener(Service)
