"""What a user sets for text messages by Vonage; the form is drawn from this."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from meshhook_alerts.channels.fields import Url, server, token
from meshhook_alerts.channels.sms.fields import Number, most_segments, once, recipients


class VonageConfig(BaseModel):
    """Who sends, to whom, and what lets us in."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, title="SMS (Vonage)")

    api_key: str = token(
        "API key", "Of your account: Vonage Dashboard, API settings.", pattern="^[0-9a-fA-F]{8}$"
    )
    api_secret: str = token("API secret", "Beside the API key.")
    signature_secret: str | None = token(
        "Signature secret",
        "Vonage signs its delivery receipts with it; without it none are taken in. API settings.",
        optional=True,
    )
    sender: str = Field(
        title="Sender",
        description="A number of your account, or a name of up to 11 letters and digits where the country allows it.",
        pattern=r"^(\+?[1-9]\d{6,14}|[A-Za-z0-9 ]{1,11})$",
    )
    to: Annotated[list[Number], AfterValidator(once)] = recipients()
    max_segments: int = most_segments()
    server: Url = server("https://rest.nexmo.com/", "Vonage's SMS API.")
