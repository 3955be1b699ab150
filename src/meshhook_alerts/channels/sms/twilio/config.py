"""What a user sets for text messages by Twilio; the form is drawn from this."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from meshhook_alerts.channels.fields import Url, server, token
from meshhook_alerts.channels.sms.fields import Number, most_segments, once, recipients


def _an_auth_token(text: str) -> str:
    text = text.strip()
    if text.startswith(("AC", "SK", "MG")):
        raise ValueError(
            "This is an id, which is no secret; the auth token stands beside the account's id"
        )
    if not re.fullmatch(r"[0-9a-fA-F]{32}", text):
        raise ValueError("An auth token has 32 hexadecimal digits: Twilio Console, Account Info")
    return text


class TwilioConfig(BaseModel):
    """Who sends, to whom, and what lets us in."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, title="SMS (Twilio)")

    account: str = Field(
        title="Account SID",
        description="AC and 32 hexadecimal digits: Twilio Console, Account Info.",
        pattern=r"^AC[0-9a-fA-F]{32}$",
        json_schema_extra={"destination": True},
    )
    auth_token: Annotated[str, AfterValidator(_an_auth_token)] = token(
        "Auth token", "Beside the account's SID in the Twilio Console."
    )
    sender: str | None = Field(
        default=None,
        title="Sender",
        description="A number of your account, or a name of up to 11 letters and digits where the country allows it.",
        pattern=r"^(\+[1-9]\d{6,14}|[A-Za-z0-9 ]{1,11})$",
    )
    messaging_service: str | None = Field(
        default=None,
        title="Messaging service",
        description="Instead of a sender: MG and 32 hexadecimal digits.",
        pattern=r"^MG[0-9a-fA-F]{32}$",
    )
    to: Annotated[list[Number], AfterValidator(once)] = recipients()
    max_segments: int = most_segments()
    server: Url = server(
        "https://api.twilio.com/",
        "Twilio's API; https://api.dublin.ie1.twilio.com/ for accounts in Ireland.",
    )

    @model_validator(mode="after")
    def _has_one_sender(self) -> TwilioConfig:
        if bool(self.sender) == bool(self.messaging_service):
            raise ValueError("Give either a sender or a messaging service")
        return self
