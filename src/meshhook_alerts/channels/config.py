"""What every channel's settings share: which fields are secret, and keeping them apart.

The public part is stored in the clear and shown to members; the secrets are sealed and never
returned, and are kept out of every text about a try.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

import orjson
from pydantic import BaseModel

_SHORTEST_MASKED = 4  # characters; shorter ones would mask half of every text


def is_secret(model: type[BaseModel], field: str) -> bool:
    """Whether ``field`` is marked ``json_schema_extra={"secret": True}``."""
    extra = model.model_fields[field].json_schema_extra
    return isinstance(extra, dict) and extra.get("secret") is True


def split(config: BaseModel) -> tuple[dict[str, Any], dict[str, str]]:
    """The public values and the secrets of a validated config, unset ones left out.

    A secret that is not a text becomes JSON; its field must read that back.
    """
    public: dict[str, Any] = {}
    secrets: dict[str, str] = {}
    for name, value in config.model_dump(mode="json", exclude_none=True).items():
        if not is_secret(type(config), name):
            public[name] = value
        elif value:
            secrets[name] = value if isinstance(value, str) else orjson.dumps(value).decode()
    return public, secrets


def merge(
    model: type[C], public: Mapping[str, Any], secrets: Mapping[str, str]
) -> C:
    """The config that ``split`` took apart, validated again.

    Raises ``pydantic.ValidationError``, also for secrets of fields that no longer exist.
    """
    return model.model_validate({**public, **secrets})


def masked(text: str, config: BaseModel) -> str:
    """``text`` without the config's secrets, plain, percent-encoded or in Base64: the other side
    may repeat in its answer what it was sent."""
    for secret in _secret_texts(config):
        for form in (secret, quote(secret, safe=""), base64.b64encode(secret.encode()).decode()):
            text = text.replace(form, "[removed]")
    return text


def _secret_texts(config: BaseModel) -> Iterator[str]:
    for name in type(config).model_fields:
        if is_secret(type(config), name):
            value = getattr(config, name)
            for secret in value.values() if isinstance(value, dict) else (value,):
                if isinstance(secret, str) and len(secret) >= _SHORTEST_MASKED:
                    yield secret
