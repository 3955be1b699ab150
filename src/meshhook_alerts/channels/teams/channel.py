"""Posts an Adaptive Card to the webhook of a Teams workflow
(https://learn.microsoft.com/en-us/connectors/teams/#microsoft-teams-webhook)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from pydantic import BaseModel

from meshhook_alerts.application.ports import ChannelTools, HttpAnswer
from meshhook_alerts.channels.http import HttpChannel, Post, outcome_of, said_by
from meshhook_alerts.channels.teams.config import TeamsConfig
from meshhook_alerts.channels.wording import (
    Fact,
    View,
    facts_of,
    heading_of,
    links_of,
    mark_of,
    shorten,
    view_of,
)
from meshhook_alerts.domain.delivery import Delivered, Outcome, TryAgain
from meshhook_alerts.domain.message import Content

_ERROR, _VALUE = 2_500, 200  # characters; a message may have 28 KB
_COLOURS = {"good": "Good", "info": "Accent", "warning": "Warning"}
_STYLES = {"good": "good", "info": "accent", "warning": "warning"}


class TeamsChannel(HttpChannel[TeamsConfig]):
    """The channel kind ``teams``."""

    kind: ClassVar[str] = "teams"
    title: ClassVar[str] = "Microsoft Teams"
    config_model: ClassVar[type[BaseModel]] = TeamsConfig

    def addresses(self, config: TeamsConfig) -> Sequence[str]:
        """The workflow."""
        return [config.url]

    def posts(
        self, notification_id: UUID, content: Content, config: TeamsConfig, tools: ChannelTools
    ) -> Sequence[Post]:
        """One card. A workflow knows no idempotency: a repeat after a lost answer shows twice."""
        return [Post.of_json(config.url, message_of(content))]

    def judge(self, answer: HttpAnswer, now: datetime, config: TeamsConfig) -> Outcome:
        """A workflow answers 202 before it has written anything. What used to answer 200 with an error in words is
        read, too."""
        outcome = outcome_of(answer, now)
        if isinstance(outcome, Delivered) and "failed with error" in answer.body:
            return TryAgain(said_by(answer), connected=True)
        return outcome


def message_of(content: Content) -> dict[str, Any]:
    """The card, in the envelope a workflow expects."""
    return {
        "type": "message",
        "attachments": [
            {
                "contentType": "application/vnd.microsoft.card.adaptive",
                "contentUrl": None,
                "content": card_of(view_of(content)),
            }
        ],
    }


def card_of(view: View) -> dict[str, Any]:
    """Adaptive Card 1.4. Foreign text stands in text runs: in other places Teams reads Markdown."""
    said = " ".join(part for part in (view.happened, view.progress) if part)
    body = [
        {
            "type": "Container",
            "style": _STYLES.get(view.severity, "attention"),
            "bleed": True,
            "items": [
                _runs(
                    _run(
                        f"{mark_of(view)} {view.state}",
                        weight="Bolder",
                        color=_COLOURS.get(view.severity, "Attention"),
                    )
                ),
                _runs(_run(shorten(heading_of(view), 160), weight="Bolder", size="Large")),
            ],
        },
        _runs(_run(shorten(said, 400))),
    ]
    if view.error:
        body.append(_runs(_run(shorten(view.error, _ERROR), fontType="Monospace")))
    if view.hint:
        body.append(_runs(_run(shorten(view.hint, 300))))
    body += [_fact(fact) for fact in facts_of(view)]
    if view.why:
        body.append(_runs(_run(shorten(view.why, 300), size="Small", isSubtle=True)))
    return {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "fallbackText": shorten(f"{view.state}: {heading_of(view)}", 300),
        "body": body,
        "actions": [
            {"type": "Action.OpenUrl", "title": label, "url": url} for label, url in links_of(view)
        ],
        "msteams": {"width": "full"},
    }


def _fact(fact: Fact) -> dict[str, Any]:
    value = _run(shorten(fact.value, _VALUE))
    return {**_runs(_run(f"{fact.label}: ", weight="Bolder"), value), "spacing": "None"}


def _runs(*runs: dict[str, Any]) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": list(runs)}


def _run(text: str, **style: Any) -> dict[str, Any]:
    return {"type": "TextRun", "text": text, **style}
