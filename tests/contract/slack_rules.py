"""What Slack refuses in a message (https://docs.slack.dev/reference/block-kit/blocks)."""

from __future__ import annotations

from typing import Any

_HEADER, _SECTION, _FIELD, _FIELDS, _BLOCKS, _TEXT = 150, 3_000, 2_000, 10, 50, 40_000


def wrong_message(message: dict[str, Any]) -> list[str]:
    """Each rule that is broken."""
    found = []
    if not message.get("text") or len(message["text"]) > _TEXT:
        found.append("no_text")
    blocks = [block for each in message.get("attachments", []) for block in each["blocks"]]
    if len(blocks) > _BLOCKS:
        found.append("too many blocks")
    for block in blocks:
        found += _wrong_block(block)
    return found


def _wrong_block(block: dict[str, Any]) -> list[str]:
    match block["type"]:
        case "header":
            good = (
                block["text"]["type"] == "plain_text" and 0 < len(block["text"]["text"]) <= _HEADER
            )
        case "section":
            fields = block.get("fields", [])
            good = (
                ("text" in block or bool(fields))
                and 0 < len(block.get("text", {"text": "-"})["text"]) <= _SECTION
                and len(fields) <= _FIELDS
                and all(0 < len(field["text"]) <= _FIELD for field in fields)
            )
        case "context":
            good = 0 < len(block["elements"]) <= _FIELDS
        case _:
            good = False
    return [] if good else [f"invalid_blocks: {block['type']}"]
