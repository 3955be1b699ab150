"""Makes, acknowledges and closes alerts (https://docs.opsgenie.com/docs/alert-api): one for each of ours."""

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
from meshhook_alerts.channels.opsgenie.config import OpsgenieConfig
from meshhook_alerts.channels.wording import heading_of, line, links_of, shorten, view_of
from meshhook_alerts.domain.delivery import Delivered, Outcome, Rejected
from meshhook_alerts.domain.message import Content

_MESSAGE, _DESCRIPTION, _DETAIL, _NOTE = 130, 14_000, 500, 1_000
_PRIORITY = {"critical": "P1", "error": "P2", "warning": "P3", "info": "P5"}
_ENDS = ("alert.recovered", "alert.closed")


class OpsgenieChannel(HttpChannel[OpsgenieConfig]):
    """The channel kind ``opsgenie``."""

    kind: ClassVar[str] = "opsgenie"
    title: ClassVar[str] = "Opsgenie"
    config_model: ClassVar[type[BaseModel]] = OpsgenieConfig
    mirrors: ClassVar[bool] = True

    def addresses(self, config: OpsgenieConfig) -> Sequence[str]:
        """The Alert API."""
        return [config.server]

    def posts(
        self, notification_id: UUID, content: Content, config: OpsgenieConfig, tools: ChannelTools
    ) -> Sequence[Post]:
        """One request, or of a digest one for each alert it lists. A repeat changes nothing but a counter: the alias is
        the alert's id."""
        if listed := list(alerts_in(content)):
            return [_of_listed(config, each, content) for each in listed]
        id_, view = content["alert"]["id"], view_of(content)
        if content["type"] in _ENDS:
            note = " ".join(part for part in (view.happened, view.progress) if part)
            return [
                _call(config, f"{id_}/close?identifierType=alias", {"note": shorten(note, _NOTE)})
            ]
        if content["type"] == "alert.acknowledged":
            by = {"note": shorten(line(f"In hand: {content['alert'].get('by')}"), _NOTE)}
            return [_call(config, f"{id_}/acknowledge?identifierType=alias", by)]
        return [_call(config, "", _alert(content, config))]

    def judge(self, answer: HttpAnswer, now: datetime, config: OpsgenieConfig) -> Outcome:
        """202: the request will be processed; 422 says what is wrong with it."""
        outcome = outcome_of(answer, now)
        if isinstance(outcome, Delivered) and not json_of(answer).get("requestId"):
            return Rejected(f"Opsgenie did not take the request: {said_by(answer)}", connected=True)
        return outcome


def _alert(content: Content, config: OpsgenieConfig) -> dict[str, Any]:
    view = view_of(content)
    error = line(view.error.split("\n", 1)[0])
    said = " ".join(part for part in (view.happened, view.progress, view.hint) if part)
    links = "\n".join(f"{label}: {url}" for label, url in links_of(view))
    return {
        "message": shorten(f"{heading_of(view)}: {error or view.happened}", _MESSAGE),
        "alias": content["alert"]["id"],
        "description": "\n\n".join(
            part for part in (said, shorten(view.error, 8_000), links, view.why) if part
        )[:_DESCRIPTION],
        "priority": _PRIORITY.get(content["severity"], "P3"),
        "entity": shorten(view.workflow, 500),
        "source": "MeshHook Alerts",
        "tags": config.tags,
        "details": {fact.label: shorten(fact.value, _DETAIL) for fact in view.facts},
        "note": view.state,
    }


def _of_listed(config: OpsgenieConfig, alert: Any, content: Content) -> Post:
    id_, part = alert["id"], f"alert {alert['id']}"
    headline = shorten(line(content["headline"]), _NOTE)
    if alert["state"] != "open":
        return _call(config, f"{id_}/close?identifierType=alias", {"note": headline}, part)
    place = " › ".join(line(part) for part in (alert["workflow"], alert["node"]) if part)
    document = {
        "message": shorten(f"{place or 'MeshHook'}: {line(alert['error'])}", _MESSAGE),
        "alias": id_,
        "description": f"{headline}\n\n{shorten(line(alert['error']), 2_000)}",
        "priority": _PRIORITY.get(alert["severity"], "P3"),
        "entity": shorten(line(alert["workflow"]) or "MeshHook", 500),
        "source": "MeshHook Alerts",
        "tags": config.tags,
        "details": {"Failures so far": str(alert["failures"]), "First failure": alert["opened_at"]},
    }
    return _call(config, "", document, part)


def _call(config: OpsgenieConfig, path: str, document: object, part: str = "") -> Post:
    url = f"{config.server.rstrip('/')}/v2/alerts{'/' if path else ''}{path}"
    return Post.of_json(url, document, {"authorization": f"GenieKey {config.api_key}"}, part)
