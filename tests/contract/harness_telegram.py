"""Telegram's Bot API (https://core.telegram.org/bots/api#sendmessage)."""

from __future__ import annotations

import html
import re
import secrets

from tests.contract.harness import Answer
from tests.contract.stand_in import HttpStandIn, Reply, Request, opener

_TAG = re.compile(r"</?(b|i|pre|a)( href=\"[^\"<>]*\")?>")
_LONGEST = 4_096


class BotApi(HttpStandIn):
    """One bot in one chat."""

    def configure(self, base: str) -> None:
        """The token stands in the address."""
        token = f"{secrets.randbelow(9 * 10**8) + 10**8}:{secrets.token_urlsafe(27)[:35]}"
        self.config = {"token": token, "chat": "-1001234567890", "server": base}
        self.secrets = (token, token.partition(":")[2])

    def refusal(self, request: Request) -> Reply | None:
        """What ``sendMessage`` says of chats and texts that are wrong."""
        message = request.json
        if request.path != f"/bot{self.config['token']}/sendMessage":
            return Reply(404, {"ok": False, "error_code": 404, "description": "Not Found"})
        if message["chat_id"] != int(self.config["chat"]):
            return _bad("chat not found")
        bare = _TAG.sub("", message["text"])
        if "<" in bare or ">" in bare:
            return _bad("can't parse entities")
        shown = html.unescape(bare)
        if not shown.strip() or len(shown.encode("utf-16-le")) // 2 > _LONGEST:
            return _bad("message is too long")
        return None

    def reply(self, answer: Answer, request: Request) -> Reply:
        """As told."""
        blurted = self.blurted(request)
        if answer is Answer.ACCEPTED:
            result = {"message_id": 1000 + len(self.requests), "text": blurted}
            return Reply(200, {"ok": True, "result": result})
        if answer is Answer.BUSY:
            said = f"Too Many Requests: retry after 7 {blurted}"
            return Reply(429, {**_no(429, said), "parameters": {"retry_after": 7}})
        if answer is Answer.WRONG_CREDENTIALS:
            return Reply(401, _no(401, f"Unauthorized {blurted}"))
        if answer is Answer.GONE:
            return Reply(403, _no(403, "Forbidden: bot was kicked from the supergroup chat"))
        return Reply(200, _no(400, "Bad Request: chat not found"))


def _no(code: int, description: str) -> dict[str, object]:
    return {"ok": False, "error_code": code, "description": description}


def _bad(what: str) -> Reply:
    return Reply(400, _no(400, f"Bad Request: {what}"))


open_harness = opener(BotApi)
