"""Opsgenie's Alert API (https://docs.opsgenie.com/docs/alert-api)."""

from __future__ import annotations

import secrets
from uuid import uuid4

from tests.contract.harness import Answer
from tests.contract.stand_in import HttpStandIn, Reply, Request, opener


class Alerts(HttpStandIn):
    """One team; it knows which alerts are open."""

    def configure(self, base: str) -> None:
        """The key is the secret."""
        key = str(uuid4())
        self.config = {"api_key": key, "tags": ["meshhook"], "server": base}
        self.secrets = (key,)
        self.alerts: dict[str, str] = {}
        """Alias → state."""

    def refusal(self, request: Request) -> Reply | None:
        """What it says of keys and fields that are wrong."""
        if request.headers.get("authorization") != f"GenieKey {self.config['api_key']}":
            return Reply(
                401, {"message": "Could not authenticate", "requestId": secrets.token_hex(8)}
            )
        if not request.path.startswith("/v2/alerts"):
            return Reply(404)
        document = request.json
        if request.path == "/v2/alerts":
            good = (
                0 < len(document["message"]) <= 130
                and 0 < len(document["alias"]) <= 512
                and len(document["description"]) <= 15_000
                and len(document.get("entity", "")) <= 512
                and len(document["source"]) <= 100
                and len(document["tags"]) <= 20
                and document["priority"] in ("P1", "P2", "P3", "P4", "P5")
                and sum(map(len, [*document["details"], *document["details"].values()])) <= 8_000
            )
        else:
            good = (
                request.query.get("identifierType") == "alias" and len(document["note"]) <= 25_000
            )
        return None if good else Reply(422, {"message": "Request body is not processable"})

    def reply(self, answer: Answer, request: Request) -> Reply:
        """As told."""
        if answer is Answer.ACCEPTED:
            if request.path == "/v2/alerts":
                self.alerts[request.json["alias"]] = "open"
            else:
                *_, alias, act = request.path.split("/")
                self.alerts[alias] = act
            said = f"Request will be processed {self.blurted(request)}"
            return Reply(202, {"result": said, "requestId": secrets.token_hex(8)})
        if answer is Answer.BUSY:
            return Reply(429, {"message": self.blurted(request)}, {"retry-after": "7"})
        if answer is Answer.WRONG_CREDENTIALS:
            return Reply(401, {"message": f"Could not authenticate {self.blurted(request)}"})
        if answer is Answer.GONE:
            return Reply(403, {"message": "Api key is not authorized: the integration is off"})
        return Reply(202, {"message": "nothing will be processed"})


open_harness = opener(Alerts)
