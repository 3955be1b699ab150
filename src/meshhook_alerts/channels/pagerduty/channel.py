"""Sends events (https://developer.pagerduty.com/docs/events-api-v2-overview): one incident for each alert, acknowledged
and resolved with it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from pydantic import BaseModel

from meshhook_alerts.application.ports import ChannelTools, HttpAnswer
from meshhook_alerts.channels.http import (
    HttpChannel,
    Post,
    alerts_in,
    json_of,
    outcome_of,
    said_by,
)
from meshhook_alerts.channels.pagerduty.config import PagerDutyConfig
from meshhook_alerts.channels.wording import heading_of, line, links_of, shorten, view_of
from meshhook_alerts.domain.delivery import Delivered, Outcome, Rejected
from meshhook_alerts.domain.message import Content

_SUMMARY = 1_024
_ACTIONS = {
    "alert.recovered": "resolve",
    "alert.closed": "resolve",
    "alert.acknowledged": "acknowledge",
}


class PagerDutyChannel(HttpChannel[PagerDutyConfig]):
    """The channel kind ``pagerduty``."""

    kind: ClassVar[str] = "pagerduty"
    title: ClassVar[str] = "PagerDuty"
    config_model: ClassVar[type[BaseModel]] = PagerDutyConfig
    mirrors: ClassVar[bool] = True

    def addresses(self, config: PagerDutyConfig) -> Sequence[str]:
        """The Events API."""
        return [config.server]

    def posts(
        self, notification_id: UUID, content: Content, config: PagerDutyConfig, tools: ChannelTools
    ) -> Sequence[Post]:
        """One event, or of a digest one for each alert it lists. A repeat changes nothing: the key is the alert's."""
        url = f"{config.server.rstrip('/')}/v2/enqueue"
        listed = list(alerts_in(content))
        events = [(each["id"], _listed(each, content)) for each in listed] or [
            (content["alert"]["id"], _event(content))
        ]
        return [
            Post.of_json(
                url,
                {**event, "routing_key": config.routing_key},
                part=f"incident {id_}" if listed else "",
            )
            for id_, event in events
        ]

    def judge(self, answer: HttpAnswer, now: datetime, config: PagerDutyConfig) -> Outcome:
        """202 and ``success``; a wrong key or event is 400 with what is wrong."""
        outcome = outcome_of(answer, now)
        if isinstance(outcome, Delivered) and json_of(answer).get("status") != "success":
            return Rejected(f"PagerDuty did not take the event: {said_by(answer)}", connected=True)
        return outcome


def _event(content: Content) -> dict[str, Any]:
    view = view_of(content)
    action = _ACTIONS.get(content["type"], "trigger")
    event: dict[str, Any] = {"event_action": action, "dedup_key": content["alert"]["id"]}
    if action != "trigger":
        return event
    error = line(view.error.split("\n", 1)[0])
    return event | {
        "client": "MeshHook Alerts",
        **({"client_url": view.alert_url} if view.alert_url else {}),
        "links": [{"href": url, "text": label} for label, url in links_of(view)],
        "payload": {
            "summary": shorten(f"{heading_of(view)}: {error or view.happened}", _SUMMARY),
            "source": shorten(view.project or "MeshHook", 200),
            "severity": content["severity"],
            "timestamp": content["alert"]["last_failure_at"],
            "component": shorten(view.node or view.workflow, 200),
            "group": shorten(view.workflow, 200),
            "class": content["failure"]["kind"],
            "custom_details": {
                "state": view.state,
                "error": shorten(view.error, 4_000),
                "what helps": view.hint,
                **{fact.label: shorten(fact.value, 500) for fact in view.facts},
            },
        },
    }


def _listed(alert: Any, content: Content) -> dict[str, Any]:
    if alert["state"] != "open":
        return {"event_action": "resolve", "dedup_key": alert["id"]}
    place = " › ".join(line(part) for part in (alert["workflow"], alert["node"]) if part)
    return {
        "event_action": "trigger",
        "dedup_key": alert["id"],
        "client": "MeshHook Alerts",
        "payload": {
            "summary": shorten(f"{place or 'MeshHook'}: {line(alert['error'])}", _SUMMARY),
            "source": shorten(line(content["project"]["name"]) or "MeshHook", 200),
            "severity": alert["severity"],
            "timestamp": alert["last_failure_at"],
            "component": shorten(line(alert["node"]) or "MeshHook", 200),
            "group": shorten(line(alert["workflow"]) or "MeshHook", 200),
            "class": alert["kind"],
            "custom_details": {
                "state": line(content["headline"]),
                "failures": alert["failures"],
                "First failure": alert["opened_at"],
            },
        },
    }
