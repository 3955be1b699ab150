"""What a user sets for a PagerDuty channel; the form is drawn from this."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

from meshhook_alerts.channels.fields import Url, server, token

_KEY = re.compile(r"[A-Za-z0-9]{32}")


def _an_integration_key(text: str) -> str:
    text = text.strip()
    if text.startswith(("u+", "y_")) or len(text) == 20:
        raise ValueError(
            "This looks like a key of the REST API; the integration key of the service has 32 letters and digits: "
            "service, Integrations, Events API V2"
        )
    if not _KEY.fullmatch(text):
        raise ValueError(
            "An integration key has 32 letters and digits: service, Integrations, Events API V2"
        )
    return text


class PagerDutyConfig(BaseModel):
    """Which service is paged."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, title="PagerDuty")

    routing_key: Annotated[str, AfterValidator(_an_integration_key)] = token(
        "Integration key",
        "Of the service's integration *Events API V2*: 32 letters and digits.",
        pattern="^[A-Za-z0-9]{32}$",
    )
    server: Url = server(
        "https://events.pagerduty.com/", "For accounts in the EU: https://events.eu.pagerduty.com/"
    )
