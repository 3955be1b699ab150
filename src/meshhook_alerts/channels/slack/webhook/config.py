"""What a user sets for a Slack webhook; the form is drawn from this."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

from meshhook_alerts.channels.fields import Url, address


def _a_webhook(url: str) -> str:
    if url.startswith(("https://slack.com/", "https://app.slack.com/", "https://api.slack.com/")):
        raise ValueError(
            "This is a page of Slack's; an incoming webhook begins with https://hooks.slack.com/services/"
        )
    return url


class SlackWebhookConfig(BaseModel):
    """Where the messages go."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, title="Slack webhook")

    url: Annotated[Url, AfterValidator(_a_webhook)] = address(
        "Webhook address",
        "The incoming webhook that Slack made for a channel. Whoever knows it can write there.",
        "https://hooks.slack.com/services/T…/B…/…",
    )
