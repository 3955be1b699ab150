"""What a user sets for a Slack bot; the form is drawn from this."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from meshhook_alerts.channels.fields import Url, server, token

_OTHER_TOKENS = {
    "xapp-": "an app-level token, which cannot write messages",
    "xoxp-": "a user's token: messages would come from a person",
    "xoxe": "a token that expires within hours",
    "xoxa-": "an old workspace token",
    "https:": "an address; a webhook's belongs into a channel of the kind slack",
}


def _a_bot_token(text: str) -> str:
    text = text.strip()
    for beginning, what in _OTHER_TOKENS.items():
        if text.startswith(beginning):
            raise ValueError(
                f"This is {what}. The bot token begins with xoxb-: OAuth & Permissions, Bot User OAuth Token"
            )
    if not text.startswith("xoxb-") or not text.isascii() or " " in text:
        raise ValueError("A bot token begins with xoxb-: OAuth & Permissions, Bot User OAuth Token")
    return text


class SlackBotConfig(BaseModel):
    """Where the messages go, and what lets us in."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, title="Slack bot")

    token: Annotated[str, AfterValidator(_a_bot_token)] = token(
        "Bot token",
        "Bot User OAuth Token of your app, with the scope chat:write.",
        pattern="^xoxb-",
    )
    channel: str = Field(
        title="Channel id",
        description="Of the channel, not its name: Slack shows it at the end of the channel's details. Invite the "
        "bot there first.",
        pattern=r"^[CGD][A-Z0-9]{5,20}$",
        examples=["C0123456789"],
    )
    server: Url = server(
        "https://slack.com/api/", "Slack's API; another address only behind a gateway of your own."
    )
