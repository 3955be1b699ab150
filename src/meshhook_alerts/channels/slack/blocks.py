"""A message as Slack shows it: Block Kit in an attachment, whose bar has the colour of the severity.

Limits: https://docs.slack.dev/reference/block-kit/blocks. Links are links, not buttons: a button without an app behind
it that answers shows a warning to whoever presses it.
"""

from __future__ import annotations

from typing import Any

from meshhook_alerts.channels.wording import (
    View,
    colour_of,
    facts_of,
    heading_of,
    line,
    links_of,
    mark_of,
    shorten,
    view_of,
)
from meshhook_alerts.domain.message import Content

_HEADER, _SECTION, _FIELD, _FALLBACK = 150, 2_900, 300, 600
_MOST_FIELDS = 10


def message_of(content: Content) -> dict[str, Any]:
    """``text``, which notifications and old clients show, and ``attachments``."""
    view = view_of(content)
    first_line = view.error.split("\n", 1)[0] or view.happened
    text = f"{mark_of(view)} {view.state}: {heading_of(view)}: {line(first_line)}"
    attachment = {
        "color": f"#{colour_of(view)}",
        "fallback": shorten(text, _FALLBACK),
        "blocks": _blocks(view),
    }
    return {"text": escaped(shorten(text, _FALLBACK)), "attachments": [attachment]}


def escaped(text: str) -> str:
    """Foreign text, in which Slack is to find no mention, channel or link
    (https://docs.slack.dev/messaging/formatting-message-text#escaping)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _blocks(view: View) -> list[dict[str, Any]]:
    heading = shorten(f"{mark_of(view)} {heading_of(view)}", _HEADER)
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": heading, "emoji": True}}
    ]
    said = " ".join(part for part in (view.happened, view.progress) if part)
    blocks.append(_section(f"*{view.state}*\n{_fitting(said)}"))
    if view.error:
        blocks.append(_section(f"```{_fitting(view.error.replace('```', '` ` `'))}```"))
    if view.hint:
        blocks.append(_section(_fitting(view.hint)))
    if fields := [
        _text(f"*{fact.label}*\n{escaped(shorten(fact.value, _FIELD))}")
        for fact in facts_of(view)[:_MOST_FIELDS]
    ]:
        blocks.append({"type": "section", "fields": fields})
    if links := [f"<{escaped(url)}|{label}>" for label, url in links_of(view)]:
        blocks.append(_section("  ·  ".join(links)))
    if why := " ".join(
        part for part in (view.why, f"Rule: {view.rule}." if view.rule else "") if part
    ):
        blocks.append({"type": "context", "elements": [_text(_fitting(why))]})
    return blocks


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": _text(text)}


def _text(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _fitting(text: str) -> str:
    """Escaped, and short enough all the same."""
    limit = _SECTION
    while len(found := escaped(shorten(text, limit))) > _SECTION:
        limit -= len(found) - _SECTION
    return found
