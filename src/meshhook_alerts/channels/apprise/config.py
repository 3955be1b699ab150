"""What a user sets for a channel by Apprise; the form is drawn from this."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

_SCHEME = re.compile(r"([a-z][a-z0-9]{1,30})://\S+", re.IGNORECASE)
_OURS = {
    "mailto": "email", "mailtos": "email", "slack": "slack or slack_bot", "discord": "discord", "tgram": "telegram",
    "pagerduty": "pagerduty", "opsgenie": "opsgenie", "twilio": "sms_twilio", "vonage": "sms_vonage",
    "nexmo": "sms_vonage", "workflow": "teams", "workflows": "teams", "msteams": "teams",
}  # fmt: skip
_OF_THIS_MACHINE = frozenset(
    {
        "dbus",
        "glib",
        "kde",
        "qt",
        "gnome",
        "macosx",
        "windows",
        "syslog",
        "growl",
        "gntp",
        "rsyslog",
        "file",
    }
)


def _an_address(text: str) -> str:
    text = text.strip()
    found = _SCHEME.fullmatch(text)
    if found is None:
        raise ValueError("An Apprise address has the form service://…, one only")
    scheme = found[1].lower()
    if scheme in _OF_THIS_MACHINE:
        raise ValueError(
            f"{scheme} would speak to the machine the alerts are sent from, not to you"
        )
    if scheme in _OURS:
        raise ValueError(
            f"Use the kind {_OURS[scheme]}: it does more, and says more when something is wrong"
        )
    if re.search(r"[?&]verify=(no|false|0|off)\b", text, re.IGNORECASE):
        raise ValueError("verify=no would send to whoever answers; certificates are checked")
    return text


class AppriseConfig(BaseModel):
    """Where the messages go, in Apprise's own form."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, title="Apprise")

    url: Annotated[str, AfterValidator(_an_address)] = Field(
        title="Apprise address",
        description="As Apprise's page on the service shows it. It holds the secrets, and is one as a whole.",
        examples=["matrixs://token@matrix.example.com/%21room"],
        max_length=2_048,
        repr=False,
        json_schema_extra={"secret": True},
    )
