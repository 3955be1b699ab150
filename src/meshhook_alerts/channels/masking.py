"""Keeps a channel's secrets out of every text about a try.

Redaction knows secrets by their looks; here they are known by value: the other side may repeat
in its answer what it was sent.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from urllib.parse import quote

from pydantic import BaseModel

from meshhook_alerts.application.channel_document import is_secret
from meshhook_alerts.domain.redaction import redact

MAX_DETAIL = 300
"""Longest detail of an outcome, in characters."""

_SHORTEST_MASKED = 4  # characters; masking shorter ones would tear holes into every text


def detail(text: str, config: BaseModel, *more_secrets: str) -> str:
    """``text`` as one short line that can be stored and shown: without the config's secrets (nor
    ``more_secrets``), redacted, cut to ``MAX_DETAIL``."""
    for secret in sorted({*_secrets(config), *more_secrets}, key=len, reverse=True):
        if _SHORTEST_MASKED <= len(secret) <= len(text):
            for form in _forms(secret):
                text = text.replace(form, "[removed]")
    clean = " ".join(redact(text).split())
    return clean if len(clean) <= MAX_DETAIL else clean[: MAX_DETAIL - 1].rstrip() + "…"


def _forms(secret: str) -> tuple[str, ...]:
    """A secret as it may come back: plain, percent-encoded, in Base64."""
    return secret, quote(secret, safe=""), base64.b64encode(secret.encode()).decode()


def _secrets(config: BaseModel) -> Iterator[str]:
    for name in type(config).model_fields:
        if is_secret(type(config), name):
            value = getattr(config, name)
            parts = value.values() if isinstance(value, dict) else (value,)
            yield from (part for part in parts if isinstance(part, str))
