"""UUIDs: identifiers where their place says so; anywhere else one may be a key, as some providers' are."""

from __future__ import annotations

import re
from collections.abc import Iterator

import re2

from meshhook_alerts.domain.redaction.marks import Span

UUID = r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
_ALONE = re.compile(rf"(?<![0-9A-Za-z-]){UUID}(?![0-9A-Za-z])")
_REACH = 48  # characters before one in which its name is looked for
_THINGS = (
    "account|alert|asset|attempt|batch|bucket|build|campaign|cart|certificate|channel|child|cluster|commit"
    "|company|contact|container|contract|conversation|correlation|coupon|customer|database|deal|delivery"
    "|deployment|destination|device|disk|document|draft|endpoint|entity|environment|event|execution|export"
    "|failure|file|flow|folder|form|group|host|image|import|index|instance|integration|invoice|issue|item"
    "|job|lead|ledger|link|list|location|machine|member|message|migration|model|namespace|network|node"
    "|notification|object|operation|order|org|organi[sz]ation|owner|page|parent|partition|payload|payment"
    "|payout|person|plan|pod|policy|post|price|process|product|profile|project|queue|quote|receipt|record"
    "|refund|region|release|request|req|resource|response|revision|role|route|row|rule|run|sandbox"
    "|schedule|schema|segment|server|service|shipment|site|snapshot|source|span|stack|stage|step|store"
    "|stream|subnet|subscriber|subscription|table|target|task|team|template|tenant|thread|ticket|topic"
    "|trace|transaction|transfer|trigger|upload|user|vault|vendor|version|volume|vpc|warehouse|webhook"
    "|worker|workflow|workspace|zone"
)
_IDENTIFIES = re2.compile(
    rf"(?:(?i:\b(?:{_THINGS})s?|_(?:{_THINGS})s?|\b(?:uu|gu)?id|_id|-id|\bref(?:erence)?|\bno\.?|number)"
    r"|[a-z](?:Id|ID|Uuid|UUID|Ref))"
    r"(?:[\"'`)\]]{0,3}(?:\s+(?i:of|by|is|was|id|uuid|named|called|the)){0,2}\s*[:=#(\[]{0,3}\s*[\"'`(\[{<]{0,3})$"
)
"""The word before it says what it is the identifier of."""
_IN_A_PATH = re.compile(r"(?:[/#@]|\burn:uuid:)$")
_NEXT_TO_ANOTHER = re.compile(
    rf"{UUID}[\"'`]?(?:\s*[,;:|/+]\s*|\s+(?:and|or|to|->)\s+|\.|_)[\"'`]?$"
)
_LOOKED_UP = re2.compile(
    r"[\"'`)\]]{0,2}\s+(?i:(?:was |is |could )?not (?:be )?found|(?:does(?: not|n't)|no longer|already) exists?"
    r"|exists|timed out|(?:was|is|has been) (?:already |being )?(?:deleted|locked|gone|cancell?ed|closed|completed))\b"
)


def out_of_place(text: str) -> Iterator[Span]:
    """UUIDs whose place does not say that they are identifiers."""
    for found in _ALONE.finditer(text):
        if found.span() != (0, len(text)) and not _is_identifier(text, *found.span()):
            yield *found.span(), "[token removed]"


def has_dashes(text: str) -> bool:
    """Whether there may be one."""
    return text.count("-") >= 4


def _is_identifier(text: str, start: int, end: int) -> bool:
    before = text[max(0, start - _REACH) : start]
    return bool(
        _IDENTIFIES.search(before)
        or _IN_A_PATH.search(before)
        or _NEXT_TO_ANOTHER.search(before)
        or _LOOKED_UP.match(text, end)
    )
