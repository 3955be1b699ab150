"""What a user sets for an Opsgenie channel; the form is drawn from this."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from meshhook_alerts.channels.fields import Url, server, token

_KEY = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")


def _an_integration_key(text: str) -> str:
    text = text.removeprefix("GenieKey ").strip()
    if not _KEY.fullmatch(text):
        raise ValueError("An API integration's key is a UUID: team, Integrations, API")
    return text


class OpsgenieConfig(BaseModel):
    """Which team is alerted."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, title="Opsgenie")

    api_key: Annotated[str, AfterValidator(_an_integration_key)] = token(
        "API key",
        "Of the team's API integration, which may create and update alerts.",
        pattern="^[0-9a-fA-F-]{36}$",
    )
    tags: list[Annotated[str, Field(min_length=1, max_length=50)]] = Field(
        default=[],
        title="Tags",
        description="Put on every alert, for your routing rules. At most 20.",
        max_length=20,
    )
    server: Url = server(
        "https://api.opsgenie.com/",
        "For accounts in the EU: https://api.eu.opsgenie.com/. For Jira Service Management: "
        "https://api.atlassian.com/jsm/ops/integration/",
    )
