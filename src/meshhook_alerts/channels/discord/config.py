"""What a user sets for a Discord channel; the form is drawn from this."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

from meshhook_alerts.channels.fields import Url, address


def _a_webhook(url: str) -> str:
    if "/channels/" in url or "/invite/" in url or url.startswith("https://discord.gg/"):
        raise ValueError(
            "This leads to a channel; a webhook's address has /api/webhooks/ in it: channel settings, Integrations, "
            "Webhooks, Copy Webhook URL"
        )
    return url


class DiscordConfig(BaseModel):
    """Where the messages go."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, title="Discord")

    url: Annotated[Url, AfterValidator(_a_webhook)] = address(
        "Webhook address",
        "Of the channel's webhook. Whoever knows it can write there.",
        "https://discord.com/api/webhooks/…/…",
    )
