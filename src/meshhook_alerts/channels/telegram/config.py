"""What a user sets for a Telegram channel; the form is drawn from this."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from meshhook_alerts.channels.fields import Url, server, token

_TOKEN = re.compile(r"\d{5,12}:[A-Za-z0-9_-]{30,50}")


def _a_bot_token(text: str) -> str:
    text = text.strip()
    if not _TOKEN.fullmatch(text):
        raise ValueError(
            "A bot's token is a number, a colon and 35 characters: @BotFather shows it"
        )
    return text


class TelegramConfig(BaseModel):
    """Where the messages go, and what lets us in."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, title="Telegram")

    token: Annotated[str, AfterValidator(_a_bot_token)] = token(
        "Bot token", "@BotFather shows it when the bot is made.", pattern=r"^\d+:[A-Za-z0-9_-]+$"
    )
    chat: str = Field(
        title="Chat",
        description="The chat's number (groups begin with a minus), or the @name of a public channel.",
        pattern=r"^(-?\d{1,20}|@[A-Za-z][A-Za-z0-9_]{3,31})$",
        examples=["-1001234567890", "@our_alerts"],
    )
    topic: int | None = Field(
        default=None,
        title="Topic",
        description="In a group with topics: the topic's number.",
        ge=1,
    )
    silent_below_error: bool = Field(
        default=False,
        title="Quiet unless it is an error",
        description="Warnings and ends arrive without a sound.",
    )
    server: Url = server(
        "https://api.telegram.org/", "Telegram's API, or a Bot API server of your own."
    )
