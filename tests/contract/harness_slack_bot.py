"""Slack's Web API (https://docs.slack.dev/reference/methods/chat.postMessage)."""

from __future__ import annotations

import secrets

from tests.contract.harness import Answer
from tests.contract.slack_rules import wrong_message
from tests.contract.stand_in import HttpStandIn, Reply, Request, opener


class SlackApi(HttpStandIn):
    """A workspace with one bot in one channel; it knows which messages there are."""

    def configure(self, base: str) -> None:
        """A fresh token."""
        token = f"xoxb-{secrets.randbelow(10**11)}-{secrets.token_urlsafe(18)}"
        self.config = {"token": token, "channel": "C0123456789", "server": f"{base}api/"}
        self.secrets = (token,)
        self.messages: list[str] = []
        """By their ``ts``."""

    def refusal(self, request: Request) -> Reply | None:
        """The method's own errors; always with status 200."""
        message = request.json
        if request.headers.get("authorization") != f"Bearer {self.config['token']}":
            return _no("not_authed")
        if message.get("channel") != self.config["channel"]:
            return _no("channel_not_found")
        if wrong_message(message):
            return _no("invalid_blocks")
        if request.path.endswith("chat.update") and message.get("ts") not in self.messages:
            return _no("message_not_found")
        if (thread := message.get("thread_ts")) and thread not in self.messages:
            return _no("thread_not_found")
        return None

    def reply(self, answer: Answer, request: Request) -> Reply:
        """As told."""
        if answer is Answer.ACCEPTED:
            ts = request.json.get("ts") or f"1764000000.{len(self.messages):06d}"
            self.messages.append(ts)
            return Reply(
                200, {"ok": True, "ts": ts, "channel": "C0123456789", "seen": self.blurted(request)}
            )
        if answer is Answer.BUSY:
            return Reply(429, {"ok": False, "error": "ratelimited"}, {"retry-after": "7"})
        if answer is Answer.WRONG_CREDENTIALS:
            return Reply(
                200, {"ok": False, "error": "token_revoked", "seen": self.blurted(request)}
            )
        return _no("is_archived" if answer is Answer.GONE else "channel_not_found")


def _no(error: str) -> Reply:
    return Reply(200, {"ok": False, "error": error})


open_harness = opener(SlackApi)
