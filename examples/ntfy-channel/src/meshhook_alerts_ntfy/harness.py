"""A stand-in for an ntfy server, on loopback: what the contract suite talks to."""

from __future__ import annotations

import secrets

from tests.contract.harness import Answer
from tests.contract.stand_in import HttpStandIn, Reply, Request, opener

_STATUS = {
    Answer.ACCEPTED: 200,
    Answer.BUSY: 429,
    Answer.WRONG_CREDENTIALS: 403,
    Answer.GONE: 404,
    Answer.NOT_REALLY: 404,
}
_LONGEST = 4_096


class Ntfy(HttpStandIn):
    """One topic that is protected."""

    def configure(self, base: str) -> None:
        """A topic nobody guesses, and a token."""
        topic, token = f"alerts-{secrets.token_hex(6)}", f"tk_{secrets.token_hex(14)}"
        self.config = {"server": base, "topic": topic, "token": token}
        self.secrets = (topic, token)

    def refusal(self, request: Request) -> Reply | None:
        """What ntfy refuses."""
        message = request.json
        good = (
            message.get("topic")
            and 1 <= message.get("priority", 3) <= 5
            and len(message.get("actions", [])) <= 3
            and len(message["message"].encode()) <= _LONGEST
        )
        return None if good else Reply(400, {"code": 40017, "error": "invalid"})

    def reply(self, answer: Answer, request: Request) -> Reply:
        """As told; it blurts out all it knows."""
        return Reply(_STATUS[answer], {"error": f"{request.json['topic']} {self.blurted(request)}"})


open_harness = opener(Ntfy)
