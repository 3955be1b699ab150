"""Discord's webhooks (https://discord.com/developers/docs/resources/webhook#execute-webhook)."""

from __future__ import annotations

import secrets
from typing import Any

from tests.contract.harness import Answer
from tests.contract.stand_in import HttpStandIn, Reply, Request, opener


class Discord(HttpStandIn):
    """One webhook."""

    def configure(self, base: str) -> None:
        """The address is the secret."""
        path = f"api/webhooks/{secrets.randbelow(10**18)}/{secrets.token_urlsafe(51)}"
        self.config = {"url": f"{base}{path}"}
        self.secrets = (path, path.rpartition("/")[2])

    def refusal(self, request: Request) -> Reply | None:
        """The limits of an embed."""
        message = request.json
        embeds = message.get("embeds", [])
        fits = 0 < len(embeds) <= 10 and all(map(_fits, embeds))
        good = fits and message["allowed_mentions"] == {"parse": []}
        return None if good else Reply(400, {"code": 50035, "message": "Invalid Form Body"})

    def reply(self, answer: Answer, request: Request) -> Reply:
        """As told; without ``wait`` Discord says nothing."""
        blurted = self.blurted(request)
        if answer is Answer.ACCEPTED:
            assert request.query["wait"] == "true"
            return Reply(200, {"id": "1300000000000000000", "content": "", "seen": blurted})
        if answer is Answer.BUSY:
            limited = {
                "message": "You are being rate limited.",
                "retry_after": 7.3,
                "global": False,
            }
            return Reply(429, limited)
        if answer is Answer.WRONG_CREDENTIALS:
            return Reply(401, {"message": f"Invalid Webhook Token {blurted}", "code": 50027})
        if answer is Answer.GONE:
            return Reply(404, {"message": "Unknown Webhook", "code": 10015})
        return Reply(200, {"message": "no message came of it"})


def _fits(embed: dict[str, Any]) -> bool:
    fields = embed.get("fields", [])
    texts = [embed["title"], embed["description"], embed["footer"]["text"]]
    texts += [text for field in fields for text in (field["name"], field["value"])]
    return (
        0 < len(embed["title"]) <= 256
        and len(embed["description"]) <= 4_096
        and len(embed["footer"]["text"]) <= 2_048
        and len(fields) <= 25
        and all(
            0 < len(field["name"]) <= 256 and 0 < len(field["value"]) <= 1_024 for field in fields
        )
        and sum(map(len, texts)) <= 6_000
        and 0 <= embed["color"] <= 0xFFFFFF
    )


open_harness = opener(Discord)
