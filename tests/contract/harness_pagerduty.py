"""PagerDuty's Events API (https://developer.pagerduty.com/api-reference/368ae3d938c9e-send-an-event-to-pager-duty)."""

from __future__ import annotations

import secrets
from typing import Any

from tests.contract.harness import Answer
from tests.contract.stand_in import HttpStandIn, Reply, Request, opener

_SEVERITIES = ("critical", "error", "warning", "info")


class Events(HttpStandIn):
    """One service; it knows which incidents are open."""

    def configure(self, base: str) -> None:
        """The key is the secret."""
        key = secrets.token_hex(16)
        self.config = {"routing_key": key, "server": base}
        self.secrets = (key,)
        self.incidents: dict[str, str] = {}
        """Key → state."""

    def refusal(self, request: Request) -> Reply | None:
        """What is wrong with an event."""
        event, errors = request.json, []
        if request.path != "/v2/enqueue":
            return Reply(404)
        if event.get("routing_key") != self.config["routing_key"]:
            errors.append("Invalid routing key")
        if event.get("event_action") not in ("trigger", "acknowledge", "resolve"):
            errors.append("'event_action' is wrong")
        if not event.get("dedup_key") or len(event["dedup_key"]) > 255:
            errors.append("'dedup_key' is missing or too long")
        if event.get("event_action") == "trigger":
            errors += _wrong_payload(event.get("payload", {}))
        if len(request.body) > 512 * 1024:
            return Reply(413)
        wrong = {"status": "invalid event", "message": "Event object is invalid", "errors": errors}
        return Reply(400, wrong) if errors else None

    def reply(self, answer: Answer, request: Request) -> Reply:
        """As told."""
        if answer is Answer.ACCEPTED:
            event = request.json
            self.incidents[event["dedup_key"]] = event["event_action"]
            said = {"status": "success", "message": f"Event processed {self.blurted(request)}"}
            return Reply(202, {**said, "dedup_key": event["dedup_key"]})
        if answer is Answer.BUSY:
            return Reply(429, {"status": "throttled", "message": self.blurted(request)})
        if answer in (Answer.WRONG_CREDENTIALS, Answer.GONE):
            errors = [f"Invalid routing key {self.blurted(request)}"]
            return Reply(400, {"status": "invalid event", "errors": errors})
        return Reply(202, {"status": "invalid event"})


def _wrong_payload(payload: dict[str, Any]) -> list[str]:
    errors = [
        f"'payload.{name}' is missing"
        for name in ("summary", "source", "severity")
        if not payload.get(name)
    ]
    if payload.get("severity") not in _SEVERITIES:
        errors.append("'payload.severity' is invalid")
    if len(payload.get("summary", "")) > 1_024:
        errors.append("'payload.summary' is too long")
    return errors


open_harness = opener(Events)
